"""The timers of a stack's backups and drills: units of systemd, the program that they start, and its settings.

Place in the pipeline: target, by the role ``backup``. The files are written completely or not at all.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ansible_collections.slipway.stack.plugins.module_utils.backup import continuous
from ansible_collections.slipway.stack.plugins.module_utils.backup.repository import environment_folder
from ansible_collections.slipway.stack.plugins.module_utils.backup.settings import Settings
from ansible_collections.slipway.stack.plugins.module_utils.state import systemd
from ansible_collections.slipway.stack.plugins.module_utils.state.layout import Home, write_bytes, write_text
from ansible_collections.slipway.stack.plugins.module_utils.state.systemd import Run

#: Fewest seconds between two times that something is sent. To open a repository takes some.
_SHORTEST = 30

_SERVICE = """\
# Written by the role slipway.stack.backup.
[Unit]
Description={description}
After=docker.service
Requires=docker.service

[Service]
Type=oneshot
ExecStart=/usr/bin/python3 {program} {home} {verb}
Nice=10
IOSchedulingClass=idle
"""
_TIMER = """\
# Written by the role slipway.stack.backup.
[Unit]
Description={description}

[Timer]
{when}AccuracySec=1s
RandomizedDelaySec={delay}

[Install]
WantedBy=timers.target
"""
_AT_TIMES = """\
OnCalendar={calendar}
# A server that was off at that time makes up for it when it is on again.
Persistent=true
"""
_EVERY = """\
OnActiveSec={seconds}
OnUnitInactiveSec={seconds}
"""


class ScheduleError(systemd.SystemdError):
    """The schedule cannot be set. The message is one sentence."""


@dataclass(frozen=True)
class Schedule:
    """When and how. A calendar is in systemd's notation, empty for never. ``delay``: at most so many seconds later.

    ``environment``: the variables that restic needs for the repository.
    """

    backup: str
    drill: str
    delay: int
    settings: Settings
    environment: Mapping[str, str]


def apply(home: Home, stack: str, schedule: Schedule, program: bytes, run: Run, dry_run: bool) -> list[str]:
    """Write what differs, enable and disable the timers, and return what was changed.

    :param program: the program that the units start, as the controller has packed it.
    :raises SystemdError: if systemd does not understand a calendar, or refuses a timer.
    """
    for option, calendar in (("backup_schedule", schedule.backup), ("backup_drill_schedule", schedule.drill)):
        if calendar:
            _check(option, calendar, run)
    every = schedule.settings.continuous_send_every
    if every and every < _SHORTEST:
        raise ScheduleError(f"backup_continuous_send_every: {every} is neither 0 nor at least {_SHORTEST} seconds")
    changed = _write_own(home, schedule, program, dry_run) + _write_environment(home, schedule.environment, dry_run)
    texts = {}
    for verb, word, description, when in _works(home, schedule):
        unit, title = f"slipway-{word}-{stack}", f"{description} of the stack {stack}"
        names = {"description": title, "home": home.path, "program": program_of(home), "verb": verb}
        texts[f"{unit}.service"] = _SERVICE.format(**names)
        # What is sent every few minutes need not be late on purpose.
        delay = 0 if verb == "send" else schedule.delay
        texts[f"{unit}.timer"] = _TIMER.format(description=title, when=when, delay=delay) if when else ""
    return [*changed, *systemd.apply(texts, run, dry_run)]


def _works(home: Home, schedule: Schedule) -> list[tuple[str, str, str, str]]:
    """Return verb, word in the names of units, title and time of each work; the time is empty for never."""
    given = schedule.settings
    every = given.continuous_send_every if given.repository and continuous.wanted(home) else 0
    take, drill = (_AT_TIMES.format(calendar=at) if at else "" for at in (schedule.backup, schedule.drill))
    return [
        ("take", "backup", "Backup", take),
        ("drill", "drill", "Drill", drill),
        ("send", "wal-send", "WAL to the repository", _EVERY.format(seconds=every) if every else ""),
    ]


def _write_own(home: Home, schedule: Schedule, program: bytes, dry_run: bool) -> list[str]:
    """Write the program and its settings, and return those that differ."""
    text = schedule.settings.text()
    changed = [home.backup_settings.name] if _differs(home.backup_settings, text) else []
    path = program_of(home)
    if not path.is_file() or path.read_bytes() != program:
        changed.append(path.name)
    if changed and not dry_run:
        home.make_directories()
        write_text(home.backup_settings, text, 0o600)
        write_bytes(path, program, 0o600)
    return changed


def _write_environment(home: Home, environment: Mapping[str, str], dry_run: bool) -> list[str]:
    """Write a file for each variable, remove the others, and return the names of those that differ."""
    folder = environment_folder(home)
    stale = [path.name for path in folder.iterdir() if path.name not in environment] if folder.is_dir() else []
    changed = [name for name, value in environment.items() if _differs(folder / name, value)]
    if not dry_run:
        for name in changed:
            write_text(folder / name, environment[name], 0o600)
        if environment:
            folder.chmod(0o700)
        for name in stale:
            (folder / name).unlink()
    return [*changed, *stale]


def program_of(home: Home) -> Path:
    """Return the program that the units start."""
    return home.state / "backup.pyz"


def _differs(path: Path, text: str) -> bool:
    """Return whether a file has another text. An empty text is that of a file that does not exist."""
    return (path.read_text(encoding="utf-8") if path.is_file() else "") != text


def _check(option: str, calendar: str, run: Run) -> None:
    code, _out, err = run(["systemd-analyze", "calendar", "--iterations=1", calendar])
    if code != 0:
        said = err.strip().splitlines()[-1:] or ["no reason given"]
        raise ScheduleError(
            f"{option}: {calendar!r} is no calendar of systemd, such as '*-*-* 03:15:00': {said[0]} (systemd.time(7))"
        )

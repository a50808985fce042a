"""The units of a stack's monitoring: a timer, and paths that systemd watches; their program, and its settings.

Place in the pipeline: target, by the role ``monitoring``. Nothing in a rollout starts the program: systemd sees that
the rollout has written to its files. So it cannot delay a rollout or fail it.
"""

from __future__ import annotations

import contextlib
import os
import shutil
from pathlib import Path

from ansible_collections.slipway.stack.plugins.module_utils.monitoring import delivery, metrics_file, settings
from ansible_collections.slipway.stack.plugins.module_utils.monitoring.receivers import Receiver
from ansible_collections.slipway.stack.plugins.module_utils.monitoring.settings import Settings
from ansible_collections.slipway.stack.plugins.module_utils.state import systemd
from ansible_collections.slipway.stack.plugins.module_utils.state.layout import Home, write_bytes
from ansible_collections.slipway.stack.plugins.module_utils.state.systemd import Run, SystemdError

_HEAD = """\
# Written by the role slipway.stack.monitoring.
[Unit]
Description={description}
"""
# Without Requires: the metrics also say that the engine does not run.
_MEASURE = f"""{_HEAD}\
After=docker.service
StartLimitIntervalSec=0

[Service]
Type=oneshot
ExecStart=/usr/bin/python3 {{program}} {{home}} measure
TimeoutStartSec=2min
Nice=10
IOSchedulingClass=idle
"""
_TIMER = f"""{_HEAD}
[Timer]
OnActiveSec=1
OnUnitInactiveSec={{every}}
AccuracySec=1s

[Install]
WantedBy=timers.target
"""
#: A rollout ends with a line in the audit, whatever its outcome.
_PATH = f"""{_HEAD}
[Path]
PathChanged={{home}}/state/audit.jsonl
PathChanged={{home}}/state/drain.json
PathChanged={{home}}/state/maintenance.json

[Install]
WantedBy=paths.target
"""

#: If events cannot be removed, systemd would start the program again and again. A deploy makes it try anew.
_NOTIFY = f"""{_HEAD}\
StartLimitIntervalSec=30
StartLimitBurst=50

[Service]
Type=oneshot
ExecStart=/usr/bin/python3 {{program}} {{home}} notify
TimeoutStartSec=15min
Nice=10
"""
_EVENTS = f"""{_HEAD}
[Path]
DirectoryNotEmpty={{home}}/state/events

[Install]
WantedBy=paths.target
"""


def apply(home: Home, stack: str, wanted: Settings, program: bytes, run: Run, dry_run: bool) -> list[str]:
    """Write what differs, start and stop the units, and return what was changed.

    :param program: the program that the units start, as the controller has packed it.
    :raises SystemdError: for a directory or a program that does not exist, before anything changes; and if systemd
        refuses a unit.
    """
    directory = wanted.metrics_directory
    if directory and (reason := metrics_file.problem(directory)):
        raise SystemdError(reason)
    for receiver in wanted.receivers:
        _check(receiver)
    before = settings.read(home).value or Settings()
    changed = _write_own(home, wanted, program, dry_run)
    changed += _open_events(home, bool(wanted.receivers), dry_run)
    unit, title = f"slipway-metrics-{stack}", f"Metrics of the stack {stack}"
    names = {"description": title, "home": home.path, "program": program_of(home), "every": wanted.metrics_every}
    texts = {".service": _MEASURE, ".timer": _TIMER, ".path": _PATH}
    units = {f"{unit}{kind}": text.format(**names) if directory else "" for kind, text in texts.items()}
    unit, names["description"] = f"slipway-notify-{stack}", f"Notifications of the stack {stack}"
    texts = {".service": _NOTIFY, ".path": _EVENTS}
    units |= {f"{unit}{kind}": text.format(**names) if wanted.receivers else "" for kind, text in texts.items()}
    if before.receivers and not wanted.receivers and not dry_run:
        # Nobody wants to be told any more, also of what is being sent.
        systemd.systemctl(run, "stop", f"{unit}.service")
    changed += systemd.apply(units, run, dry_run)
    if before.metrics_directory and before.metrics_directory != directory:
        changed += _remove(metrics_file.path_of(before.metrics_directory, stack), dry_run)
    return changed


def _check(receiver: Receiver) -> None:
    """Check that the program of a receiver is here. :raises SystemdError: if it is not."""
    program = delivery.SENDMAIL if receiver.sort == "mail" else receiver.target.split()[0]
    if receiver.sort == "webhook" or os.access(program, os.X_OK):
        return
    remedy = "install a mail server, such as msmtp-mta" if receiver.sort == "mail" else "correct its path"
    raise SystemdError(f"monitoring_receivers, {receiver.label}: {program} is no program of this host; {remedy}")


def program_of(home: Home) -> Path:
    """Return the program that the units start."""
    return home.state / "monitoring.pyz"


def _write_own(home: Home, wanted: Settings, program: bytes, dry_run: bool) -> list[str]:
    """Write the settings and the program, and return those that differ."""
    files = {home.monitoring: wanted.text().encode(), program_of(home): program}
    if wanted == Settings(metrics_every=wanted.metrics_every) and not home.monitoring.is_file():
        return []
    changed = [path for path, content in files.items() if not path.is_file() or path.read_bytes() != content]
    if changed and not dry_run:
        home.make_directories()
        for path in changed:
            write_bytes(path, files[path], 0o600)
    return [path.name for path in changed]


def _open_events(home: Home, wanted: bool, dry_run: bool) -> list[str]:
    """Make or remove the directory in which events wait, and return what was changed. Its events are forgotten."""
    if home.events.is_dir() == wanted:
        return []
    if not dry_run:
        if wanted:
            home.events.mkdir(mode=0o700)
        else:
            shutil.rmtree(home.events)
    return [home.events.name]


def _remove(path: Path, dry_run: bool) -> list[str]:
    """Remove metrics that nobody writes any more: an alert would call them outdated."""
    if not path.is_file():
        return []
    if not dry_run:
        with contextlib.suppress(OSError):
            path.unlink()
    return [path.name]

"""The units of systemd that receive the WAL of each service that is saved continuously.

Place in the pipeline: target, by the role ``backup``. A unit outlives deploys: its program finds the container that the
service has now (:mod:`continuous`).
"""

from __future__ import annotations

from pathlib import Path

from ansible_collections.slipway.stack.plugins.module_utils.backup import continuous, schedule
from ansible_collections.slipway.stack.plugins.module_utils.state import foreign_file, systemd
from ansible_collections.slipway.stack.plugins.module_utils.state.foreign_file import ForeignFileError
from ansible_collections.slipway.stack.plugins.module_utils.state.layout import Home, write_text
from ansible_collections.slipway.stack.plugins.module_utils.state.systemd import Run

#: Largest size of a unit that is read, in bytes.
_MAX_SIZE = 64 * 1024
# It ends with 1 when the server stops, and with 0 when no release wants it any more. Not Requires=docker.service: what
# that stops is not started again with the engine.
_UNIT = """\
# Written by the role slipway.stack.backup.
[Unit]
Description=WAL of the service {service} of the stack {stack}
After=docker.service
Wants=docker.service
StartLimitIntervalSec=0

[Service]
ExecStart=/usr/bin/python3 {program} {home} receive {service}
Restart=on-failure
RestartSec=5
Nice=5

[Install]
WantedBy=multi-user.target
"""


def apply(home: Home, stack: str, is_new_program: bool, run: Run, dry_run: bool) -> list[str]:
    """Write, start and remove the units, and return the names of those that were changed.

    :param is_new_program: whether the program that the units run was just replaced.
    :raises SystemdError: if systemd refuses one.
    """
    wanted = {
        f"slipway-wal-{stack}-{service}.service": _UNIT.format(
            service=service, stack=stack, program=schedule.program_of(home), home=home.path
        )
        for service in continuous.wanted(home)
    }
    present = _present(home, stack)
    stale = [name for name in present if name not in wanted]
    written = [name for name, text in wanted.items() if present.get(name) != text]
    off = [name for name in wanted if run(["systemctl", "is-active", "--quiet", name])[0] != 0]
    started = [name for name in wanted if name in written or name in off or is_new_program]
    if not dry_run:
        if stale:
            systemd.systemctl(run, "disable", "--now", *stale)
        for name in stale:
            (systemd.UNITS / name).unlink()
        for name in written:
            write_text(systemd.UNITS / name, wanted[name])
        if stale or written:
            systemd.systemctl(run, "daemon-reload")
        if started:
            systemd.systemctl(run, "enable", *started)
            systemd.systemctl(run, "restart", *started)
    return [*stale, *dict.fromkeys([*written, *off])]


def _present(home: Home, stack: str) -> dict[str, str]:
    """Return the units of this stack by name. The name of another stack can begin with the name of this one."""
    found = {}
    for path in sorted(Path(systemd.UNITS).glob(f"slipway-wal-{stack}-*.service")):
        try:
            text = foreign_file.read_text(path.parent, path.name, _MAX_SIZE)
        except ForeignFileError:
            continue
        if f" {home.path} receive " in text:
            found[path.name] = text
    return found

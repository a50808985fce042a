"""The timer that renews a certificate, and the program that it and certbot's hook start.

Place in the pipeline: target, by the role ``certificates``.
"""

from __future__ import annotations

from ansible_collections.slipway.stack.plugins.module_utils.certificates import work
from ansible_collections.slipway.stack.plugins.module_utils.state import systemd
from ansible_collections.slipway.stack.plugins.module_utils.state.layout import Home, write_bytes
from ansible_collections.slipway.stack.plugins.module_utils.state.systemd import Run

_SERVICE = """\
# Written by the role slipway.stack.certificates.
[Unit]
Description=Certificate of the stack {stack}
After=docker.service network-online.target
Wants=network-online.target

[Service]
Type=oneshot
ExecStart=/usr/bin/python3 {program} {home} renew
TimeoutStartSec=2h
"""
_TIMER = """\
# Written by the role slipway.stack.certificates.
[Unit]
Description=Certificate of the stack {stack}

[Timer]
# Authorities ask for two tries a day, and not all at once.
OnCalendar=*-*-* 00,12:00:00
RandomizedDelaySec=6h
Persistent=true

[Install]
WantedBy=timers.target
"""


def apply(home: Home, stack: str, source: str, program: bytes, run: Run, dry_run: bool) -> list[str]:
    """Write what differs, and return the names of it. A certificate from the inventory has no timer.

    :param source: see ``certificate_files.About``; empty without HTTPS. :param program: as the controller packs it.
    :raises SystemdError: if systemd refuses the timer.
    """
    path = work.program_of(home)
    is_renewed = source in ("acme", "internal")
    changed = [path.name] if is_renewed and (not path.is_file() or path.read_bytes() != program) else []
    if changed and not dry_run:
        home.make_directories()
        write_bytes(path, program, 0o600)
    names = {"stack": stack, "home": home.path, "program": path}
    unit = f"slipway-certificate-{stack}"
    texts = {f"{unit}.service": _SERVICE.format(**names), f"{unit}.timer": _TIMER.format(**names)}
    return [*changed, *systemd.apply({name: text if is_renewed else "" for name, text in texts.items()}, run, dry_run)]

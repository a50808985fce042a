"""The program that certbot's hooks and the timer of a certificate start, without a controller.

Place in the pipeline: target (:mod:`units` writes the timer and ``state/certificates.pyz``, this package as one file).
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from ansible_collections.slipway.stack.plugins.module_utils.certificates import challenges, work
from ansible_collections.slipway.stack.plugins.module_utils.edge import certificate_files
from ansible_collections.slipway.stack.plugins.module_utils.engine.docker import DockerError
from ansible_collections.slipway.stack.plugins.module_utils.state import events
from ansible_collections.slipway.stack.plugins.module_utils.state.events import Event
from ansible_collections.slipway.stack.plugins.module_utils.state.journal import RolloutFailed
from ansible_collections.slipway.stack.plugins.module_utils.state.known_secrets import masking
from ansible_collections.slipway.stack.plugins.module_utils.state.layout import Home
from ansible_collections.slipway.stack.plugins.module_utils.state.lease import LeaseHeld

#: Seconds to wait for a rollout that is under way.
_PATIENCE = 3600.0


def main(arguments: list[str] | None = None) -> int:
    """Do the work in the foreground. :return: the exit code, 1 if it failed. Standard error then says why."""
    parser = argparse.ArgumentParser(description="Renew the certificate of a stack, or install it.")
    parser.add_argument("home", type=Path, help="directory of the stack, such as /opt/stacks/shop")
    parser.add_argument("verb", choices=("renew", "install", "begin", "end"))
    given = parser.parse_args(arguments)
    home = Home(str(given.home))
    try:
        if given.verb == "renew":
            before = certificate_files.current(home)
            work.renew_live(home, "timer", _PATIENCE)
            if certificate_files.current(home) != before:
                events.tell(home, Event("certificate_renewed", owner="timer"))
        elif given.verb == "install":
            work.install_issued(home, "certbot", _PATIENCE)
        else:
            _answer(home, given.verb == "begin")
    except (RolloutFailed, DockerError, LeaseHeld, OSError) as error:
        if given.verb == "renew":
            events.tell(home, Event("certificate_failed", owner="timer", reason=masking(home)(str(error))))
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


def _answer(home: Home, is_beginning: bool) -> None:
    manifest = home.manifest(home.current_id())
    if manifest is None:
        raise RolloutFailed("no release is live on this host")
    if is_beginning:
        challenges.begin(home, manifest)
    else:
        challenges.end(str(manifest["stack"]))

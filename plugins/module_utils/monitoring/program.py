"""The program that the units of a stack's monitoring start, without a controller.

Place in the pipeline: target, started by systemd (:mod:`units` writes the units and ``state/monitoring.pyz``, which is
this package as one file).
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from ansible_collections.slipway.stack.plugins.module_utils.monitoring import metrics_file, notifying, settings
from ansible_collections.slipway.stack.plugins.module_utils.monitoring.receivers import Receiver
from ansible_collections.slipway.stack.plugins.module_utils.state.layout import Home


def main(arguments: list[str] | None = None) -> int:
    """Do the work in the foreground. :return: the exit code, 1 if it failed. Standard error then says why."""
    parser = argparse.ArgumentParser(description="Write the metrics of a stack, or send what has happened.")
    parser.add_argument("home", type=Path, help="directory of the stack, such as /opt/stacks/shop")
    parser.add_argument("verb", choices=("measure", "notify"))
    given = parser.parse_args(arguments)
    home = Home(str(given.home))
    found = settings.read(home)
    if found.value is None:
        return _failed(found.problem or f"{home.monitoring} does not exist; run playbooks/monitoring.yml")
    if given.verb == "notify":
        return _notify(home, found.value.receivers)
    return _measure(home, found.value.metrics_directory)


def _notify(home: Home, receivers: Sequence[Receiver]) -> int:
    try:
        notifying.notify(home, receivers)
    except OSError as error:
        return _failed(f"{home.events}: events cannot be sent: {error.strerror or error}")
    return 0


def _measure(home: Home, directory: str) -> int:
    if reason := metrics_file.problem(directory):
        return _failed(reason)
    try:
        metrics_file.write(home, directory)
    except OSError as error:
        return _failed(f"{directory}: the metrics cannot be written: {error.strerror or error}")
    return 0


def _failed(reason: str) -> int:
    sys.stderr.write(f"{reason}\n")
    return 1

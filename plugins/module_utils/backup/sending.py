"""WAL to the repository every few minutes, for a host that is lost; and up to which moment the repository has it.

Place in the pipeline: target, started by a timer, and after a backup. It holds no lease: files of WAL that have ended
never change. ``state/sent.json`` says how the last try ended.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from ansible_collections.slipway.stack.plugins.module_utils.backup import (
    base_backups,
    chains,
    containers,
    continuous,
    continuous_repository,
    live_release,
    moments,
    repository,
)
from ansible_collections.slipway.stack.plugins.module_utils.backup.repository import Repository
from ansible_collections.slipway.stack.plugins.module_utils.engine.docker import DockerError
from ansible_collections.slipway.stack.plugins.module_utils.state import state_file
from ansible_collections.slipway.stack.plugins.module_utils.state.journal import RolloutFailed
from ansible_collections.slipway.stack.plugins.module_utils.state.layout import Home, write_text
from ansible_collections.slipway.stack.plugins.module_utils.state.state_file import Reading

_FIELDS: Mapping[str, state_file.Types] = {"until": (int, float), "problem": str}


@dataclass(frozen=True)
class Sent:
    """``until``: the moment up to which the repository has all WAL, in seconds of the epoch; 0 if it has none.

    ``problem``: why the last try failed, empty if it did not.
    """

    until: float
    problem: str


def send(home: Home, remote: Repository, timeout: float) -> None:
    """End the files of WAL of this moment, send what the repository does not have, and note how that ended.

    What can be sent is sent, whatever is wrong with a service.

    :param timeout: seconds that sending may take.
    :raises RolloutFailed: if something is not sent.
    """
    before = read(home).value
    until = before.until if before else 0.0
    moment, failures = _end_all(home)
    try:
        continuous_repository.send(home, remote, timeout)
        until = max(until, moment)
    except RolloutFailed as error:
        failures.append(str(error))
    problem = "; ".join(failures)
    write_text(_path(home), json.dumps({"format": state_file.FORMAT, **asdict(Sent(until, problem))}) + "\n", 0o600)
    if problem:
        raise RolloutFailed(
            f"WAL is in the repository until {moments.show(until) if until else 'no moment'}: {problem}"
        )


def send_by_timer(home: Home, timeout: float) -> None:
    """Do the same for the timer. Before the first base backup, there is nothing to send.

    :raises RolloutFailed: if something is not sent, or the settings are damaged.
    """
    remote = repository.of(home)
    if remote and any(chain.bases() for name in continuous.wanted(home) for chain in chains.of_service(home, name)):
        repository.prepare(remote.restic)
        send(home, remote, timeout)


def read(home: Home) -> Reading[Sent]:
    """Return how the last try ended. Without a value and a problem, there was none."""
    found = state_file.read(_path(home), _FIELDS, "It is written anew when WAL is sent")
    if found.value is None:
        return Reading(problem=found.problem)
    return Reading(Sent(found.value["until"], found.value["problem"]))


def _end_all(home: Home) -> tuple[float, list[str]]:
    """Return up to which moment the WAL of all services is on this host, and a sentence for each that is late."""
    manifest = live_release.manifest(home)
    moment, failures = time.time(), []
    for service, scripts in continuous.wanted(home).items():
        present = chains.of_service(home, service)
        if not present:
            failures.append(f"service '{service}': no WAL was received yet")
            continue
        try:
            container = containers.running(manifest["stack"], service)
            _moment, has_arrived = continuous.end(container, scripts, service, present[-1])
            if has_arrived:
                continue
            failures.append(f"service '{service}': its WAL is not received; {base_backups.receiver(manifest, service)}")
        except (RolloutFailed, DockerError) as error:
            failures.append(str(error))
        moment = min(moment, present[-1].received_at())
    return moment, failures


def _path(home: Home) -> Path:
    return home.state / "sent.json"

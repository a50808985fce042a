"""The way back from a rollout that is not proven: the previous release serves again, what was made is removed.

Place in the pipeline: target; the undo of prepare and switch, safe to repeat.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.slipway.stack.plugins.module_utils import docker, edge, proxies, replicas
from ansible_collections.slipway.stack.plugins.module_utils.docker import Container, DockerError
from ansible_collections.slipway.stack.plugins.module_utils.journal import Journal
from ansible_collections.slipway.stack.plugins.module_utils.layout import Home
from ansible_collections.slipway.stack.plugins.module_utils.plan import REPLACING, manner
from ansible_collections.slipway.stack.plugins.module_utils.published import EdgeError, edge_of
from ansible_collections.slipway.stack.plugins.module_utils.running import RolloutFailed, Running
from ansible_collections.slipway.stack.plugins.module_utils.transaction import Transaction


def take_back(home: Home, tx: Transaction, running: Running, journal: Journal) -> str:
    """Undo the rollout *tx* as far as it came, and return a sentence on what serves now."""
    previous = home.manifest(tx.previous)
    journal.write("take back", "started", "taking the new release back")
    try:
        # A release job that was killed leaves its container behind.
        replicas.remove([container.id for container in running.one_off()])
        made = _made(tx, home.manifest(tx.release), running)
        if previous is None:
            _away([container.id for container in made], journal)
        else:
            _restore(home, tx, previous, running, made, journal)
    except (RolloutFailed, DockerError, EdgeError) as error:
        return f"Release {tx.previous} could not be put back either: {error}"
    home.transaction.unlink(missing_ok=True)
    if previous is None:
        return "There was no release before; its containers were removed, data was kept"
    return f"Release {tx.previous} serves on"


def _away(ids: list[str], journal: Journal) -> None:
    with journal.part("take back", "stop"):
        replicas.stop(ids)
        replicas.remove(ids)


def _made(tx: Transaction, manifest: Mapping[str, Any] | None, running: Running) -> list[Container]:
    """Return the containers that the rollout made.

    Those of data services and of commands that run once are left out where there were others before: Compose replaced
    them in place.
    """
    services = manifest["services"] if manifest else {}
    return [
        container
        for name, group in running.look().items()
        for container in group
        if name in services
        and not tx.is_old(name, container.id)
        and (services[name]["class"] not in ("stateful", "oneshot") or not tx.old.get(name))
    ]


def _restore(
    home: Home,
    tx: Transaction,
    previous: Mapping[str, Any],
    running: Running,
    made: list[Container],
    journal: Journal,
) -> None:
    """Bring the edge and the containers of the previous release back to what they were."""
    services = previous["services"]
    in_place = [
        name for name, facts in services.items() if tx.plan.get(name) in REPLACING and manner(facts) == "in place"
    ]
    if in_place:
        with journal.part("take back", "start"):
            docker.run(replicas.up_arguments(in_place), cwd=str(home.release(str(tx.previous))))
    # Before the switch the edge knows nothing of the new release.
    if edge_of(previous) and tx.edge_before and tx.phase == "switching":
        _restore_edge(home, tx, previous, running, made, journal)
    there = {one.id for group in running.look().values() for one in group}
    _away([one.id for one in made if one.service not in in_place and one.id in there], journal)
    stopped = [
        container.id
        for name, group in running.look().items()
        for container in group
        if container.state != "running"
        and tx.is_old(name, container.id)
        and services.get(name, {}).get("replicas")
        and manner(services[name]) != "run"
    ]
    with journal.part("take back", "start"):
        replicas.start(stopped)
        # What runs once is not undone, and not done again.
        running.wait({name: facts for name, facts in services.items() if manner(facts) != "run"}, "take back")
    proxies.refresh(services, running, journal, "take back")


def _restore_edge(
    home: Home,
    tx: Transaction,
    previous: Mapping[str, Any],
    running: Running,
    made: list[Container],
    journal: Journal,
) -> None:
    """Have the edge of the previous release answer with the configuration that it had."""
    name = str(edge_of(previous))
    before = str(tx.edge_before)
    action = tx.plan.get(name)
    if action == "roll":
        both = running.up(name)
        edge.proxy(previous).open_port(previous, both, [one for one in both if tx.is_old(name, one.id)])
        with journal.part("take back", "stop", name):
            # It would go on answering through the port that both have.
            replicas.stop([container.id for container in made if container.service == name])
    elif action not in ("reload", "unchanged"):
        new = running.look(lambda one: not tx.is_old(one.service, one.id))
        edge.replace(home, home.manifest(tx.release), previous, tx.plan, new, running, before, journal)
    containers = running.up(name)
    edge.exchange(home, previous, containers, running.names(), before, journal)
    edge.drain(home, previous, containers, journal)

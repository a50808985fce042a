"""A stack whose services the Swarm runs: a release, a broken one, a rollback, and a node that is drained."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from tests.support.stacks import Stack, Visitor, wait_until

Playbook = Callable[..., Any]


def _services(nodes: Any) -> dict[str, str]:
    """Return the replicas of the services of the Swarm, such as ``2/2``, by name without the release."""
    listed = nodes.run("swarm1", "docker service ls --format '{{.Name}} {{.Replicas}}'")
    pairs = [line.split() for line in listed.splitlines()]
    result = {name.rpartition("-")[0]: count for name, count, *_ in pairs}
    assert len(result) == len(pairs), listed
    return result


def _versions(stacks: dict[str, Stack]) -> set[str]:
    return {stacks[name].get("/version").body for name in ("swarm1", "swarm2") for _ in range(4)}


@contextmanager
def _visitors(stacks: dict[str, Stack]) -> Iterator[list[Visitor]]:
    with ExitStack() as entered:
        found = [
            entered.enter_context(Visitor(stacks[name], path, pause=0.02))
            for name in ("swarm1", "swarm2")
            for path in ("/version", "/visits")
        ]
        yield found


def _failed(visitors: list[Visitor]) -> list[Any]:
    assert all(one.count > 50 for one in visitors)
    return [one.seen for one in visitors if one.failed]


def test_a_first_release(stacks: dict[str, Stack], nodes: Any, playbook: Playbook) -> None:
    run = playbook("deploy")
    assert run.code == 0, run.output
    assert _versions(stacks) == {"spread 1"}
    assert _services(nodes) == {"mesh_backend": "2/2", "mesh_ticker": "1/1"}
    # All tasks have the Redis of the third server, and one secret.
    assert [stacks[name].get("/visits").body for name in ("swarm1", "swarm2") * 2] == ["1", "2", "3", "4"]
    assert len({stacks[name].get("/key").body for name in ("swarm1", "swarm2") * 4}) == 1


def test_a_second_run_changes_nothing(playbook: Playbook) -> None:
    run = playbook("deploy")
    assert run.code == 0, run.output
    assert run.changed == 0, run.output


def test_a_release_loses_no_request(stacks: dict[str, Stack], nodes: Any, playbook: Playbook) -> None:
    with _visitors(stacks) as visitors:
        run = playbook("deploy", mesh_version="2")
    assert run.code == 0, run.output
    assert _failed(visitors) == []
    assert _versions(stacks) == {"spread 2"}
    assert _services(nodes) == {"mesh_backend": "2/2", "mesh_ticker": "1/1"}


def test_a_broken_release_is_reverted(stacks: dict[str, Stack], nodes: Any, playbook: Playbook) -> None:
    before = nodes.run("swarm1", "docker service ls --quiet")
    with _visitors(stacks) as visitors:
        run = playbook("deploy", mesh_version="3", mesh_unhealthy=True)
    assert run.code != 0
    assert "service 'backend'" in run.output
    assert _failed(visitors) == []
    assert _versions(stacks) == {"spread 2"}
    assert sorted(nodes.run("swarm1", "docker service ls --quiet").split()) == sorted(before.split())


def test_a_rollback(stacks: dict[str, Stack], playbook: Playbook) -> None:
    with _visitors(stacks) as visitors:
        run = playbook("rollback")
    assert run.code == 0, run.output
    assert _failed(visitors) == []
    assert _versions(stacks) == {"spread 1"}


def test_tasks_of_a_drained_node_move_without_a_failed_request(
    stacks: dict[str, Stack], nodes: Any, playbook: Playbook
) -> None:
    listed = "sh -c 'docker service ps --filter desired-state=running --format {{.Node}} $(docker service ls -q)'"
    with _visitors(stacks) as visitors:
        nodes.run("swarm1", "docker node update --availability drain swarm2")
        wait_until(lambda: "swarm2" not in nodes.run("swarm1", listed), 60)
        wait_until(lambda: _services(nodes) == {"mesh_backend": "2/2", "mesh_ticker": "1/1"}, 60)
        time.sleep(5)
    nodes.run("swarm1", "docker node update --availability active swarm2")
    assert _failed(visitors) == []
    run = playbook("verify")
    assert run.code == 0, run.output

"""Services on some hosts only: who has what, who reaches whom, and a release that goes over all of them."""

from __future__ import annotations

import socket
from collections.abc import Callable
from typing import Any

import pytest

from tests.support.stacks import Stack, Visitor, on_each_server

Playbook = Callable[..., Any]


@pytest.fixture(scope="session")
def stacks() -> dict[str, Stack]:
    return on_each_server("spread", 8423)


@pytest.fixture(scope="session")
def apps(stacks: dict[str, Stack]) -> list[Stack]:
    return [stacks["place1"], stacks["place2"]]


def _services(stack: Stack) -> set[str]:
    listed = stack.host.check_output("docker ps --format '{{.Label \"com.docker.compose.service\"}}'")
    return set(listed.split())


def _versions(apps: list[Stack]) -> list[str]:
    return [stack.get("/version").body for stack in apps]


def test_each_host_has_its_services(stacks: dict[str, Stack], apps: list[Stack]) -> None:
    assert _services(stacks["place3"]) == {"db", "redis"}
    for stack in apps:
        assert _services(stack) == {"backend", "reader", "edge", "edge-pod"}
    assert len({stack.live() for stack in stacks.values()}) == 1


def test_all_hosts_share_data_and_secrets(apps: list[Stack]) -> None:
    assert [stack.get("/visits").body for stack in [*apps, *apps]] == ["1", "2", "3", "4"]
    assert len({stack.get("/key").body for stack in apps}) == 1


def test_a_secret_is_generated_where_it_belongs(stacks: dict[str, Stack]) -> None:
    generated = {
        name: set(stack.host.check_output("sudo ls %s/secrets/generated", stack.home).split())
        for name, stack in stacks.items()
        if stack.host.run("sudo test -d %s/secrets/generated", stack.home).succeeded
    }
    assert generated == {"place1": {"session_key"}, "place3": {"db_password", "redis_password"}}


def test_data_is_published_at_the_private_address_only(stacks: dict[str, Stack]) -> None:
    listening = stacks["place3"].host.check_output("ss --listening --tcp --numeric --no-header")
    published = [line.split()[3] for line in listening.splitlines() if line.split()[3].endswith((":5432", ":6379"))]
    assert sorted(published) == ["172.31.250.37:5432", "172.31.250.37:6379"]
    with socket.create_connection(("172.31.250.37", 6379), timeout=5) as connection:
        connection.sendall(b"PING\r\n")
        assert connection.recv(100).startswith(b"-NOAUTH")


def test_a_release_goes_over_all_hosts(stacks: dict[str, Stack], apps: list[Stack], playbook: Playbook) -> None:
    data = stacks["place3"]
    before = data.live(), data.containers()
    with Visitor(apps[0], "/x") as first, Visitor(apps[1], "/x") as second:
        run = playbook("deploy", spread_version="2")
    assert run.code == 0, run.output
    assert _versions(apps) == ["spread 2"] * 2
    # One database, one migration.
    assert apps[0].get("/anything").body == "1"
    jobs = [stack.host.check_output("sudo cat %s/state/journal.jsonl", stack.home) for stack in apps]
    assert [text.count('"step": "release", "part": "job"') > 0 for text in jobs] == [True, False]
    assert {status for status, *_ in first.seen | second.seen} == {200}
    assert (data.live(), data.containers()) == before


def test_all_hosts_revert_if_one_fails(apps: list[Stack], playbook: Playbook) -> None:
    before = [stack.live() for stack in apps]
    run = playbook("deploy", spread_version="3", spread_unhealthy="place2")
    assert run.code != 0
    assert "place2: service 'backend'" in run.output, run.output
    assert [stack.live() for stack in apps] == before
    assert _versions(apps) == ["spread 2"] * 2


def test_a_rollback_leaves_hosts_without_a_change_alone(
    stacks: dict[str, Stack], apps: list[Stack], playbook: Playbook
) -> None:
    data = stacks["place3"]
    before = data.live(), data.containers()
    run = playbook("rollback")
    assert run.code == 0, run.output
    assert _versions(apps) == ["spread 1"] * 2
    assert (data.live(), data.containers()) == before


def test_a_part_of_the_hosts_is_refused(playbook: Playbook) -> None:
    run = playbook("deploy", "--limit", "place1", spread_version="4")
    assert run.code != 0
    assert "the play leaves out place2, place3, and the services of this stack are spread over its hosts" in run.output


def test_data_is_not_left_behind(playbook: Playbook) -> None:
    run = playbook("deploy", "--check", stack_placement={"postgres": "data", "redis": "place1"})
    assert run.code != 0
    assert "service 'redis': its data is on this host, in volume redis-data, and it would be on place1" in run.output
    assert "service 'redis': it is at 172.31.250.37, and would be on this host" in run.output


def test_verify_names_what_is_not_reached(stacks: dict[str, Stack], playbook: Playbook) -> None:
    server = stacks["place3"].host
    server.check_output("docker stop spread-redis-1")
    run = playbook("verify", verify_timeout=1)
    server.check_output("docker start spread-redis-1")
    assert run.code != 0
    assert "service 'backend': cannot reach 'redis' at 172.31.250.37, port 6379: Connection refused" in run.output


def test_a_second_run_and_a_check_change_nothing(stacks: dict[str, Stack], playbook: Playbook) -> None:
    trees = [stack.tree() for stack in stacks.values()]
    run = playbook("deploy", "--check", spread_version="5")
    assert run.code == 0, run.output
    run = playbook("deploy")
    assert (run.code, run.changed) == (0, 0), run.output
    assert [stack.tree() for stack in stacks.values()] == trees


def test_verify_and_status_pass_on_every_host(playbook: Playbook) -> None:
    for name in ("verify", "status"):
        run = playbook(name)
        assert run.code == 0, run.output

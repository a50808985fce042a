"""What an operator does between two deploys, on servers with different shares of one stack."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from tests.support.long_form import ONLY_LONG
from tests.support.stacks import Stack, Visitor

Playbook = Callable[..., Any]

pytestmark = ONLY_LONG
_LINE = re.compile(r"\b(\d{4}-\d\d-\d\dT[\d:.]+Z) (place\d) (\S+) ")


def test_lines_of_all_hosts_are_merged_by_time(playbook: Playbook) -> None:
    run = playbook("logs", service="backend", since="5m", lines=50)
    assert (run.code, run.changed) == (0, 0), run.output
    found = _LINE.findall(run.output)
    assert {(host, service) for _, host, service in found} == {("place3", "backend"), ("place4", "backend")}
    times = [time for time, *_ in found]
    assert times == sorted(times)


def test_a_command_runs_on_one_of_the_hosts_that_have_the_service(playbook: Playbook) -> None:
    run = playbook("run", service="backend", command="sh -c 'echo at $REDIS_HOST; exit 4'")
    assert run.code != 0
    assert run.output.count(" at redis ") == 1, run.output
    assert run.output.count("failed=1 ") == 1, run.output


def test_a_restart_replaces_a_service_on_each_of_its_hosts(
    stacks: dict[str, Stack], edges: list[Stack], apps: list[Stack], playbook: Playbook
) -> None:
    before = {name: stack.containers() for name, stack in stacks.items()}
    with Visitor(edges[0], "/x", 0.02) as first, Visitor(edges[1], "/x", 0.02) as second:
        run = playbook("restart", service="backend")
    assert run.code == 0, run.output
    assert first.statuses | second.statuses == {200}
    for name, stack in stacks.items():
        assert (stack.containers() != before[name]) == (stack in apps), name


def test_data_stops_last_and_starts_first(stacks: dict[str, Stack], edges: list[Stack], playbook: Playbook) -> None:
    run = playbook("stop")
    assert run.code == 0, run.output
    assert run.output.index("stopping backend, reader") < run.output.index("stopping db, redis")
    assert {edge.get("/x").status for edge in edges} == {503}
    assert playbook("stop").changed == 0
    run = playbook("deploy")
    assert run.code != 0
    assert "has stopped this stack at" in run.output
    run = playbook("start")
    assert run.code == 0, run.output
    assert run.output.index("the data services are started") < run.output.index("backend 1 of 1 healthy")
    assert {edge.get("/x").status for edge in edges} == {200}
    assert playbook("start").changed == 0
    run = playbook("verify")
    assert run.code == 0, run.output


def test_a_canary_behind_edges_of_other_hosts(edges: list[Stack], apps: list[Stack], playbook: Playbook) -> None:
    canary = {"for": "15s", "weight": 25}
    with Visitor(edges[0], "/version", 0.02) as first, Visitor(edges[1], "/version", 0.02) as second:
        run = playbook("deploy", spread_version="30", deploy_canary=canary)
    assert run.code == 0, run.output
    assert run.output.count("25 % of the requests go to the new containers of backend for 15 s") == len(apps)
    assert first.statuses | second.statuses == {200}
    assert {edge.get("/version").body for edge in edges} == {"spread 30"}


def test_a_worse_release_is_reverted_on_all_hosts(edges: list[Stack], apps: list[Stack], playbook: Playbook) -> None:
    before = [app.live() for app in apps]
    canary = {"for": "60s", "weight": 25}
    with Visitor(edges[0], "/x", 0.02) as first, Visitor(edges[1], "/x", 0.02) as second:
        run = playbook("deploy", spread_version="faulty", deploy_canary=canary)
    assert run.code != 0
    assert [app.live() for app in apps] == before, run.output
    assert 0 < first.failed + second.failed < (first.count + second.count) / 10, run.output
    assert first.statuses | second.statuses == {200, 500}
    assert {edge.get("/version").body for edge in edges} == {"spread 30"}

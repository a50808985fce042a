"""Slow and greedy clients and a stopped engine cost nobody else an answer. The tests depend on their order."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.support import edge_loads
from tests.support.stacks import Stack, described, wait_until

Playbook = Callable[..., Any]

INVENTORY = Path(os.environ["MOLECULE_SCENARIO_DIRECTORY"]).parent / "stack"


def test_a_service_with_large_answers_is_deployed(playbook: Playbook) -> None:
    routes = [edge_loads.ROUTE, {"path": "/", "to": "page"}]
    services = described(INVENTORY, large=edge_loads.SERVICE, edge={"routes": routes, "max_body": "16m"})
    run = playbook("deploy", stack_services=services)
    assert run.code == 0, run.output


@pytest.mark.parametrize("load", edge_loads.LOADS)
def test_a_load_costs_only_those_who_make_it(kiosk: Stack, load: str) -> None:
    print(edge_loads.edge_survives(kiosk, load))


def test_the_edge_answers_while_the_engine_is_stopped(kiosk: Stack) -> None:
    # The service `page` logs each request, so it would wait for the engine itself after a while.
    print(edge_loads.edge_answers_without_the_engine(kiosk, "/large/hello"))


def test_a_process_that_lacked_memory_and_a_restart_are_reported(host: Any, kiosk: Stack, playbook: Playbook) -> None:
    (large,) = kiosk.containers("large")
    # The container keeps running: one process of it is killed.
    killed = host.run("docker exec %s python3 -c 'print(len(bytearray(400 * 1024 ** 2)))'", large)
    assert killed.rc == 137, killed
    for name in ("status", "verify"):
        run = playbook(name)
        assert run.code == 0, run.output
        assert "kiosk-large-1 used up its memory: a process was killed since it started" in run.output
    host.check_output("sudo kill -KILL $(docker inspect --format '{{.State.Pid}}' %s)", large)
    wait_until(lambda: "healthy" in host.check_output("docker ps --filter id=%s", large), 30)
    for name in ("status", "verify"):
        run = playbook(name)
        assert run.code == 0, run.output
        assert "kiosk-large-1 ended and was restarted once" in run.output


def test_the_stack_is_as_before(playbook: Playbook) -> None:
    back = playbook("deploy")
    assert back.code == 0, back.output

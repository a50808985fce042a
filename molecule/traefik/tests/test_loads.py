"""Slow and greedy clients and a stopped engine cost nobody else an answer. The tests depend on their order."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from testbed import network
from tests.support import edge_loads
from tests.support.stacks import Stack

Playbook = Callable[..., Any]
Services = Callable[..., dict[str, Any]]


@pytest.mark.parametrize("keys", [{}, {"max_body": "16m"}], ids=["unlimited", "limited"])
def test_a_load_costs_only_those_who_make_it(
    stack: Stack, playbook: Playbook, services: Services, keys: dict[str, Any]
) -> None:
    routes = [edge_loads.ROUTE, {"path": "/api/", "to": "backend"}, {"path": "/", "to": "frontend"}]
    # The clients of the load are not behind the load balancer.
    changed = services(routes=routes, real_ip_from=[network.GATEWAY], **keys)
    run = playbook("deploy", stack_services={**changed, "large": edge_loads.SERVICE})
    assert run.code == 0, run.output
    for load in edge_loads.LOADS:
        print(edge_loads.edge_survives(stack, load))


def test_the_edge_answers_while_the_engine_is_stopped(stack: Stack) -> None:
    print(edge_loads.edge_answers_without_the_engine(stack))


def test_the_stack_is_as_before(playbook: Playbook) -> None:
    back = playbook("deploy")
    assert back.code == 0, back.output

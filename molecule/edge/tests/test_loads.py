"""Slow and greedy clients and a stopped engine cost nobody else an answer. The tests depend on their order."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.support import edge_loads
from tests.support.stacks import Stack, described

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
    print(edge_loads.edge_answers_without_the_engine(kiosk))


def test_the_stack_is_as_before(playbook: Playbook) -> None:
    back = playbook("deploy")
    assert back.code == 0, back.output

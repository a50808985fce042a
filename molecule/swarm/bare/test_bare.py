"""Servers before there is a Swarm."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

Playbook = Callable[..., Any]


def _state(host: Any) -> str:
    return str(host.check_output("docker info --format '{{.Swarm.LocalNodeState}}'"))


def test_check_mode_announces_the_swarm_and_changes_nothing(host: Any, playbook: Playbook) -> None:
    run = playbook("swarm", "--check")
    assert run.code == 0, run.output
    assert "swarm1 makes a Swarm swarm2 joins the Swarm of swarm1 swarm3 joins the Swarm of swarm1" in run.output
    assert "network mesh-mesh is made, not encrypted" in run.output
    assert run.changed > 0
    assert _state(host) == "inactive"


@pytest.mark.parametrize(
    ("variables", "sentence"),
    [
        ({"stack_address": "8.8.8.8"}, "stack_address: 8.8.8.8 is not the address of a private network"),
        ({"swarm_managers": "app"}, "'app' matches 2 hosts (swarm1, swarm2); an even number of managers"),
        ({"swarm_address_pools": ["172.31.0.0/16"]}, "172.31.0.0/16 has the address of swarm1, 172.31.250.60"),
    ],
)
def test_what_cannot_work_is_refused(host: Any, playbook: Playbook, variables: dict[str, Any], sentence: str) -> None:
    run = playbook("swarm", **variables)
    assert run.code != 0
    assert sentence in run.output, run.output
    assert _state(host) == "inactive"

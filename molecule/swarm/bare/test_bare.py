"""Servers before there is a Swarm."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Playbook = Callable[..., Any]


def _states(nodes: Any) -> set[str]:
    return {nodes.run(name, "docker info --format '{{.Swarm.LocalNodeState}}'") for name in nodes.hosts}


def test_check_mode_announces_the_swarm_and_changes_nothing(nodes: Any, playbook: Playbook) -> None:
    run = playbook("swarm", "--check")
    assert run.code == 0, run.output
    assert "swarm1 makes a Swarm swarm2 joins the Swarm of swarm1 swarm3 joins the Swarm of swarm1" in run.output
    assert "network mesh-mesh is made, not encrypted" in run.output
    assert run.changed > 0
    assert _states(nodes) == {"inactive"}


def test_everything_that_cannot_work_is_named_at_once(nodes: Any, playbook: Playbook) -> None:
    run = playbook("swarm", stack_address="8.8.8.8", swarm_address_pools=["8.8.0.0/16"])
    assert run.code != 0
    assert "stack_address: 8.8.8.8 is not the address of a private network" in run.output, run.output
    assert "8.8.0.0/16 has the address of swarm1" in run.output, run.output
    assert _states(nodes) == {"inactive"}

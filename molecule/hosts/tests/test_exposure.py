"""From another server it is proven that nothing but the edge answers, and what answers is named."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.support.stacks import Stack

Playbook = Callable[..., Any]

#: ufw closes ports with such a rule.
_CLOSED = "INPUT --protocol tcp --destination-port 5433 --jump DROP"


@pytest.fixture
def database(trio: list[Stack]) -> Iterator[None]:
    """Publish a port of a container on the second server that its firewall closes."""
    host = trio[1].host
    host.check_output(f"sudo iptables --insert {_CLOSED}")
    name = host.check_output("sudo docker run --detach --publish 5433:80 --name stray nginx:1.30")
    yield
    host.check_output("sudo docker rm --force %s", name)
    host.check_output(f"sudo iptables --delete {_CLOSED}")


@pytest.fixture
def program(trio: list[Stack]) -> Iterator[None]:
    """Listen on the third server without a container."""
    host = trio[2].host
    host.check_output("sudo systemd-run --unit=stray python3 -m http.server 8099")
    yield
    host.check_output("sudo systemctl stop stray")


def _verify(playbook: Playbook, origin: str, **variables: Any) -> Any:
    run = playbook("verify", verify_from=origin, **variables)
    assert run.changed == 0, run.output
    return run


def test_nothing_but_the_edge_answers_other_servers(playbook: Playbook) -> None:
    run = _verify(playbook, "step1")
    assert run.code == 0, run.output
    assert "ports of step1 are not tried from itself" in run.output
    for server, address in (("step2", "172.31.250.42"), ("step3", "172.31.250.43")):
        line = f"ports of {server} as step1 reaches them: {address} open: 22, 8422 (edge) 65533 closed, 0 silent"
        assert line in run.output, run.output


def test_what_answers_is_named_with_the_server_and_who_publishes_it(
    playbook: Playbook, database: None, program: None
) -> None:
    run = _verify(playbook, "step3")
    assert run.code == 2, run.output
    assert "port 6390 of step1 (172.31.250.41) answers from step3: the container ledger publishes it" in run.output
    assert "port 5433 of step2 (172.31.250.42) answers from step3: the container stray publishes it" in run.output
    run = _verify(playbook, "step1")
    assert run.code == 2, run.output
    assert "port 8099 of step3 (172.31.250.43) answers from step1, and no container publishes it" in run.output
    run = _verify(playbook, "step3", verify_allowed_ports=[22, 6390, 5433])
    assert run.code == 0, run.output


def test_a_server_that_cannot_be_reached_proves_nothing(playbook: Playbook) -> None:
    # No server of the testbed has this address.
    run = _verify(playbook, "step1", verify_addresses=["172.31.250.99"], verify_scan=False)
    assert run.code == 2, run.output
    assert "nothing at step2 (172.31.250.99) answers step1, not even with a refusal" in run.output

"""What people read about a Swarm."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.slipway.stack.plugins.plugin_utils.swarm import cluster, lines
from ansible_collections.slipway.stack.plugins.plugin_utils.swarm.cluster import Network

from tests.support.swarms import node

OPENED = {"a": {"problem": ""}, "b": {"problem": ""}}


def _asked(a: str = "complete", b: str = "complete") -> dict[str, Any]:
    return {"a": {"problem": "", "answers": {"b": a}}, "b": {"problem": "", "answers": {"a": b}}}


def test_nodes_are_a_table() -> None:
    labels = {"slipway.host": "app2", "slipway.group.app": "true", "rack": "7"}
    nodes = [
        node("app1", "manager", leader=True, address="10.0.0.1"),
        node("app2", "manager", reachability="unreachable", address="10.0.0.2", labels=labels, availability="drain"),
    ]
    assert lines.of_nodes([cluster.node(one) for one in nodes]) == [
        "node  role              state               availability  address   engine  labels",
        "app1  manager (leader)  ready               active        10.0.0.1  26.1.5  stack",
        "app2  manager           ready, unreachable  drain         10.0.0.2  26.1.5  app rack=7",
    ]


def test_a_network_that_carries_everything_is_proven() -> None:
    found = lines.of_proof(OPENED, _asked(), Network("mesh"))
    assert (found.problem, found.again, found.pairs) == ("", False, 2)


@pytest.mark.parametrize(
    ("asked", "encrypted", "sentence"),
    [
        (
            _asked("silent"),
            True,
            (
                "network 'mesh': no answer arrives (a from b); it is encrypted, and either the kernels of the hosts "
                "have no IPsec, or IP protocol 50 or UDP port 4789 is closed between them; open it, or set "
                "swarm_encrypted: false if their network is private"
            ),
        ),
        (
            _asked("silent", "short only"),
            False,
            (
                "network 'mesh': no answer arrives (a from b, b from a); open UDP port 4789 and TCP and UDP port 7946 "
                "between the hosts"
            ),
        ),
        (
            _asked("short only", "short only"),
            True,
            (
                "network 'mesh': only short answers arrive (a from b, b from a); the packets between the hosts have to "
                "be smaller than Docker expects, so set swarm_network_mtu to 50 less than the MTU of their network "
                "(100 less for an encrypted network)"
            ),
        ),
    ],
)
def test_a_lost_answer_is_named_with_its_probable_cause(asked: dict[str, Any], encrypted: bool, sentence: str) -> None:
    found = lines.of_proof(OPENED, asked, Network("mesh", encrypted=encrypted))
    assert (found.problem, found.again) == (sentence, False)


@pytest.mark.parametrize("asked", [_asked("silent"), {**_asked(), "b": {"problem": "no pid", "answers": {}}}])
def test_a_probe_that_did_not_start_is_tried_again(asked: dict[str, Any]) -> None:
    opened = {**OPENED, "b": {"problem": "no space"}}
    found = lines.of_proof(opened, asked, Network("mesh"))
    assert found.again
    assert found.problem.startswith("network 'mesh' could not be tried: b: no space")

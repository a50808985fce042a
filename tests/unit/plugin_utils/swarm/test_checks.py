"""Why hosts cannot be one Swarm: one sentence for each reason, before anything changes."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.slipway.stack.plugins.plugin_utils.swarm import plan
from ansible_collections.slipway.stack.plugins.plugin_utils.swarm.cluster import Host, Network

from tests.support import swarms
from tests.support.swarms import MESH, node, report, swarm, wanted

NODES = [node("a", "manager", leader=True), node("b")]


def _problems(hosts: list[Host], **said: Any) -> list[str]:
    return plan.make(hosts, wanted("a", **said))[1]


def _outside(said: dict[str, Any] | None = None, address: str = "10.0.0.2") -> list[Host]:
    return [swarms.host("a", 1, report()), swarms.host("b", 2, report(**(said or {})), address=address)]


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        (
            {"live_restore": True},
            (
                "the engine of b has live-restore on, which Docker refuses in a Swarm; set engine_live_restore: false, "
                "and run playbooks/provision.yml for it"
            ),
        ),
        (
            {"state": "pending", "error": "timeout"},
            (
                "b tries to join a Swarm and does not reach it; open TCP port 2377 of the managers for it, or run "
                "'docker swarm leave' there (timeout)"
            ),
        ),
        ({"state": "locked"}, "b is a manager whose keys are locked; run 'docker swarm unlock' there"),
        (
            {"state": "error", "error": "x509: expired"},
            (
                "b is in a Swarm and cannot take part in it; run 'docker swarm leave --force' there if the managers "
                "can do without it (x509: expired)"
            ),
        ),
        (
            {"version": "29.0.1"},
            (
                "a has Docker Engine 26.1.5 and b has 29.0.1, which are more than 2 major versions apart; upgrade a "
                "(engine_install: always, playbooks/provision.yml)"
            ),
        ),
        (
            {"state": "active", "node": "x"},
            (
                "b is a worker of a Swarm, and no manager of it is a host of the stack; run 'docker swarm leave' "
                "there, or add a manager to the group"
            ),
        ),
        (
            {"state": "active", "node": "x", "manager": True, "leaderless": "The swarm does not have a leader."},
            (
                "b is a manager of a Swarm that has no leader (The swarm does not have a leader); start the engines of "
                "the other managers, or recover it with 'docker swarm init --force-new-cluster'"
            ),
        ),
    ],
)
def test_an_engine_that_cannot_take_part(said: dict[str, Any], sentence: str) -> None:
    assert _problems(_outside(said)) == [sentence]


@pytest.mark.parametrize("version", ["24.0.9", "28.5.2", "26.1.5+dfsg1", "dev"])
def test_versions_may_differ_during_an_upgrade(version: str) -> None:
    assert _problems(_outside({"version": version})) == []


@pytest.mark.parametrize(
    ("address", "sentence"),
    [
        ("", "host 'b' has no stack_address; set it to its private address, such as 10.0.0.2"),
        ("10.0.0.1", "host 'b': stack_address: 10.0.0.1 is that of host 'a', too"),
        ("b.example.com", "host 'b': stack_address: 'b.example.com' is no IP address; write 10.0.0.2"),
        (
            "203.0.114.7",
            (
                "host 'b': stack_address: 203.0.114.7 is not the address of a private network, so anybody could reach "
                "what is published there"
            ),
        ),
    ],
)
def test_an_address_that_is_not_private(address: str, sentence: str) -> None:
    assert _problems(_outside(address=address)) == [sentence]


@pytest.mark.parametrize(
    ("nodes", "said", "sentence"),
    [
        (
            NODES,
            {"state": "inactive", "node": "", "address": ""},
            (
                "b has left the Swarm, which still has it as the node id-b (ready); run 'docker node rm --force id-b' "
                "on a, and it joins again"
            ),
        ),
        (
            NODES[:1],
            {},
            (
                "b belongs to another Swarm than a; run 'docker swarm leave' there if nothing needs that one, or take "
                "it out of the group"
            ),
        ),
        (
            [NODES[0], node("b", state="down")],
            {},
            (
                "b is down for a; restart its engine, or open TCP port 2377, TCP and UDP port 7946 and UDP port 4789 "
                "between the hosts"
            ),
        ),
        (
            NODES,
            {"address": "192.168.7.2"},
            (
                "b is in the Swarm with the address 192.168.7.2, and its stack_address is 10.0.0.2; set stack_address "
                "to the former, or let it leave (docs/swarm.md, 'Another address')"
            ),
        ),
    ],
)
def test_a_host_that_is_not_a_member_as_it_should_be(
    nodes: list[dict[str, Any]], said: dict[str, Any], sentence: str
) -> None:
    hosts = [*swarm(nodes, 1), swarms.host("b", 2, report("b", 2, **said))]
    assert _problems(hosts) == [sentence]


def test_a_manager_of_another_swarm() -> None:
    nodes = [node("a", "manager"), node("b", "manager")]
    other = report("b", 2, manager=True, cluster="c2", nodes=[node("b", "manager")])
    assert _problems([*swarm(nodes, 1), swarms.host("b", 2, other)])[0].startswith(
        "b belongs to another Swarm than a; run 'docker swarm leave --force' there"
    )


def test_a_manager_that_the_others_do_not_reach() -> None:
    nodes = [node("a", "manager"), node("b", "manager", reachability="unreachable"), node("c", "manager")]
    assert [one.split(";")[0] for one in plan.make(swarm(nodes), wanted("a", "b", "c"))[1]] == [
        "b is unreachable for a"
    ]


def test_all_problems_are_reported_together() -> None:
    assert len(_problems(_outside({"live_restore": True, "version": "29.1"}, address="8.8.8.8"))) == 3


@pytest.mark.parametrize(
    ("found", "asked", "told"),
    [
        ({"encrypted": False}, {}, "its encrypted is false instead of true"),
        ({"attachable": False}, {}, "its attachable is false instead of true"),
        (
            {"driver": "bridge", "scope": "local"},
            {},
            "its driver is bridge instead of overlay, its scope is local instead",
        ),
        ({}, {"mtu": 1400}, "its mtu is 0 instead of 1400"),
        ({}, {"subnets": ("10.2.0.0/24",)}, "its subnets is 10.1.0.0/24 instead of 10.2.0.0/24"),
    ],
)
def test_a_network_with_other_options(found: dict[str, Any], asked: dict[str, Any], told: str) -> None:
    hosts = swarm(NODES, a={"networks": [{**MESH, **found}]})
    (problem,) = _problems(hosts, network=Network(swarms.NETWORK, **asked))
    assert problem.startswith(f"network 'shop-mesh': a has one, and {told}"), problem
    assert "docker network rm shop-mesh" in problem


@pytest.mark.parametrize(
    ("pools", "sentence"),
    [
        (("10.0.0.0/8",), "swarm_address_pools: 10.0.0.0/8 has the address of a, 10.0.0.1, so containers could not"),
        (("x",), "swarm_address_pools: 'x' is no range of addresses; write 172.24.0.0/14"),
        (("8.8.0.0/16",), "swarm_address_pools: 8.8.0.0/16 is not a private range of IPv4"),
        (("fd00::/64",), "swarm_address_pools: fd00::/64 is not a private range of IPv4"),
    ],
)
def test_a_range_that_others_use(pools: tuple[str, ...], sentence: str) -> None:
    assert _problems(_outside(), pools=pools)[0].startswith(sentence)

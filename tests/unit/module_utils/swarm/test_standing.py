"""What a host reports about its Swarm."""

from __future__ import annotations

import json
import urllib.parse
from typing import Any

import pytest
from ansible_collections.slipway.stack.plugins.module_utils.engine.docker import DockerError
from ansible_collections.slipway.stack.plugins.module_utils.swarm import standing

from tests.support.fake_engine import Answer
from tests.support.own_time import give_time

TOKEN = "SWMTKN-1-secret"


def _info(**swarm: Any) -> tuple[int, Any]:
    return 200, {"ServerVersion": "26.1.5", "LiveRestoreEnabled": False, "Swarm": {"LocalNodeState": "active", **swarm}}


def _networks(name: str) -> str:
    return f"/v1.44/networks?filters={urllib.parse.quote(json.dumps({'name': [name]}))}"


NODE = {
    "ID": "n1",
    "Spec": {"Role": "manager", "Availability": "drain", "Labels": {"slipway.host": "app1", "rack": "7"}},
    "Description": {"Hostname": "srv-1", "Engine": {"EngineVersion": "26.1.5"}},
    "Status": {"State": "ready", "Addr": "10.0.0.1"},
    "ManagerStatus": {"Leader": True, "Reachability": "reachable", "Addr": "10.0.0.1:2377"},
}
SWARM = {
    "ID": "c1",
    "JoinTokens": {"Worker": TOKEN, "Manager": TOKEN},
    "Spec": {"EncryptionConfig": {"AutoLockManagers": True}},
}


def test_an_engine_outside_of_a_swarm(answer: Answer) -> None:
    answer({"/v1.44/info": (200, {"ServerVersion": "27.0.1", "LiveRestoreEnabled": True})})
    found = standing.read()
    assert (found["state"], found["version"], found["live_restore"]) == ("inactive", "27.0.1", True)
    assert (found["node"], found["nodes"], found["networks"]) == ("", [], [])


def test_a_manager_knows_the_nodes_and_tells_no_token(answer: Answer) -> None:
    answer(
        {
            "/v1.44/info": _info(NodeID="n1", NodeAddr="10.0.0.1", ControlAvailable=True, Cluster={"ID": "c1"}),
            "/v1.44/nodes": (200, [NODE]),
            "/v1.44/swarm": (200, SWARM),
        }
    )
    found = standing.read()
    assert found["nodes"] == [
        {
            "id": "n1",
            "host": "app1",
            "name": "srv-1",
            "role": "manager",
            "availability": "drain",
            "state": "ready",
            "address": "10.0.0.1",
            "leader": True,
            "reachability": "reachable",
            "version": "26.1.5",
            "labels": {"slipway.host": "app1", "rack": "7"},
        }
    ]
    assert (found["cluster"], found["autolock"], found["manager"]) == ("c1", True, True)
    assert TOKEN not in json.dumps(found)


def test_a_manager_without_a_majority_says_why(answer: Answer) -> None:
    refusal = "The swarm does not have a leader."
    answer({"/v1.44/info": _info(ControlAvailable=True), "/v1.44/nodes": (503, {"message": refusal})})
    found = standing.read()
    assert (found["leaderless"], found["nodes"]) == (refusal, [])


@pytest.mark.parametrize(
    ("options", "encrypted", "mtu"),
    [
        (None, False, 0),
        ({"com.docker.network.driver.overlay.vxlanid_list": "4097"}, False, 0),
        ({"encrypted": ""}, True, 0),
        ({"encrypted": "true", "com.docker.network.driver.mtu": "1400"}, True, 1400),
        ({"encrypted": "false"}, False, 0),
    ],
)
def test_the_options_of_a_network(answer: Answer, options: dict[str, str] | None, encrypted: bool, mtu: int) -> None:
    raw = {"Name": "mesh", "Driver": "overlay", "Scope": "swarm", "Attachable": True, "Options": options}
    raw["IPAM"] = {"Config": [{"Subnet": "172.24.1.0/24", "Gateway": "172.24.1.1"}]}
    # The engine's filter matches a part of the name.
    answer({_networks("mesh"): (200, [raw, {**raw, "Name": "mesh-2"}])})
    assert standing.networks("mesh") == [
        {
            "driver": "overlay",
            "scope": "swarm",
            "attachable": True,
            "encrypted": encrypted,
            "mtu": mtu,
            "subnets": ["172.24.1.0/24"],
        }
    ]


def test_an_engine_that_does_not_answer_is_an_error() -> None:
    with pytest.raises(DockerError):
        standing.read()


def test_nodes_are_waited_for_but_not_longer_than_said(answer: Answer, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = answer({"/v1.44/nodes": (200, [NODE])})
    times = iter(range(100))
    give_time(monkeypatch, standing, sleep=lambda _seconds: None)
    standing.wait_for(1, 5, clock=lambda: next(times))
    assert len(asked) == 1
    standing.wait_for(2, 5, clock=lambda: next(times))
    assert 4 <= len(asked) <= 8

"""Three hosts are one Swarm, whose network carries requests between all of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.support.long_form import ONLY_LONG
from tests.support.stacks import wait_until

Playbook = Callable[..., Any]
NAMES = ("swarm1", "swarm2", "swarm3")
NETWORK = "mesh-mesh"


def test_the_hosts_are_ready_managers_with_labels(nodes: Any) -> None:
    found = nodes.all()
    assert {name: one["Status"] for name, one in found.items()} == {
        name: {"State": "ready", "Addr": f"172.31.250.{55 + number}"} for number, name in enumerate(NAMES)
    }
    assert [name for name in NAMES if found[name].get("ManagerStatus")] == list(NAMES)
    assert {name: found[name]["Spec"]["Labels"] for name in NAMES} == {
        name: {"slipway.host": name, "slipway.group.stack": "true", f"slipway.group.{group}": "true"}
        for name, group in zip(NAMES, ("app", "app", "data"), strict=True)
    }


def test_managers_listen_at_the_private_address_only(nodes: Any) -> None:
    listening = nodes.run("swarm1", "ss --listening --tcp --numeric --no-header")
    assert {line.split()[3] for line in listening.splitlines() if line.split()[3].endswith((":2377", ":7946"))} == {
        "172.31.250.55:2377",
        "172.31.250.55:7946",
    }


def test_the_network_carries_requests_between_all_hosts(nodes: Any) -> None:
    """Judged by containers that are not ours."""
    try:
        address = f"docker inspect pong --format '{{{{(index .NetworkSettings.Networks \"{NETWORK}\").IPAddress}}}}'"
        start = f"docker run --detach --name=pong --network={NETWORK} redis:8 >/dev/null && sudo {address}"
        addresses = {name: nodes.run(name, start).strip() for name in NAMES}
        for name in NAMES:
            others = [one for other, one in addresses.items() if other != name]
            pings = " && ".join(f"sudo timeout 9 docker exec pong redis-cli -h {one} ping" for one in others)
            assert nodes.run(name, f"sleep 1 && {pings}").split() == ["PONG", "PONG"]
    finally:
        for name in NAMES:
            nodes.run(name, "docker rm --force pong")


def test_a_network_that_loses_everything_is_refused(nodes: Any, playbook: Playbook) -> None:
    run = playbook("swarm", swarm_network="shut", swarm_encrypted=True, swarm_proof_timeout=6)
    assert run.code != 0
    assert "network 'shut': no answer arrives (swarm1 from swarm2, swarm1 from swarm3, swarm2 from" in run.output
    assert "the kernels of the hosts have no IPsec" in run.output
    assert "swarm_encrypted: false" in run.output
    assert "shut" not in nodes.run("swarm1", "docker network ls --format '{{.Name}}'").split()
    assert nodes.leftovers() == []


def test_what_people_changed_is_kept_or_repaired(nodes: Any, playbook: Playbook) -> None:
    nodes.run("swarm1", "docker node update --availability drain --label-add rack=7 swarm2")
    labels = "--label-rm slipway.group.data --label-add slipway.group.gone=true --label-add slipway.host=other"
    nodes.run("swarm1", f"docker node update {labels} swarm3")
    run = playbook("swarm")
    assert run.code == 0, run.output
    assert "swarm3 labels +slipway.host=swarm3 +slipway.group.data=true -slipway.group.gone" in run.output
    assert "network mesh-mesh is not tried on swarm2" in run.output
    assert run.changed == 1
    found = nodes.all()
    assert found["swarm3"]["Spec"]["Labels"] == {
        "slipway.host": "swarm3",
        "slipway.group.stack": "true",
        "slipway.group.data": "true",
    }
    assert found["swarm2"]["Spec"]["Labels"]["rack"] == "7"
    assert found["swarm2"]["Spec"]["Availability"] == "drain"
    nodes.run("swarm1", "docker node update --availability active --label-rm rack swarm2")


@ONLY_LONG
def test_a_network_with_other_options_is_refused(nodes: Any, playbook: Playbook) -> None:
    run = playbook("swarm", swarm_encrypted=True, swarm_network_mtu=1400)
    assert run.code != 0
    assert "its encrypted is false instead of true, its mtu is 0 instead of 1400" in run.output, run.output


@ONLY_LONG
def test_a_part_of_the_hosts_is_refused(playbook: Playbook) -> None:
    run = playbook("swarm", "--limit", "swarm1,swarm2")
    assert run.code != 0
    assert "the play leaves out swarm3" in run.output, run.output


@ONLY_LONG
def test_no_token_is_shown(nodes: Any, playbook: Playbook) -> None:
    """One manager stays. The two others become workers, one leaves, is named, and joins again."""
    run = playbook("swarm", "-vvv", swarm_managers="swarm1")
    assert run.code == 0, run.output
    assert nodes.managers() == ["swarm1"]
    former = nodes.all()["swarm3"]["ID"]
    nodes.run("swarm3", "docker swarm leave")
    wait_until(lambda: "down" in nodes.run("swarm1", f"docker node ls --filter id={former}").lower(), 60)
    run = playbook("swarm", swarm_managers="swarm1")
    assert run.code != 0
    assert (
        f"swarm3 has left the Swarm, which still has it as the node {former} (down); run 'docker node rm" in run.output
    )
    nodes.run("swarm1", f"docker node rm --force {former}")
    run = playbook("swarm", "-vvv", swarm_managers="swarm1")
    assert run.code == 0, run.output
    assert "swarm3 joins the Swarm of swarm1" in run.output
    assert nodes.managers() == ["swarm1"]
    assert "SWMTKN" not in run.output
    token = nodes.run("swarm1", "docker swarm join-token --quiet worker")
    assert token.startswith("SWMTKN")
    assert token.split("-")[2] not in run.output
    # A node that is no host any more is named, and removed if somebody asks for it.
    nodes.run("swarm1", "docker node update --label-add slipway.host=gone swarm3")
    run = playbook("swarm", "--limit", "swarm1,swarm2", stack_hosts="app", swarm_managers="swarm1")
    assert run.code == 0, run.output
    assert "gone is in the Swarm and not among the hosts; to remove it, run the playbook with -e swarm_remove=gone" in (
        run.output
    )
    assert f"docker node rm --force {nodes.all()['swarm3']['ID']}" in run.output
    run = playbook("swarm", stack_hosts="app", swarm_managers="swarm1", swarm_remove="gone")
    assert run.code == 0, run.output
    assert "swarm3" not in nodes.run("swarm1", "docker node ls --format '{{.Hostname}}'").split()

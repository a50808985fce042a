"""A host of the application is drained, rebooted and put back, while both edges get requests."""

from __future__ import annotations

import contextlib
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.support.long_form import ONLY_LONG
from tests.support.stacks import Stack, Visitor, wait_until

Playbook = Callable[..., Any]
ROOT = Path(__file__).resolve().parents[3]
NEWER_ENGINE = ROOT / "molecule/placement/files/newer_engine.sh"


def _hosts(edges: list[Stack]) -> set[str]:
    return {stack.get("/host").body for stack in edges * 6}


def drain_reboot_and_put_back(edges: list[Stack], drained: Stack, playbook: Playbook) -> None:
    """Drain `place4`, reboot it and put it back, while both edges get requests. None of them fails."""
    with Visitor(edges[0], "/x", 0.02) as first, Visitor(edges[1], "/x", 0.02) as second:
        run = playbook("drain", drain="place4")
        assert run.code == 0, run.output
        assert _hosts(edges) == {"place3"}
        subprocess.run(["docker", "restart", "--time=10", "slipway-place4"], check=True, capture_output=True)
        assert _hosts(edges) == {"place3"}
        wait_until(lambda: _accepts_ssh(drained.server), 60)
        run = playbook("undrain", undrain="place4")
        assert run.code == 0, run.output
        assert _hosts(edges) == {"place3", "place4"}
    assert first.statuses | second.statuses == {200}
    assert drained.host.run("sudo test -e %s/state/drain.json", drained.home).failed
    assert all(edge.host.run("sudo test -e %s/state/away.json", edge.home).failed for edge in edges)


def _accepts_ssh(server: str) -> bool:
    with contextlib.suppress(OSError), socket.create_connection((server, 22), timeout=2):
        return True
    return False


def lose_a_host(edges: list[Stack], lost: Stack) -> int:
    """Kill the edge of `place4`, and start it again. Return how many of the requests to both edges failed meanwhile."""
    pod = lost.host.check_output("docker ps --quiet --filter label=com.docker.compose.service=edge")
    with Visitor(edges[0], "/x", 0.02) as first, Visitor(edges[1], "/x", 0.02) as second:
        lost.host.check_output("docker kill %s", pod)
        assert _hosts(edges) == {"place3"}
        lost.host.check_output("docker start %s", pod)
        wait_until(lambda: _hosts(edges) == {"place3", "place4"}, 15)
    return first.failed + second.failed


def test_a_host_is_drained_rebooted_and_put_back(
    stacks: dict[str, Stack], edges: list[Stack], playbook: Playbook
) -> None:
    drain_reboot_and_put_back(edges, stacks["place4"], playbook)


def test_a_drained_host_is_in_the_status_of_the_edges(edges: list[Stack], playbook: Playbook) -> None:
    assert playbook("drain", drain="place4").code == 0
    run = playbook("status")
    assert run.output.count("no requests go to place4:") == len(edges), run.output
    # A second time there is nothing to do.
    assert playbook("drain", drain="place4").changed == 0
    # Nothing is rolled out meanwhile, anywhere.
    run = playbook("deploy", spread_version="6")
    assert run.code != 0
    assert "has drained this host at" in run.output
    run = playbook("verify", "--limit", "place1,place2")
    assert run.code == 0, run.output


def test_a_misspelt_host_drains_nobody(playbook: Playbook) -> None:
    run = playbook("drain", drain="plase4")
    assert run.code != 0
    assert "did you mean 'place4'" in run.output
    assert run.changed == 0
    for name in ("drain", "undrain"):
        run = playbook(name)
        assert run.code != 0
        assert f"-e {name}=HOST is missing" in run.output
        assert run.changed == 0


def test_the_last_host_of_a_service_is_not_drained(edges: list[Stack], playbook: Playbook) -> None:
    run = playbook("drain", drain="place3")
    assert run.code != 0
    assert (
        "service 'backend' is on place3, place4 only; place4 is drained already, so nobody would answer" in run.output
    )
    assert _hosts(edges) == {"place3"}
    assert playbook("undrain", undrain="place4").code == 0
    assert _hosts(edges) == {"place3", "place4"}


def test_a_host_that_dies_costs_no_request_that_can_be_sent_again(stacks: dict[str, Stack], edges: list[Stack]) -> None:
    assert lose_a_host(edges, stacks["place4"]) == 0


@ONLY_LONG
def test_an_engine_upgrade_passes_through_the_hosts_of_the_application(
    apps: list[Stack], edges: list[Stack], playbook: Playbook
) -> None:
    before = [_engine(stack) for stack in apps]
    for stack in apps:
        container = f"{stack.host.check_output('hostname')}"
        with NEWER_ENGINE.open() as script:
            subprocess.run(["docker", "exec", "-i", f"slipway-{container}", "sh"], stdin=script, check=True)
    with Visitor(edges[0], "/x", 0.02) as first, Visitor(edges[1], "/x", 0.02) as second:
        run = playbook(
            "upgrade_engine",
            "--limit",
            "place3,place4",
            engine_registry_mirrors=["http://registry:5000"],
            engine_insecure_registries=["registry:5000"],
        )
    assert run.code == 0, run.output
    assert [_engine(stack)[0] for stack in apps] == [f"{version}+newer" for version, _pid in before]
    assert not {pid for _version, pid in before} & {_engine(stack)[1] for stack in apps}
    assert (first.failed, second.failed) == (0, 0)
    assert first.statuses | second.statuses == {200}
    assert _hosts(edges) == {"place3", "place4"}


def _engine(stack: Stack) -> tuple[str, str]:
    """Return the version of the engine's package, and its process."""
    version = stack.host.check_output("dpkg-query --show --showformat '${Version}' docker.io")
    return version, stack.host.check_output("systemctl show --property MainPID --value docker.service")


@ONLY_LONG
def test_the_same_with_traefik(stacks: dict[str, Stack], edges: list[Stack], playbook: Playbook) -> None:
    subprocess.run([sys.executable, "-m", "testbed", "registry", "traefik"], check=True, cwd=ROOT)
    run = playbook("deploy", spread_proxy="traefik", deploy_allow_downtime=["edge"])
    assert run.code == 0, run.output
    assert _hosts(edges) == {"place3", "place4"}
    drain_reboot_and_put_back(edges, stacks["place4"], playbook)
    # Traefik repeats no request that it has sent, and each edge has one on its way.
    assert lose_a_host(edges, stacks["place4"]) <= len(edges)
    with Visitor(edges[0], "/x", 0.02) as first, Visitor(edges[1], "/x", 0.02) as second:
        run = playbook("deploy", spread_proxy="traefik", spread_version="7")
        assert run.code == 0, run.output
    assert first.statuses | second.statuses == {200}
    run = playbook("deploy", deploy_allow_downtime=["edge"])
    assert run.code == 0, run.output

"""Every difference from the release is found, named and explained. Verification changes nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.support.stacks import Stack, wait_until

Playbook = Callable[..., Any]

FIREWALL = "INPUT --in-interface lo --protocol tcp --destination-port 8421 --jump REJECT"
PROJECT = "com.docker.compose.project=kiosk"


@pytest.fixture
def _deployed_again(playbook: Playbook) -> Iterator[None]:
    """Restore what is missing with a deploy of the live release."""
    yield
    run = playbook("deploy")
    assert run.code == 0, run.output
    assert run.changed > 0


def _fails(kiosk: Stack, playbook: Playbook, *sentences: str) -> str:
    before, containers = kiosk.tree(), kiosk.containers()
    run = playbook("verify", verify_timeout=1)
    assert (run.code, run.changed) == (2, 0), run.output
    for sentence in sentences:
        assert sentence in run.output
    assert (kiosk.tree(), kiosk.containers()) == (before, containers)
    return run.output


def test_a_healthy_stack_passes_and_is_shown(kiosk: Stack, playbook: Playbook) -> None:
    run = playbook("verify")
    assert (run.code, run.changed) == (0, 0), run.output
    for line in ("ok store 1 of 1 healthy", "ok opening completed", "ok page 2 of 2 healthy", "ok edge 1 of 1 healthy"):
        assert line in run.output
    assert kiosk.live() in run.output


def test_a_stopped_container_is_reported(host: Any, kiosk: Stack, playbook: Playbook) -> None:
    page = kiosk.containers("page")[0]
    name = host.check_output("docker inspect --format {{.Name}} %s", page).lstrip("/")
    kiosk.get()
    host.check_output("docker stop %s", page)
    try:
        output = _fails(kiosk, playbook, f"service 'page': {name} exited with code 0", f"last log lines of {name}:")
        assert '"GET / HTTP/1.1" 200' in output
    finally:
        host.check_output("docker start %s", page)
    _wait_for_health(host, page, "healthy")


@pytest.mark.usefixtures("_deployed_again")
def test_a_removed_container_is_reported(host: Any, kiosk: Stack, playbook: Playbook) -> None:
    host.check_output("docker rm --force %s", kiosk.containers("page")[0])
    _fails(kiosk, playbook, "service 'page': 1 of 2 up")


@pytest.mark.usefixtures("_deployed_again")
def test_a_removed_service_is_reported(host: Any, kiosk: Stack, playbook: Playbook) -> None:
    host.check_output("docker rm --force %s", kiosk.containers("store")[0])
    _fails(kiosk, playbook, "service 'store': 0 of 1 up")


def test_a_paused_container_is_reported(host: Any, kiosk: Stack, playbook: Playbook) -> None:
    (store,) = kiosk.containers("store")
    host.check_output("docker pause %s", store)
    try:
        _fails(kiosk, playbook, "service 'store': ", " is paused")
    finally:
        host.check_output("docker unpause %s", store)
    _wait_for_health(host, store, "healthy")


def test_an_unhealthy_container_is_reported(host: Any, kiosk: Stack, playbook: Playbook) -> None:
    page = kiosk.containers("page")[0]
    host.check_output("docker exec %s touch /tmp/closed", page)
    _wait_for_health(host, page, "unhealthy")
    _fails(kiosk, playbook, "service 'page': ", " is unhealthy", "health check output of ", "found /tmp/closed")
    host.check_output("docker exec %s rm /tmp/closed", page)
    _wait_for_health(host, page, "healthy")


def test_a_oneshot_whose_container_was_removed_has_completed(host: Any, kiosk: Stack, playbook: Playbook) -> None:
    """As after `docker container prune`."""
    host.check_output("docker rm --force %s", kiosk.containers("opening")[0])
    run = playbook("verify")
    assert run.code == 0, run.output
    assert "opening completed; its container was removed" in run.output
    assert playbook("deploy").changed == 0
    assert kiosk.containers("opening") == []


def test_a_container_that_is_not_in_the_release_is_reported(host: Any, kiosk: Stack, playbook: Playbook) -> None:
    labels = f"--label {PROJECT} --label com.docker.compose.service=stowaway"
    stowaway = host.check_output(f"docker run --detach {labels} redis:8 sleep infinity")
    try:
        _fails(kiosk, playbook, f"service 'stowaway': runs, but is not part of release {kiosk.live()}")
    finally:
        host.check_output("docker rm --force %s", stowaway)


def test_an_edge_that_answers_for_another_release_is_reported(host: Any, kiosk: Stack, playbook: Playbook) -> None:
    live = kiosk.live()
    other = f"20000101T000000Z-{live[-8:]}"
    (edge,) = kiosk.containers("edge")
    script = f"grep -rl {{0}} {kiosk.home}/edge | xargs sed -i s/{{0}}/{{1}}/"
    host.check_output("sudo sh -c %s && docker kill --signal HUP %s", script.format(live, other), edge)
    wait_until(lambda: kiosk.get().headers["x-release"] == other)
    _fails(kiosk, playbook, "service 'edge': http://127.0.0.1:8421/", f"was answered by release {other}, not {live}")
    host.check_output("sudo sh -c %s && docker kill --signal HUP %s", script.format(other, live), edge)
    wait_until(lambda: kiosk.get().headers["x-release"] == live)


def test_a_closed_public_port_is_reported(host: Any, kiosk: Stack, playbook: Playbook) -> None:
    host.check_output(f"sudo iptables --insert {FIREWALL}")
    try:
        _fails(kiosk, playbook, "service 'edge': http://127.0.0.1:8421/ does not answer: ")
    finally:
        host.check_output(f"sudo iptables --delete {FIREWALL}")


def _wait_for_health(host: Any, container: str, health: str) -> None:
    wait_until(lambda: host.check_output("docker inspect --format {{.State.Health.Status}} %s", container) == health)

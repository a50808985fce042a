"""Another nginx image replaces the old one without a failed request, or not at all. It starts again after a boot."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from tests.support.stacks import Stack, Visitor, container, described, wait_until

Playbook = Callable[..., Any]

INVENTORY = Path(os.environ["MOLECULE_SCENARIO_DIRECTORY"]).parent / "stack"


@contextmanager
def _crowd(kiosk: Stack) -> Iterator[list[Visitor]]:
    """Run many visitors at once. Some of them request an answer that takes five seconds."""
    visitors = [Visitor(kiosk, "/", pause=0.005) for _ in range(6)]
    visitors += [Visitor(kiosk, "/slowly", pause=0.5) for _ in range(3)]
    with ExitStack() as stack:
        yield [stack.enter_context(visitor) for visitor in visitors]


def _deploy(playbook: Playbook, version: str, **keys: Any) -> Any:
    return playbook("deploy", stack_services=described(INVENTORY, edge={"version": version, **keys}))


def test_another_nginx_image_fails_no_request(kiosk: Stack, playbook: Playbook) -> None:
    pod, nginx = kiosk.containers("edge-pod"), kiosk.containers("edge")
    with _crowd(kiosk) as visitors:
        run = _deploy(playbook, "1.30-other", max_body="1m")
    assert run.code == 0, run.output
    assert "edge roll image" in run.output
    assert set().union(*(visitor.statuses for visitor in visitors)) == {200}, [visitor.seen for visitor in visitors]
    assert sum(visitor.count for visitor in visitors) > 500
    assert kiosk.containers("edge-pod") == pod
    assert set(kiosk.containers("edge")).isdisjoint(nginx)


def test_an_nginx_that_does_not_start_changes_nothing(kiosk: Stack, playbook: Playbook) -> None:
    live, containers = kiosk.live(), kiosk.containers()
    with _crowd(kiosk) as visitors:
        run = _deploy(playbook, "1.30-broken")
    assert run.code == 2
    assert "this nginx is broken" in run.output
    assert {(status, release) for visitor in visitors for status, _, release in visitor.seen} == {(200, live)}
    assert (kiosk.live(), kiosk.containers()) == (live, containers)


def test_the_edge_starts_again_after_a_boot(kiosk: Stack, playbook: Playbook) -> None:
    live, containers = kiosk.live(), kiosk.containers()
    subprocess.run(["docker", "restart", "--time=0", container()], check=True, capture_output=True)
    wait_until(lambda: _answers(kiosk), 60)
    assert (kiosk.live(), kiosk.containers()) == (live, containers)
    back = playbook("deploy")
    assert back.code == 0, back.output


def _answers(kiosk: Stack) -> bool:
    try:
        return kiosk.get().status == 200
    except OSError:
        return False


def test_a_release_with_another_port_that_fails_leaves_the_edge_as_it_is(kiosk: Stack, playbook: Playbook) -> None:
    live, containers = kiosk.live(), kiosk.containers()
    broken = {"health": {"test": ["CMD", "test", "-e", "/nowhere"], "interval": "1s", "retries": 1}}
    with _crowd(kiosk) as visitors:
        changed = described(INVENTORY, page=broken, edge={"http_port": kiosk.port + 8})
        run = playbook("deploy", stack_services=changed)
    assert run.code == 2
    assert "edge-pod recreate (downtime) ports" in run.output
    assert f"Release {live} keeps serving" in run.output
    assert {(status, release) for visitor in visitors for status, _, release in visitor.seen} == {(200, live)}
    assert (kiosk.live(), kiosk.containers()) == (live, containers)


def test_a_pod_that_was_removed_is_made_again(host: Any, kiosk: Stack, playbook: Playbook) -> None:
    host.check_output("docker rm --force %s", *kiosk.containers("edge-pod"))
    run = playbook("deploy")
    assert run.code == 0, run.output
    assert kiosk.get("/").status == 200

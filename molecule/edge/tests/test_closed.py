"""The edge closed for maintenance, as clients see it: through a deploy and a boot, until it is opened.

The tests depend on their order.
"""

from __future__ import annotations

import os
import socket
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.support.stacks import Stack, Visitor, address, container, described, wait_until

Playbook = Callable[..., Any]

INVENTORY = Path(os.environ["MOLECULE_SCENARIO_DIRECTORY"]).parent / "stack"
NOBODY = "192.0.2.0/24"


def _switch(playbook: Playbook, to: str, *options: str, **variables: Any) -> int:
    """Close or open the edge, and return how much has changed."""
    run = playbook("maintenance", *options, maintenance=to, **variables)
    assert run.code == 0, run.output
    return int(run.changed)


def _own_address(kiosk: Stack) -> str:
    """Return the address that the server sees of this machine."""
    with socket.create_connection((address(), kiosk.port)) as connection:
        return str(connection.getsockname()[0])


def test_a_check_closes_nothing(kiosk: Stack, playbook: Playbook) -> None:
    before = kiosk.tree()
    assert _switch(playbook, "on", "--check") == 1
    assert kiosk.get().status == 200
    assert kiosk.tree() == before


def test_it_closes_without_a_broken_connection(kiosk: Stack, playbook: Playbook) -> None:
    containers = kiosk.containers()
    with Visitor(kiosk, "/", pause=0.01) as visitor:
        assert _switch(playbook, "on", maintenance_allow=[NOBODY], maintenance_retry_after=77) == 1
        wait_until(lambda: kiosk.get().status == 503)
    assert visitor.statuses == {200, 503}
    answer = kiosk.get("/news?a=b")
    assert (answer.status, answer.headers["retry-after"]) == (503, "77")
    assert kiosk.get("/healthz").status == 200
    assert kiosk.containers() == containers


def test_a_second_run_changes_nothing(kiosk: Stack, playbook: Playbook) -> None:
    before = kiosk.tree()
    assert _switch(playbook, "on", maintenance_allow=[NOBODY], maintenance_retry_after=77) == 0
    assert kiosk.tree() == before


def test_status_names_it(kiosk: Stack, playbook: Playbook) -> None:
    run = playbook("status")
    assert run.code == 0, run.output
    assert f"release {kiosk.live()}" in run.output
    assert "maintenance: the edge is closed since 20" in run.output
    assert NOBODY in run.output


def test_a_deploy_passes_its_probes_and_leaves_it_closed(kiosk: Stack, playbook: Playbook) -> None:
    live = kiosk.live()
    with Visitor(kiosk, "/") as visitor:
        run = playbook("deploy", stack_services=described(INVENTORY), kiosk_greeting="good evening")
    assert run.code == 0, run.output
    assert kiosk.live() != live
    assert visitor.seen == {(503, None, release) for release in (live, kiosk.live())}


def test_it_is_closed_after_a_boot(kiosk: Stack) -> None:
    subprocess.run(["docker", "restart", "--time=0", container()], check=True, capture_output=True)
    with Visitor(kiosk, "/", pause=0.02) as visitor:
        wait_until(lambda: 503 in visitor.statuses, 60)
    assert 200 not in visitor.statuses
    assert kiosk.get().headers["retry-after"] == "77"


def test_whoever_is_let_in_gets_through(kiosk: Stack, playbook: Playbook) -> None:
    wait_until(lambda: kiosk.host.run("docker ps").rc == 0, 60)
    assert _switch(playbook, "on", maintenance_allow=[_own_address(kiosk)], maintenance_retry_after=77) == 1
    wait_until(lambda: kiosk.get().status == 200)
    assert kiosk.get().body == "good evening\n"


def test_it_opens_again(kiosk: Stack, playbook: Playbook) -> None:
    assert _switch(playbook, "on", maintenance_allow=[NOBODY]) == 1
    wait_until(lambda: kiosk.get().status == 503)
    before = kiosk.tree()
    assert _switch(playbook, "off", "--check") == 1
    assert (kiosk.tree(), kiosk.get().status) == (before, 503)
    with Visitor(kiosk, "/", pause=0.01) as visitor:
        assert _switch(playbook, "off") == 1
        wait_until(lambda: kiosk.get().status == 200)
    assert visitor.statuses == {200, 503}
    assert _switch(playbook, "off") == 0
    assert "maintenance:" not in playbook("status").output
    back = playbook("deploy")
    assert back.code == 0, back.output

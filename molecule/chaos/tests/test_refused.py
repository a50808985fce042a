"""Rollouts that are refused: another rollout runs, or the registry cannot be reached."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.chaos import Controller, Watch
from tests.support.stacks import Stack, described

Playbook = Callable[..., Any]
Converge = Callable[[str], float]

INVENTORY = Path(os.environ["MOLECULE_SCENARIO_DIRECTORY"])
REGISTRY = "172.31.250.2"
UNSEEN = "registry:5000/library/nginx:unseen"


@pytest.fixture
def _no_registry(host: Any) -> Iterator[None]:
    """Block the server's connections to the registry."""
    host.check_output(f"sudo iptables -I OUTPUT -d {REGISTRY} -j REJECT")
    yield
    host.check_output(f"sudo iptables -D OUTPUT -d {REGISTRY} -j REJECT")


def test_one_of_two_concurrent_deploys_is_refused(
    kiosk: Stack, playbook: Playbook, converge: Converge, greetings: Iterator[str]
) -> None:
    mine, other = next(greetings), next(greetings)
    watch = Watch(kiosk.home, 3, what="look")
    first = Controller("deploy", kiosk_greeting=mine)
    assert watch.found() is not None
    second = playbook("deploy", kiosk_greeting=other)
    code, output = first.wait()
    assert code == 0, output
    assert second.code == 2, second.output
    winner = kiosk.audit()[-1]
    assert f"a rollout of release {winner['release']} by {winner['owner']} has been under way for" in second.output
    assert (kiosk.live(), kiosk.get().body) == (winner["release"], f"{mine}\n")
    converge(other)


@pytest.mark.usefixtures("_no_registry")
def test_an_image_that_only_an_unreachable_registry_has_is_refused(
    kiosk: Stack, playbook: Playbook, greetings: Iterator[str]
) -> None:
    before, containers = kiosk.tree(), kiosk.containers()
    services = described(INVENTORY, page={"image": UNSEEN})
    run = playbook("deploy", stack_services=services, kiosk_greeting=next(greetings))
    assert run.code == 2, run.output
    assert f"{UNSEEN} is not on this host, and registry:5000 cannot be reached" in run.output
    assert (kiosk.tree(), kiosk.containers()) == (before, containers)

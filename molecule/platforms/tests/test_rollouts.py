"""Provisioned, deployed, upgraded and rolled back. The tests build upon each other in this order."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

from testbed.load.session import Load
from tests.support import support_page
from tests.support.rollouts import Rollouts
from tests.support.stacks import Stack

Here = Callable[..., Any]
UnderLoad = Callable[[str], AbstractContextManager[Load]]

OLD, NEW = "1.0.0", "1.1.0"


def _versions(rollouts: Rollouts, step: str) -> set[str | None]:
    return {sample.version for sample in rollouts.reports[step].samples}


def test_the_server_has_what_the_support_page_says(shop: Stack) -> None:
    assert support_page.found(shop.host) == support_page.promised(shop.host)


def test_a_server_that_is_provisioned_is_left_alone(here: Here) -> None:
    run = here("provision")
    assert (run.code, run.changed) == (0, 0), run.output


def test_an_upgrade_under_load(name: str, shop: Stack, here: Here, under_load: UnderLoad, rollouts: Rollouts) -> None:
    kept = {service: shop.containers(service) for service in ("db", "redis", "edge", "edge-pod")}
    with under_load("upgrade"):
        run = here("deploy", app_version=NEW)
    assert run.code == 0, run.output
    assert _versions(rollouts, f"{name}: upgrade") == {OLD, NEW}
    assert {service: shop.containers(service) for service in kept} == kept
    assert here("verify").code == 0


def test_compose_by_hand_finds_nothing_to_do(shop: Stack) -> None:
    before = shop.containers()
    shop.host.check_output("cd %s/current && sudo docker compose up --detach", shop.home)
    assert shop.containers() == before


def test_a_rollback_under_load(name: str, shop: Stack, here: Here, under_load: UnderLoad, rollouts: Rollouts) -> None:
    with under_load("rollback"):
        run = here("rollback")
    assert run.code == 0, run.output
    assert _versions(rollouts, f"{name}: rollback") == {NEW, OLD}
    assert here("verify").code == 0
    assert shop.get("/api/version").headers["x-app-version"] == OLD

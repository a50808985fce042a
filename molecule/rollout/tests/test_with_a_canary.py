"""A new release that is tried with a part of the requests, behind nginx. After the tests under load."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.support.canaries import FAULTY, assert_divided, assert_reverted
from tests.support.rollouts import Length
from tests.support.stacks import Stack

Playbook = Callable[..., Any]
Services = Callable[..., dict[str, Any]]

OLD, NEW = "1.0.0", "1.1.0"
PORT = 8420


def _seconds(length: Length) -> str:
    return f"{8 + length.rest}s"


def test_visitors_stay_on_one_release_until_the_switch(
    shop: Stack, playbook: Playbook, services: Services, length: Length
) -> None:
    canary = {"for": _seconds(length), "weight": 50}
    # The rollback of the last step went back to this version.
    assert shop.get("/api/version").headers["x-app-version"] == OLD
    assert_divided(
        shop,
        lambda: playbook("deploy", app_version=NEW, stack_services=services(), deploy_canary=canary),
        (OLD, NEW),
    )
    assert shop.get("/api/version").headers["x-app-version"] == NEW


def test_a_backend_that_fails_sometimes_is_reverted(
    shop: Stack, playbook: Playbook, services: Services, length: Length
) -> None:
    faulty = services(backend=FAULTY)
    assert_reverted(
        shop,
        lambda: playbook("deploy", app_version=NEW, stack_services=faulty, deploy_canary={"for": "60s"}),
        PORT,
    )

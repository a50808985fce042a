"""A new release that is tried with a part of the requests, behind Traefik. After the tests under load."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.support.canaries import FAULTY, assert_divided, assert_reverted
from tests.support.stacks import Stack

Playbook = Callable[..., Any]
Services = Callable[..., dict[str, Any]]

OLD, NEW = "1.0.0", "1.1.0"
PORT = 8425


def test_visitors_stay_on_one_release_until_the_switch(stack: Stack, playbook: Playbook, services: Services) -> None:
    assert playbook("deploy", app_version=OLD, stack_services=services()).code == 0
    canary = {"for": "20s", "weight": 50}
    assert_divided(
        stack,
        lambda: playbook("deploy", app_version=NEW, stack_services=services(), deploy_canary=canary),
        (OLD, NEW),
    )


def test_a_backend_that_fails_sometimes_is_reverted(stack: Stack, playbook: Playbook, services: Services) -> None:
    faulty = services()
    faulty["backend"].update(FAULTY)
    assert_reverted(
        stack,
        lambda: playbook("deploy", app_version=NEW, stack_services=faulty, deploy_canary={"for": "60s"}),
        PORT,
    )

"""If a release fails, the old release keeps serving."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.support.stacks import Stack, Visitor

Playbook = Callable[..., Any]
Backend = Callable[..., dict[str, Any]]


@pytest.fixture(autouse=True)
def _at_first_version(at_version: Callable[[str], None]) -> None:
    at_version("1.0.0")


def test_check_mode_shows_the_plan_and_changes_nothing(shop: Stack, playbook: Playbook) -> None:
    before, containers = shop.tree(), shop.containers()
    run = playbook("deploy", "--check", "--diff", app_version="1.1.0")
    assert run.code == 0, run.output
    assert run.changed >= 1
    for service in ("backend", "worker", "beat", "frontend"):
        assert f"{service} " in run.output.partition("plan for shop")[2].partition("unchanged")[0]
    assert "4 unchanged" in run.output
    assert "shop/backend:1.1.0" in run.output
    assert (shop.tree(), shop.containers()) == (before, containers)


def test_a_version_that_never_gets_healthy_leaves_the_old_one_serving(
    shop: Stack, playbook: Playbook, backend: Backend
) -> None:
    live, containers = shop.live(), shop.containers()
    # The health check fails after seconds instead of a minute.
    services = backend(health={"start_period": "20s", "interval": "1s", "retries": 3})
    with Visitor(shop, "/api/version") as visitor:
        run = playbook("deploy", app_version="1.2.0-unhealthy", stack_services=services)
    assert run.code == 2, run.output
    assert "service 'backend': " in run.output
    assert "is unhealthy" in run.output
    # The last lines of its log, and the output of its health check.
    assert "the ledger is unavailable: made so for tests" in run.output
    assert "HTTP Error 503" in run.output
    assert f"{live} keeps serving" in run.output
    assert visitor.seen == {(200, "1.0.0", live)}
    assert shop.audit()[-1]["outcome"] == "failed"
    assert "is unhealthy" in shop.audit()[-1]["reason"]
    assert (shop.live(), shop.containers()) == (live, containers)


def test_a_release_job_that_fails_replaces_nothing(shop: Stack, playbook: Playbook, backend: Backend) -> None:
    live, containers = shop.live(), shop.containers()
    services = backend(release="alembic upgrade no_such_revision")
    run = playbook("deploy", app_version="1.1.0", stack_services=services)
    assert run.code == 2, run.output
    assert "service 'backend': its release job failed" in run.output
    assert "no_such_revision" in run.output
    assert (shop.live(), shop.containers()) == (live, containers)
    assert shop.get("/api/version").headers["x-app-version"] == "1.0.0"

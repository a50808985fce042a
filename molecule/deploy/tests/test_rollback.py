"""Roll back to a version that does not know the current database schema."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.support.stacks import Stack

Playbook = Callable[..., Any]
NEWER = "1.3.0-migrated"


@pytest.fixture
def migrated(host: Any, shop: Stack, playbook: Playbook, at_version: Callable[[str], None]) -> Iterator[None]:
    """Migrate the database with a newer version, and undo the migration at the end."""
    at_version("1.0.0")
    run = playbook("deploy", app_version=NEWER)
    assert run.code == 0, run.output
    newer = shop.live()
    yield
    downgrade = "docker compose run --rm --no-deps -T backend-release alembic downgrade 0002"
    host.check_output(f"cd {shop.home}/releases/{newer} && sudo {downgrade}")


@pytest.mark.usefixtures("migrated")
def test_a_version_that_does_not_know_the_database_is_refused_unless_declared_compatible(
    shop: Stack, playbook: Playbook
) -> None:
    live, before = shop.live(), shop.containers()
    run = playbook("rollback")
    assert run.code != 0
    assert "service 'backend': registry:5000/shop/backend:1.0.0 does not know the current database schema" in run.output
    assert "Can't locate revision identified by '0003'" in run.output
    assert "rollback_compatible=true" in run.output
    assert (shop.live(), shop.containers()) == (live, before)
    assert shop.get("/api/version").headers["x-app-version"] == NEWER

    run = playbook("rollback", rollback_compatible=True)
    assert run.code == 0, run.output
    assert shop.get("/api/version").headers["x-app-version"] == "1.0.0"
    assert shop.live() < live

"""Commands as people write them, and the check of a release job."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.slipway.stack.plugins.plugin_utils.description import commands


def _release(job: Any = None, check: Any = None, once: bool | None = None) -> tuple[Any, Any]:
    return commands.release("service 'web'", {"release": job, "release_check": check, "release_once": once})


@pytest.mark.parametrize(
    ("job", "check"),
    [
        ("alembic upgrade head", ["alembic", "current"]),
        (
            "/opt/venv/bin/alembic -c db/alembic.ini upgrade head",
            ["/opt/venv/bin/alembic", "-c", "db/alembic.ini", "current"],
        ),
        (["uv", "run", "alembic", "upgrade", "head"], ["uv", "run", "alembic", "current"]),
        ("sh -c 'alembic upgrade head && seed'", None),
        ("python manage.py migrate", None),
        ("apt upgrade", None),
        (None, None),
    ],
)
def test_alembic_has_a_default_check(job: Any, check: list[str] | None) -> None:
    assert _release(job)[1] == check


def test_a_check_of_its_own_replaces_the_default_and_keeps_dollars() -> None:
    assert _release("alembic upgrade head", "check --price $5")[1] == ["check", "--price", "$5"]
    assert _release("pay $5")[0] == ["pay", "$$5"]


@pytest.mark.parametrize(("given", "key"), [({"check": "look"}, "release_check"), ({"once": False}, "release_once")])
def test_settings_of_a_job_without_a_job_are_refused(given: dict[str, Any], key: str) -> None:
    with pytest.raises(ValueError, match=f"service 'web': key '{key}': there is no release job"):
        _release(**given)

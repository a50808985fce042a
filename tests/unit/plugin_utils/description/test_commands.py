"""Commands that a person wrote, and what follows from a release job."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.slipway.stack.plugins.plugin_utils.description import commands


def _release(job: Any = None, check: Any = None, once: bool | None = None) -> dict[str, Any]:
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
def test_alembic_is_asked_for_its_revision(job: Any, check: list[str] | None) -> None:
    assert _release(job)["release_check"] == check


def test_a_check_of_ones_own_goes_before_and_keeps_its_dollars() -> None:
    found = _release("alembic upgrade head", "check --price $5")
    assert found["release_check"] == ["check", "--price", "$5"]
    assert _release("pay $5")["release"] == ["pay", "$$5"]


@pytest.mark.parametrize(("given", "key"), [({"check": "look"}, "release_check"), ({"once": False}, "release_once")])
def test_settings_of_a_job_want_a_job(given: dict[str, Any], key: str) -> None:
    with pytest.raises(ValueError, match=f"service 'web': key '{key}': there is no release job"):
        _release(**given)

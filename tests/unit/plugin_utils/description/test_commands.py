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


@pytest.mark.parametrize(
    ("command", "check"),
    [
        ("alembic upgrade head", ["alembic", "current"]),
        (["alembic", "upgrade", "head"], ["alembic", "current"]),
        ("bash scripts/prestart.sh", None),
        (None, None),
        ([], None),
    ],
)
def test_a_service_that_runs_once_is_a_job_itself(command: Any, check: list[str] | None) -> None:
    values = {"release": None, "release_check": None, "release_once": None, "command": command}
    assert commands.release("service 'prestart'", values, runs_once=True) == (None, check)
    given = {**values, "release_check": "alembic current --check-heads"}
    assert commands.release("service 'prestart'", given, runs_once=True)[1] == ["alembic", "current", "--check-heads"]


def test_a_service_that_runs_once_has_no_release_once() -> None:
    values = {"release": None, "release_check": None, "release_once": True, "command": "x"}
    with pytest.raises(ValueError, match="key 'release_once': there is no release job"):
        commands.release("service 'prestart'", values, runs_once=True)


@pytest.mark.parametrize(("given", "key"), [({"check": "look"}, "release_check"), ({"once": False}, "release_once")])
def test_settings_of_a_job_without_a_job_are_refused(given: dict[str, Any], key: str) -> None:
    with pytest.raises(ValueError, match=f"service 'web': key '{key}': there is no release job"):
        _release(**given)

"""How the data of a service is saved: by its kind, by its own words, or not at all."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.slipway.stack.plugins.plugin_utils.description import backups, kinds

from tests.support.descriptions import KINDS, model, parcel, plain

SCRIPTS = {"dump": "save", "restore": "load"}
NAMED = {"each": "list", "swap": "rename", "drop": "remove", "exists": "look"}


def _saved(services: dict[str, Any], name: str) -> Any:
    return model(services, {}).services[name].backup


def test_a_database_is_saved_by_its_kind() -> None:
    saved = _saved({"db": {"kind": "postgres"}}, "db")
    assert list(saved["archives"]) == ["roles", "database"]
    assert saved["volumes"] == {}
    scripts = [text for key, text in saved["archives"]["database"].items() if text]
    # Each script knows the user.
    assert {text.splitlines()[1] for text in scripts} == {'export PGUSER="${PGUSER:-postgres}"'}


def test_a_cache_is_saved_if_the_service_says_so() -> None:
    assert _saved({"cache": {"kind": "redis"}}, "cache") is None
    saved = _saved({"cache": {"kind": "redis", "backup": True}}, "cache")
    assert saved["archives"]["keys"]["target"] == "/data"
    assert "/run/secrets/cache_password" in saved["archives"]["keys"]["dump"]


def test_a_service_says_that_nothing_of_it_is_saved() -> None:
    assert _saved({"db": {"kind": "postgres", "backup": False}}, "db") is None


def test_a_service_names_its_volumes() -> None:
    volumes = ["uploads:/uploads", "/srv/exports:/exports", "/srv/in:/in:ro"]
    modes = {"uploads": "paused", "/srv/exports": "none"}
    assert _saved({"app": plain(volumes=volumes, backup={"volumes": modes})}, "app") == {
        "archives": {},
        "volumes": {
            "uploads": {"mode": "paused", "target": "/uploads"},
            "/srv/exports": {"mode": "none", "target": "/exports"},
        },
    }


@pytest.mark.parametrize(
    ("backup", "said"),
    [
        (True, "its kind does not say how to save it; name its volumes"),
        ({"volumes": {"upload": "paused"}}, "no volume 'upload'; did you mean 'uploads'?; its volumes: uploads"),
        ({"volumes": {"uploads": "frozen"}}, "'frozen'; valid values: running, paused, stopped, none"),
        ({"volume": {}}, "volume"),
        ("yes", "backup"),
    ],
)
def test_what_cannot_be_is_refused(backup: Any, said: str) -> None:
    with pytest.raises(ValueError, match="service 'app': key 'backup'") as error:
        model({"app": plain(volumes=["uploads:/uploads"], backup=backup)}, {})
    assert said in str(error.value)


@pytest.mark.parametrize(
    ("keys", "unsaved"),
    [
        ({"volumes": ["uploads:/uploads", "/run/docker.sock:/s", "/srv/in:/in:ro"]}, ["uploads"]),
        ({"volumes": ["uploads:/uploads"], "backup": False}, []),
        ({"volumes": ["a:/a", "b:/b"], "backup": {"volumes": {"b": "none"}}}, ["a"]),
        ({}, []),
    ],
)
def test_volumes_that_nobody_has_thought_of_are_known(keys: dict[str, Any], unsaved: list[str]) -> None:
    entry = parcel({"app": plain(**keys)}, {}).services["app"]
    assert entry.get("unsaved", []) == unsaved


def test_what_an_archive_has_is_not_unsaved() -> None:
    services = parcel({"db": {"kind": "postgres"}, "cache": {"kind": "redis"}}, {}).services
    assert [services[name].get("unsaved") for name in services] == [None, None]


@pytest.mark.parametrize(
    ("image", "service_class", "known"),
    [
        ("postgres:17", "stateful", True),
        ("registry.example.com/pgvector/pgvector:pg17", "stateful", True),
        ("postgres:17", "oneshot", False),
        ("postgres:17", "rolling", False),
        ("mysql:8", "stateful", False),
    ],
)
def test_a_postgres_of_a_teams_own_files_is_saved_as_one(image: str, service_class: str, known: bool) -> None:
    assert bool(backups.known_image(image, service_class, KINDS)) == known
    assert backups.known_image(image, service_class, {}) == {}
    services = {"db": {"kind": "compose", "image": image, "class": service_class, "volumes": ["data:/data"]}}
    assert bool(_saved(services, "db")) == known


def _kind(**archive: Any) -> None:
    kinds.parse(
        "own", {"description": "x", "class": "stateful", "image": "x:1", "backup": {"archives": {"all": archive}}}
    )


def test_a_kind_of_a_team_says_how_it_is_saved() -> None:
    _kind(**SCRIPTS)
    _kind(**SCRIPTS, **NAMED)


@pytest.mark.parametrize(
    ("archive", "said"),
    [
        ({"dump": "save"}, "restore"),
        ({**SCRIPTS, "resotre": "x"}, "resotre"),
        ({**SCRIPTS, "swap": "x"}, "archive 'all': it has swap, and not each, drop, exists"),
        ({**SCRIPTS, "dump": ["save"]}, "dump"),
    ],
)
def test_a_kind_with_half_a_method_is_refused(archive: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match="key 'backup'") as error:
        _kind(**archive)
    assert said in str(error.value)

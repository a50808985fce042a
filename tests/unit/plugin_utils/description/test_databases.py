"""Databases of one's own in a Postgres that is shared, and who must not share one."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.descriptions import example, model, parcel, plain
from tests.support.errors import error_of

OWN = {"kind": "postgres_database", "needs": ["db"]}
LANGFLOW = {"kind": "langflow", "needs": ["langflow-db"]}


def _services(**further: Any) -> dict[str, Any]:
    return {**example(), **{name.replace("_", "-"): keys for name, keys in further.items()}}


WHOLE = _services(langflow_db=OWN, langflow=LANGFLOW)


def test_langflow_is_told_its_own_database_without_being_asked() -> None:
    env = next(file for file in parcel(WHOLE).secret_files if file["name"] == "langflow_env")
    text = "".join(part if isinstance(part, str) else f"<{part['secret']}>" for part in env["parts"])
    assert (
        'LANGFLOW_DATABASE_URL="postgresql://langflow_db:<langflow-db_password>@db:5432/langflow_db"'
        in text.splitlines()
    )


def test_whoever_needs_a_database_waits_until_it_is_made() -> None:
    services = model(WHOLE).services
    assert services["langflow"].depends_on == ("langflow-db",)
    assert services["langflow-db"].depends_on == ("db",)
    assert services["langflow-db"].service_class == "oneshot"
    assert "data" in services["langflow"].networks


def test_a_service_is_told_where_its_database_is() -> None:
    told = model(_services(own=OWN, app={**example()["backend"], "needs": ["own"]})).services["app"]
    assert {key: told.environment[f"POSTGRES_{key}"] for key in ("HOST", "DB", "USER", "PASSWORD_FILE")} == {
        "HOST": "db",
        "DB": "own",
        "USER": "own",
        "PASSWORD_FILE": "/run/secrets/own_password",
    }


def test_a_job_on_a_database_of_this_host_runs_on_each_host() -> None:
    services = _services(own=OWN, app={**example()["backend"], "needs": ["own"]})
    assert model(services).services["app"].release_once is False


SHARES = (
    "service 'langflow': key 'needs': 'backend' migrates the database 'db' as well, and langflow drops another "
    "service's alembic_version when it starts; need a database of its own: langflow-db: {kind: "
    "postgres_database, needs: [db]}"
)


@pytest.mark.parametrize(
    ("services", "sentence"),
    [
        (_services(langflow={"kind": "langflow", "needs": ["db"]}), SHARES),
        (
            _services(
                own=OWN,
                langflow={"kind": "langflow", "needs": ["own"]},
                backend={**example()["backend"], "needs": ["own"]},
            ),
            SHARES.replace("'db' as", "'own' as"),
        ),
        (
            _services(
                own=OWN, langflow={"kind": "langflow", "needs": ["own"]}, other={"kind": "langflow", "needs": ["own"]}
            ),
            SHARES.replace("'db' as", "'own' as").replace("'backend'", "'other'"),
        ),
        (
            _services(langflow={"kind": "langflow", "needs": ["redis"]}),
            (
                "service 'langflow': key 'needs': kind 'langflow' wants exactly one database, for "
                "its LANGFLOW_DATABASE_URL; "
                "found none. Describe langflow-db: {kind: postgres_database, needs: [NAME]}, with NAME "
                "being the Postgres, and "
                "need that"
            ),
        ),
        (
            _services(langflow_db={**OWN, "database": "shop"}, langflow=LANGFLOW),
            (
                "service 'langflow-db': key 'database': 'shop' is the database of service 'db' on "
                "the same server already; "
                "choose another"
            ),
        ),
        (
            _services(langflow_db={**OWN, "username": "shop"}, langflow=LANGFLOW),
            (
                "service 'langflow-db': key 'username': 'shop' is the username of service 'db' on "
                "the same server already; "
                "choose another"
            ),
        ),
    ],
)
def test_refused(services: dict[str, Any], sentence: str) -> None:
    assert error_of(model, services) == sentence


def test_a_service_that_migrates_nothing_may_share() -> None:
    services = _services(
        langflow_db=OWN, langflow=LANGFLOW, report={"kind": "job", "image": "a:1", "needs": ["langflow-db"]}
    )
    assert "report" in model(services).services


@pytest.mark.parametrize(
    "needs", [["db"], ["redis", "db"], ["redis", {"service": "db"}], [{"service": "twin", "prefix": "TWIN"}, "db"]]
)
def test_a_database_is_made_in_the_server_that_is_needed_wherever_it_stands(needs: list[Any]) -> None:
    services = {**example(), "twin": OWN, "own": {**OWN, "needs": needs}, "web": plain(needs=["own"])}
    assert model(services).services["web"].environment["POSTGRES_HOST"] == "db"


def test_a_database_is_at_the_port_of_its_server() -> None:
    services = {**example(db={"port": 5433}), "own": OWN, "web": plain(needs=[{"service": "own", "url": "URL"}])}
    web = model(services).services["web"]
    assert web.environment["POSTGRES_PORT"] == "5433"
    assert web.secret_env is not None
    assert "@db:5433/own" in "".join(str(part) for part in web.secret_env.parts)


@pytest.mark.parametrize("needs", [[], ["redis"]])
def test_a_database_without_a_server_is_refused(needs: list[str]) -> None:
    assert error_of(model, {**example(), "own": {**OWN, "needs": needs}}) == (
        "service 'own': key 'needs': it names no server to create the database in; name the Postgres there"
    )


def test_a_server_that_is_misspelt_is_told_as_such() -> None:
    assert error_of(model, {**example(), "own": {**OWN, "needs": ["dbb"]}}) == (
        "service 'own': key 'needs': there is no other service 'dbb'; did you mean 'db'?"
    )

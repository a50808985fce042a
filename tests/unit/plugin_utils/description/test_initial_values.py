"""Which values a database keeps: from its kind, from variables, and from Compose files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support import compose_projects
from tests.support.descriptions import parcel, plain

PASSWORD = [{"secret": "db_password", "quote": "raw"}]


def _initial(services: Any, name: str = "db", secrets: Any = None) -> Any:
    return parcel(services, secrets or {}).services[name]["initial"]


def test_the_kind_postgres() -> None:
    found = _initial({"db": {"kind": "postgres"}})
    assert found["volume"] == "db-data"
    assert {name: value["parts"] for name, value in found["values"].items()} == {
        "POSTGRES_DB": ["shop"],
        "POSTGRES_USER": ["shop"],
        "POSTGRES_PASSWORD": PASSWORD,
    }
    assert found["values"]["POSTGRES_PASSWORD"]["file"] == "SECRET_DB_PASSWORD_999"


@pytest.mark.parametrize(
    ("image", "variable"),
    [
        ("mysql:9", "MYSQL_ROOT_PASSWORD"),
        ("mariadb:11", "MARIADB_PASSWORD"),
        ("mongo:8", "MONGO_INITDB_ROOT_PASSWORD"),
        ("rabbitmq:4", "RABBITMQ_DEFAULT_PASS"),
        ("influxdb:2", "DOCKER_INFLUXDB_INIT_PASSWORD"),
        ("neo4j:5", "NEO4J_AUTH"),
        ("bitnami/postgresql:17", "POSTGRESQL_PASSWORD"),
        ("postgis/postgis:16-3.4", "POSTGRES_PASSWORD"),
    ],
)
def test_other_databases(image: str, variable: str) -> None:
    keys = {"class": "stateful", "image": image, "volumes": ["rows:/data"]}
    inside = plain(**keys, secrets=[{"name": "pw", "env": variable, "text": "x/{pw}"}])
    found = _initial({"db": inside}, secrets={"pw": "1"})
    assert (found["volume"], found["values"][variable]["parts"]) == ("rows", ["x/", {"secret": "pw", "quote": "raw"}])
    in_a_file = plain(**keys, secrets=["pw"], environment={f"{variable}_FILE": "/run/secrets/pw"})
    assert _initial({"db": in_a_file}, secrets={"pw": "1"})["values"][variable]["parts"][0]["secret"] == "pw"


@pytest.mark.parametrize(
    "keys",
    [
        {"environment": {"POSTGRES_PASSWORD": "x"}},
        {"class": "stateful", "environment": {"POSTGRES_PASSWORD": "x"}},
        {"class": "stateful", "volumes": ["rows:/data"], "environment": {"POSTGRES_HOST": "x"}},
    ],
    ids=["no data service", "no volume", "nothing is kept"],
)
def test_a_service_that_keeps_nothing(keys: dict[str, Any]) -> None:
    assert _initial({"db": plain(**keys)}) is None


def test_a_service_of_a_compose_file(tmp_path: Path) -> None:
    variables = {"POSTGRES_USER": "app", "POSTGRES_PASSWORD": "${DB_PASSWORD}", "POSTGRES_DB": "${DB_NAME:-app}"}
    database = {"image": "postgres:17", "environment": variables, "volumes": ["rows:/var/lib/postgresql/data"]}
    document = {"services": {"db": database}, "volumes": {"rows": {"name": "old_rows"}}}
    (tmp_path / "docker-compose.yml").write_text(yaml.safe_dump(document))
    (tmp_path / ".env").write_text("DB_PASSWORD=hunter2hunter2\n")
    found = compose_projects.parcel(tmp_path).services["db"]["initial"]
    assert found["volume"] == "rows"
    assert found["values"]["POSTGRES_USER"]["parts"] == ["app"]
    assert [part["secret"] for part in found["values"]["POSTGRES_PASSWORD"]["parts"]]

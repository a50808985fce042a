"""Where the data of a Postgres is: for its kind, for other kinds, and for services of Compose files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support import compose_projects
from tests.support.descriptions import parcel, plain
from tests.support.errors import error_of

OTHERS = ["PG_VERSION", "data/PG_VERSION", "*/docker/PG_VERSION"]


def _of_kind(**keys: Any) -> Any:
    release = parcel({"db": {"kind": "postgres", **keys}})
    return release.services["db"]["data_version"], release.services["db"]["settings"]["volumes"]


@pytest.mark.parametrize(
    ("keys", "major", "target"),
    [
        ({}, "17", "/var/lib/postgresql/data"),
        ({"version": 16}, "16", "/var/lib/postgresql/data"),
        ({"version": "17-bookworm"}, "17", "/var/lib/postgresql/data"),
        ({"version": "9.6"}, "9.6", "/var/lib/postgresql/data"),
        ({"version": "18-alpine"}, "18", "/var/lib/postgresql"),
        ({"version": "18beta1"}, "18", "/var/lib/postgresql"),
        ({"image": "pgvector/pgvector:pg18"}, "18", "/var/lib/postgresql"),
        ({"image": "postgis/postgis:16-3.4"}, "16", "/var/lib/postgresql/data"),
        ({"image": "registry.example.com/shop/db:1.4.2"}, "17", "/var/lib/postgresql/data"),
        ({"image": "registry.example.com/shop/db:1.4.2", "version": "18"}, "18", "/var/lib/postgresql"),
    ],
)
def test_the_kind_postgres(keys: dict[str, Any], major: str, target: str) -> None:
    version, volumes = _of_kind(**keys)
    assert (version["is"], version["volume"]) == (major, "db-data")
    assert f"db-data:{target}" in volumes


@pytest.mark.parametrize("version", ["latest", "alpine", "bookworm", "1.4.2", "20260101"])
def test_a_version_that_says_no_major_version_is_refused(version: str) -> None:
    assert error_of(_of_kind, version=version) == (
        f"service 'db': key 'version': {version!r} does not say which major version of Postgres it is; write one, such "
        "as 17, 17-bookworm or 18.1"
    )


def test_a_version_other_than_that_of_the_image_is_refused() -> None:
    assert error_of(_of_kind, image="postgres:16", version="17") == (
        "service 'db': key 'version': '17', but the image postgres:16 is of version 16; remove the key, or write the "
        "same version"
    )


@pytest.mark.parametrize(
    ("image", "keys", "expected"),
    [
        ("postgres:17", {"volumes": ["rows:/var/lib/postgresql/data"]}, ("17", "rows", OTHERS)),
        ("postgres:17", {"volumes": ["/srv/pg:/var/lib/postgresql/data:Z"]}, ("17", "/srv/pg", OTHERS)),
        ("postgres:18", {"volumes": ["rows:/var/lib/postgresql"]}, ("18", "rows", ["18/docker/PG_VERSION", *OTHERS])),
        (
            "postgis/postgis:16-3.4",
            {
                "volumes": ["rows:/var/lib/postgresql/data"],
                "environment": {"PGDATA": "/var/lib/postgresql/data/pgdata"},
            },
            ("16", "rows", ["pgdata/PG_VERSION", *OTHERS]),
        ),
        (
            "pgvector/pgvector:pg17",
            {"compose": {"volumes": [{"type": "volume", "source": "rows", "target": "/var/lib/postgresql/data"}]}},
            ("17", "rows", OTHERS),
        ),
    ],
)
def test_any_service_with_a_known_image(image: str, keys: dict[str, Any], expected: tuple[str, str, list[str]]) -> None:
    given = parcel({"db": plain(image=image, **{"class": "stateful"}, **keys)}).services["db"]["data_version"]
    assert (given["is"], given["volume"], given["files"]) == expected


@pytest.mark.parametrize(
    ("image", "keys"),
    [
        ("postgres:latest", {"volumes": ["rows:/var/lib/postgresql/data"]}),
        ("postgres:17", {}),
        ("postgres:17", {"volumes": ["rows:/backup"]}),
        ("nginx:1.30", {"volumes": ["rows:/var/lib/postgresql/data"]}),
    ],
)
def test_a_service_of_which_nothing_is_known(image: str, keys: dict[str, Any]) -> None:
    assert parcel({"db": plain(image=image, **keys)}).services["db"]["data_version"] is None


def test_a_service_of_a_compose_file(tmp_path: Path) -> None:
    database = {"image": "postgres:16-alpine", "volumes": ["rows:/var/lib/postgresql/data"]}
    unknown = {"image": "timescale/timescaledb:latest", "volumes": ["ticks:/var/lib/postgresql/data"]}
    volumes = {"rows": {"name": "old_rows"}, "ticks": {}}
    document = {"services": {"db": database, "ticks": unknown}, "volumes": volumes}
    (tmp_path / "docker-compose.yml").write_text(yaml.safe_dump(document))
    release = compose_projects.parcel(tmp_path)
    assert release.services["db"]["data_version"] == {"is": "16", "volume": "rows", "files": OTHERS}
    assert release.volumes["rows"] == {"name": "old_rows"}
    assert release.services["ticks"]["data_version"] is None
    assert release.notes["ticks"][-1] == (
        "the tag of timescale/timescaledb:latest does not say its major version, so its data is not compared with it"
    )

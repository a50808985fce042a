"""The tables of datastores agree with each other, and images are found by their name and not by their registry."""

from __future__ import annotations

import pytest
from ansible_collections.slipway.stack.plugins.plugin_utils.compose_reader.image_reference import parse
from ansible_collections.slipway.stack.plugins.plugin_utils.policy import known_datastores, known_software


@pytest.mark.parametrize(
    "name", ["POSTGRES", "REDIS", "MYSQL", "DATABASES", "TAGS_WITHOUT_VERSION_FIRST", "RUN_AS_ROOT"]
)
def test_a_group_has_only_known_datastores(name: str) -> None:
    assert set(getattr(known_datastores, name)) <= set(known_datastores.DATASTORES)


def test_a_datastore_is_no_proxy_and_no_tool() -> None:
    others = known_software.PROXIES | known_software.DEVELOPMENT_TOOLS | known_software.ONE_OFF_IMAGES
    assert not set(known_datastores.DATASTORES) & others


def test_the_data_paths_are_absolute() -> None:
    assert all(
        path.startswith("/") and path == path.rstrip("/") for p in known_datastores.DATASTORES.values() for path in p
    )


@pytest.mark.parametrize(
    ("image", "name"),
    [
        ("postgres:17", "postgres"),
        ("docker.io/library/postgres:17", "postgres"),
        ("registry.example.com:5000/acme/postgres@sha256:0b2c1f4cb5b1d3ac8ef5c7c3a1e1d2f3", "postgres"),
        ("mcr.microsoft.com/mssql/server:2022-latest", "mssql/server"),
        ("registry.example.com/mirror/mssql/server:2022", "mssql/server"),
        ("acme/server:1", ""),
        ("acme/postgres-exporter:1", ""),
        ("mongodb/mongodb-community-server:7.0-ubi8", "mongodb-community-server"),
    ],
)
def test_an_image_is_found_by_its_name(image: str, name: str) -> None:
    assert known_datastores.name_of(parse(image)) == name


@pytest.mark.parametrize(
    ("image", "first"),
    [
        ("bitnami/postgresql:16", "/bitnami/postgresql"),
        ("bitnamilegacy/mongodb:7", "/bitnami/mongodb"),
        ("acme/postgresql:16", "/var/lib/postgresql"),
        ("influxdb:1.8", "/var/lib/influxdb"),
        ("influxdb:2.7", "/var/lib/influxdb2"),
        ("influxdb:3-core", "/var/lib/influxdb3"),
    ],
)
def test_the_first_data_path_is_that_of_the_image(image: str, first: str) -> None:
    parsed = parse(image)
    assert known_datastores.data_paths(known_datastores.name_of(parsed), parsed)[0] == first

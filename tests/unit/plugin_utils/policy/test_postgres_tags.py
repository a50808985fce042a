"""The major version of Postgres in tags of the official image, of extensions and of bundles."""

from __future__ import annotations

import pytest
from ansible_collections.slipway.stack.plugins.plugin_utils.policy import postgres_tags


@pytest.mark.parametrize(
    ("image", "major"),
    [
        ("postgres:17", "17"),
        ("postgres:17.5", "17"),
        ("postgres:17-bookworm", "17"),
        ("postgres:17.5-bookworm", "17"),
        ("postgres:18-alpine", "18"),
        ("postgres:18-alpine3.22", "18"),
        ("postgres:18beta1", "18"),
        ("postgres:18beta1-alpine", "18"),
        ("postgres:18rc1-trixie", "18"),
        ("docker.io/library/postgres:16.9@sha256:" + "0" * 64, "16"),
        ("postgres:9.6.24-alpine", "9.6"),
        ("postgres:9", "9.6"),
        ("postgres:10.23", "10"),
        ("postgis/postgis:16-3.4", "16"),
        ("postgis/postgis:18-3.6-alpine", "18"),
        ("timescale/timescaledb:latest-pg16", "16"),
        ("timescale/timescaledb:2.17.2-pg17", "17"),
        ("timescale/timescaledb:2.17.2-pg14-oss", "14"),
        ("timescale/timescaledb:pg18", "18"),
        ("pgvector/pgvector:pg17", "17"),
        ("pgvector/pgvector:pg17-trixie", "17"),
        ("pgvector/pgvector:0.8.0-pg17", "17"),
        ("pgvector/pgvector:0.8.1-pg18-trixie", "18"),
        ("pgrouting/pgrouting:17-3.5-3.7.3", "17"),
        ("citusdata/citus:12.1-pg15", "15"),
        ("registry.example.com/shop/postgres:17", "17"),
        # Not known.
        ("postgres", ""),
        ("postgres:latest", ""),
        ("postgres:alpine", ""),
        ("postgres:bookworm", ""),
        ("timescale/timescaledb:2.17.2", ""),
        ("timescale/timescaledb:latest", ""),
        ("pgvector/pgvector:0.8.0", ""),
        ("citusdata/citus:12.1", ""),
        ("postgres:1.4.2", ""),
        ("postgres:20260101", ""),
        ("postgres:${TAG}", ""),
        ("nginx:17", ""),
    ],
)
def test_the_major_version_of_an_image(image: str, major: str) -> None:
    assert postgres_tags.major_of_image(image) == major


@pytest.mark.parametrize("version", range(10, 40))
@pytest.mark.parametrize(
    "form", ["{}", "{}.1", "{}-bookworm", "{}.3-alpine3.20", "{}beta2", "{}rc1", "pg{}", "2.1-pg{}-x", "v{}"]
)
def test_every_form_of_every_version(form: str, version: int) -> None:
    assert postgres_tags.major(form.format(version)) == str(version)

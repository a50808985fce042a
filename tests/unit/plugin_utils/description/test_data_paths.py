"""Data in the directory of a release, which is deleted with the release, is refused."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.descriptions import KINDS, model, parcel, plain
from tests.support.errors import error_of


@pytest.mark.parametrize(
    ("keys", "key", "source"),
    [
        ({"volumes": ["./uploads:/data"]}, "volumes", "./uploads"),
        ({"volumes": ["~/uploads:/data:ro"]}, "volumes", "~/uploads"),
        ({"compose": {"volumes": ["../uploads:/data"]}}, "compose.volumes", "../uploads"),
        (
            {"compose": {"volumes": [{"type": "bind", "source": "./uploads", "target": "/data"}]}},
            "compose.volumes",
            "./uploads",
        ),
        (
            {"environments": {"production": {"volumes": ["./uploads:/data"]}}},
            "environments.production.volumes",
            "./uploads",
        ),
    ],
)
def test_a_source_that_is_not_absolute_is_refused(keys: dict[str, Any], key: str, source: str) -> None:
    assert error_of(parcel, {"web": plain(**keys)}) == (
        f"service 'web': key {key!r}: {source!r} would be in the directory of one release: empty in the next "
        "release, and deleted with this one; use a named volume, such as web-data, or an absolute path, "
        "or mount a file "
        "of the repository with 'files' and 'src'"
    )


@pytest.mark.parametrize("volume", ["web-data:/data", "/srv/uploads:/data", "/data", "${UPLOADS}:/data"])
def test_any_other_stays(volume: str) -> None:
    assert volume in parcel({"web": plain(volumes=[volume])}).files["compose.yaml"]


def test_what_is_for_other_environments_is_not_this_ones() -> None:
    assert parcel({"web": plain(environments={"development": {"volumes": ["./src:/app"]}})}).files


def test_in_a_checkout_it_is_meant() -> None:
    stack = model({"web": plain(volumes=["./uploads:/data"])}, environment="development", sources={})
    assert stack.services["web"].volumes == ("./uploads:/data",)


def test_the_services_of_own_compose_files_have_a_rule_of_their_own() -> None:
    assert KINDS["compose"].plain
    assert parcel({"web": {"kind": "compose", "image": "app:1", "volumes": ["./uploads:/data"]}}).files

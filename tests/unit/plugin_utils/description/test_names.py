"""Names that are taken by what belongs to another service."""

from __future__ import annotations

from tests.support.descriptions import model, plain
from tests.support.errors import error_of


def test_a_service_that_is_called_like_a_release_job_is_refused() -> None:
    services = {"web": plain(release="migrate"), "web-release": plain()}
    assert error_of(model, services) == (
        "service 'web-release': this is the name of the release job of service 'web'; choose another name"
    )


def test_without_a_release_job_the_name_is_free() -> None:
    assert list(model({"web": plain(), "web-release": plain()}).services) == ["web", "web-release"]

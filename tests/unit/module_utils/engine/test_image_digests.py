from __future__ import annotations

import pytest
from ansible_collections.slipway.stack.plugins.module_utils.engine import docker, image_digests, registries
from ansible_collections.slipway.stack.plugins.module_utils.engine.docker import DockerError

from tests.support.fake_host import spec


def _registry(monkeypatch: pytest.MonkeyPatch, remote: dict[str, str], local: dict[str, list[str]]) -> None:
    """Fake the registry, with digests or errors by reference, and the host, with digests by reference."""

    def remote_digest(reference: str) -> str:
        found = remote.get(reference, "no such image")
        if not found.startswith("sha256:"):
            raise DockerError(found)
        return found

    monkeypatch.setattr(registries, "remote_digest", remote_digest)
    records = {reference: {"Id": f"sha256:id of {reference}", "RepoDigests": own} for reference, own in local.items()}
    monkeypatch.setattr(docker, "local_image", records.get)


UNREACHABLE = "dial tcp: lookup r.example.com: no such host"


@pytest.mark.parametrize(("on_host", "resolved"), [(True, True), (False, False)])
def test_without_a_registry_a_reference_means_the_image_of_the_live_release(
    monkeypatch: pytest.MonkeyPatch, on_host: bool, resolved: bool
) -> None:
    pinned = "r.example.com/web@sha256:1"
    _registry(monkeypatch, {"r.example.com/web:1": UNREACHABLE}, {pinned: [pinned]} if on_host else {})
    live = {"services": {"web": spec(image="r.example.com/web:1", pinned=pinned)}}
    found, problems = image_digests.resolve_images({"web": spec(image="r.example.com/web:1")}, live)
    assert (found, len(problems)) == (({"r.example.com/web:1": pinned}, 0) if resolved else ({}, 1))


@pytest.mark.parametrize(
    ("error", "pinned"),
    [
        (UNREACHABLE, "a@sha256:22"),
        ("toomanyrequests: You have reached your pull rate limit", "a@sha256:22"),
        ("received unexpected HTTP status: 503 Service Unavailable", "a@sha256:22"),
        ("x509: certificate signed by unknown authority", "a@sha256:22"),
        # The registry does not have it, so the image that was built or tagged on this host is used.
        ("no such image", "a@sha256:11"),
        ("denied: requested access to the resource is denied", "a@sha256:11"),
    ],
)
def test_a_failing_registry_does_not_turn_an_old_tag_into_the_new_image(
    monkeypatch: pytest.MonkeyPatch, error: str, pinned: str
) -> None:
    _registry(monkeypatch, {"a:1": error}, {"a:1": ["a@sha256:11"], "a@sha256:22": ["a@sha256:22"]})
    live = {"services": {"web": spec(image="a:1", pinned="a@sha256:22")}}
    assert image_digests.resolve_images({"web": spec(image="a:1")}, live) == ({"a:1": pinned}, [])


@pytest.mark.parametrize(
    ("image", "remote", "local", "pinned"),
    [
        ("r.example.com/a:1", {"r.example.com/a:1": "sha256:11"}, {}, "r.example.com/a@sha256:11"),
        # The registry takes precedence over the host: the tag may have moved.
        ("a:1", {"a:1": "sha256:22"}, {"a:1": ["a@sha256:11"]}, "a@sha256:22"),
        # The registry is down, so the image on the host is used.
        ("a:1", {"a:1": UNREACHABLE}, {"a:1": ["b@sha256:33", "a@sha256:11"]}, "a@sha256:11"),
        # Built on this host and never pushed.
        ("a:1", {}, {"a:1": []}, "sha256:id of a:1"),
        ("a:1@sha256:44", {}, {}, "a@sha256:44"),
    ],
)
def test_an_image_reference_is_pinned(
    monkeypatch: pytest.MonkeyPatch, image: str, remote: dict[str, str], local: dict[str, list[str]], pinned: str
) -> None:
    _registry(monkeypatch, remote, local)
    assert image_digests.resolve_images({"web": spec(image=image)}) == ({image: pinned}, [])


def test_all_missing_images_are_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    remote = {"r.example.com/a:1": UNREACHABLE, "c:1": "sha256:11", "r.example.com/d:1": "no basic auth credentials"}
    _registry(monkeypatch, remote, {})
    services = {
        "web": spec(image="r.example.com/a:1"),
        "worker": spec(image="r.example.com/a:1"),
        "db": spec(image="postgrs:17"),
        "c": spec(image="c:1"),
        "d": spec(image="r.example.com/d:1"),
    }
    assert image_digests.resolve_images(services) == (
        {"c:1": "c@sha256:11"},
        [
            (
                "service 'web': key 'image': r.example.com/a:1 is not on this host, and r.example.com "
                f"cannot be reached ({UNREACHABLE})"
            ),
            (
                "service 'db': key 'image': postgrs:17 is neither on this host nor in the default registry "
                "(no such image); build and push it, or correct the reference"
            ),
            (
                "service 'd': key 'image': r.example.com/d:1 is not on this host, and r.example.com requires a login "
                "(no basic auth credentials); log in to it as root on this host (docker login), or correct the "
                "reference"
            ),
        ],
    )

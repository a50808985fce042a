from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.slipway.stack.plugins.module_utils.engine import docker, registries
from ansible_collections.slipway.stack.plugins.module_utils.engine.docker import DockerError
from ansible_collections.slipway.stack.plugins.module_utils.release import preflight

from tests.support.on_host import container, facts


@pytest.fixture
def taken() -> Iterator[int]:
    """A port of this machine that somebody listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield listener.getsockname()[1]


def _ports(*ports: str) -> dict[str, Any]:
    return {"edge": facts(ports=list(ports))}


def _published_by(monkeypatch: pytest.MonkeyPatch, *holders: str) -> None:
    monkeypatch.setattr(docker, "published_by", lambda *_place: list(holders))


@pytest.mark.parametrize("address", ["", "127.0.0.1:", "0.0.0.0:"])
def test_a_port_that_another_process_has(monkeypatch: pytest.MonkeyPatch, taken: int, address: str) -> None:
    _published_by(monkeypatch)
    assert preflight.check_ports(_ports(f"{address}{taken}:80"), {}) == [
        f"service 'edge': port {taken} of the host is taken by another process; stop it, or publish another port"
    ]


def test_a_port_of_the_pod_is_told_of_the_edge(monkeypatch: pytest.MonkeyPatch, taken: int) -> None:
    _published_by(monkeypatch)
    services = {"edge-pod": facts(ports=[f"{taken}:80"]), "edge": facts(edge=True, pod="edge-pod")}
    (problem,) = preflight.check_ports(services, {})
    assert problem.startswith(f"service 'edge': port {taken} of the host is taken")


def test_a_port_that_another_container_has(monkeypatch: pytest.MonkeyPatch, taken: int) -> None:
    _published_by(monkeypatch, "blog-edge-1")
    assert preflight.check_ports(_ports(f"{taken}:80"), {"edge": [container("edge")]}) == [
        (
            f"service 'edge': port {taken} of the host is taken by the container blog-edge-1; "
            f"stop it, or publish another port"
        )
    ]


def test_a_port_that_the_stack_has_itself(monkeypatch: pytest.MonkeyPatch, taken: int) -> None:
    _published_by(monkeypatch, "shop-edge-1")
    assert preflight.check_ports(_ports(f"{taken}:80"), {"edge": [container("edge")]}) == []


def test_another_holder_beside_the_stack_itself_stays(monkeypatch: pytest.MonkeyPatch, taken: int) -> None:
    _published_by(monkeypatch, "shop-edge-1", "blog-edge-1")
    (problem,) = preflight.check_ports(_ports(f"{taken}:80"), {"edge": [container("edge")]})
    assert "is taken by the container blog-edge-1" in problem


@pytest.mark.parametrize("port", ["{port}:80/udp", "127.0.0.2:{port}:80"])
def test_the_same_port_of_another_protocol_or_address_is_free(taken: int, port: str) -> None:
    assert preflight.check_ports(_ports(port.format(port=taken)), {}) == []


def test_a_port_is_free_again_once_nobody_listens(taken: int) -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        free = listener.getsockname()[1]
    assert free != taken
    assert preflight.check_ports(_ports(f"127.0.0.1:{free}:80"), {}) == []


def test_an_address_that_this_host_has_not() -> None:
    assert preflight.check_ports(_ports("192.0.2.1:8080:80"), {}) == [
        "service 'edge': published address 192.0.2.1 is not one of this host's"
    ]


def test_all_ports_are_looked_at(monkeypatch: pytest.MonkeyPatch, taken: int) -> None:
    _published_by(monkeypatch)
    services = {"a": facts(ports=[f"{taken}:80"]), "b": facts(ports=["192.0.2.1:8080:80", f"127.0.0.1:{taken}:80"])}
    assert len(preflight.check_ports(services, {})) == 3


def test_a_disk_with_room(tmp_path: Path) -> None:
    assert preflight.check_disk({"releases": str(tmp_path / "not/there/yet")}, 1) == []


def test_a_disk_without_room_is_told_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = type("Usage", (), {"free": 100 * 1024**2})()
    monkeypatch.setattr(preflight.shutil, "disk_usage", lambda _path: usage)
    paths = {"images": str(tmp_path), "releases": str(tmp_path / "not/there/yet")}
    problems = preflight.check_disk(paths, 1024**3)
    assert len(problems) == 1
    assert problems[0].startswith(f"images: {tmp_path} has 100 MiB free, at least 1024 MiB are wanted (")


def _registry(monkeypatch: pytest.MonkeyPatch, remote: dict[str, str], local: dict[str, list[str]]) -> None:
    """Have the registry know *remote* (digest or error by reference), and the host *local* (digests by reference)."""

    def remote_digest(reference: str) -> str:
        found = remote.get(reference, "no such image")
        if not found.startswith("sha256:"):
            raise DockerError(found)
        return found

    monkeypatch.setattr(registries, "remote_digest", remote_digest)
    records = {reference: {"Id": f"sha256:id of {reference}", "RepoDigests": own} for reference, own in local.items()}
    monkeypatch.setattr(docker, "local_image", records.get)


UNREACHABLE = "dial tcp: lookup r.example.com: no such host"


@pytest.mark.parametrize(("still_here", "resolved"), [(True, True), (False, False)])
def test_without_a_registry_a_name_means_what_the_live_release_runs(
    monkeypatch: pytest.MonkeyPatch, still_here: bool, resolved: bool
) -> None:
    pinned = "r.example.com/web@sha256:1"
    _registry(monkeypatch, {"r.example.com/web:1": UNREACHABLE}, {pinned: [pinned]} if still_here else {})
    live = {"services": {"web": facts(image="r.example.com/web:1", pinned=pinned)}}
    found, problems = preflight.resolve_images({"web": facts(image="r.example.com/web:1")}, live)
    assert (found, len(problems)) == (({"r.example.com/web:1": pinned}, 0) if resolved else ({}, 1))


@pytest.mark.parametrize(
    ("said", "pinned"),
    [
        (UNREACHABLE, "a@sha256:22"),
        ("toomanyrequests: You have reached your pull rate limit", "a@sha256:22"),
        ("received unexpected HTTP status: 503 Service Unavailable", "a@sha256:22"),
        ("x509: certificate signed by unknown authority", "a@sha256:22"),
        # It has none: what was built or tagged here is meant.
        ("no such image", "a@sha256:11"),
        ("denied: requested access to the resource is denied", "a@sha256:11"),
    ],
)
def test_a_registry_that_fails_does_not_make_an_old_tag_the_new_image(
    monkeypatch: pytest.MonkeyPatch, said: str, pinned: str
) -> None:
    _registry(monkeypatch, {"a:1": said}, {"a:1": ["a@sha256:11"], "a@sha256:22": ["a@sha256:22"]})
    live = {"services": {"web": facts(image="a:1", pinned="a@sha256:22")}}
    assert preflight.resolve_images({"web": facts(image="a:1")}, live) == ({"a:1": pinned}, [])


@pytest.mark.parametrize(
    ("image", "remote", "local", "pinned"),
    [
        ("r.example.com/a:1", {"r.example.com/a:1": "sha256:11"}, {}, "r.example.com/a@sha256:11"),
        # The registry goes before what the host has: a tag may have moved.
        ("a:1", {"a:1": "sha256:22"}, {"a:1": ["a@sha256:11"]}, "a@sha256:22"),
        # A registry that is down is no obstacle to what the host has already.
        ("a:1", {"a:1": UNREACHABLE}, {"a:1": ["b@sha256:33", "a@sha256:11"]}, "a@sha256:11"),
        # Built here, pushed nowhere.
        ("a:1", {}, {"a:1": []}, "sha256:id of a:1"),
        ("a:1@sha256:44", {}, {}, "a@sha256:44"),
    ],
)
def test_what_an_image_stands_for(
    monkeypatch: pytest.MonkeyPatch, image: str, remote: dict[str, str], local: dict[str, list[str]], pinned: str
) -> None:
    _registry(monkeypatch, remote, local)
    assert preflight.resolve_images({"web": facts(image=image)}) == ({image: pinned}, [])


def test_images_that_are_nowhere_are_all_told(monkeypatch: pytest.MonkeyPatch) -> None:
    remote = {"r.example.com/a:1": UNREACHABLE, "c:1": "sha256:11", "r.example.com/d:1": "no basic auth credentials"}
    _registry(monkeypatch, remote, {})
    services = {
        "web": facts(image="r.example.com/a:1"),
        "worker": facts(image="r.example.com/a:1"),
        "db": facts(image="postgrs:17"),
        "c": facts(image="c:1"),
        "d": facts(image="r.example.com/d:1"),
    }
    assert preflight.resolve_images(services) == (
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
                "service 'd': key 'image': r.example.com/d:1 is not on this host, and r.example.com does not give it "
                "to whom it does not know (no basic auth credentials); log in there as root on this host (docker "
                "login), or correct the reference"
            ),
        ],
    )


def _volume(monkeypatch: pytest.MonkeyPatch, mountpoint: Path | None) -> None:
    volumes = {"/volumes/shop_db-data": {"Mountpoint": str(mountpoint)} if mountpoint else None}
    monkeypatch.setattr(docker, "ask", lambda path: volumes[path])


DATABASE = facts(
    image="postgres:18", data_version={"volume": "db-data", "files": ["PG_VERSION", "*/docker/PG_VERSION"], "is": "18"}
)


@pytest.mark.parametrize(
    ("file", "version", "refused"),
    [
        ("PG_VERSION", "17\n", True),
        ("PG_VERSION", "18\n", False),
        ("18/docker/PG_VERSION", "18\n", False),
        ("other", "17\n", False),
    ],
)
def test_data_of_another_version(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, file: str, version: str, refused: bool
) -> None:
    (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / file).write_text(version)
    _volume(monkeypatch, tmp_path)
    problems = preflight.check_data({"db": DATABASE}, "shop")
    assert bool(problems) is refused
    if refused:
        assert problems[0].startswith(
            "service 'db': key 'version': its data on this host is of version 17, which postgres:18 cannot read; "
        )


def test_no_data_yet(monkeypatch: pytest.MonkeyPatch) -> None:
    _volume(monkeypatch, None)
    assert preflight.check_data({"db": DATABASE, "web": facts(data_version=None)}, "shop") == []

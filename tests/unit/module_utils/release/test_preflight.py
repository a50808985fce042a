from __future__ import annotations

import os
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.slipway.stack.plugins.module_utils.engine import docker
from ansible_collections.slipway.stack.plugins.module_utils.release import preflight

from tests.support.fake_host import container, spec


@pytest.fixture
def taken() -> Iterator[int]:
    """A port of this machine on which a process listens."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield listener.getsockname()[1]


def _ports(*ports: str) -> dict[str, Any]:
    return {"edge": spec(ports=list(ports))}


def _published_by(monkeypatch: pytest.MonkeyPatch, *holders: str) -> None:
    monkeypatch.setattr(docker, "containers_publishing", lambda *_place: list(holders))


@pytest.mark.parametrize("address", ["", "127.0.0.1:", "0.0.0.0:"])
def test_a_port_held_by_another_process_is_reported(monkeypatch: pytest.MonkeyPatch, taken: int, address: str) -> None:
    _published_by(monkeypatch)
    assert preflight.check_ports(_ports(f"{address}{taken}:80"), {}) == [
        f"service 'edge': port {taken} of the host is taken by another process; stop it, or publish another port"
    ]


def test_a_port_of_the_pod_is_reported_for_the_edge(monkeypatch: pytest.MonkeyPatch, taken: int) -> None:
    _published_by(monkeypatch)
    services = {"edge-pod": spec(ports=[f"{taken}:80"]), "edge": spec(edge=True, pod="edge-pod")}
    (problem,) = preflight.check_ports(services, {})
    assert problem.startswith(f"service 'edge': port {taken} of the host is taken")


def test_a_port_held_by_another_container_is_reported(monkeypatch: pytest.MonkeyPatch, taken: int) -> None:
    _published_by(monkeypatch, "blog-edge-1")
    assert preflight.check_ports(_ports(f"{taken}:80"), {"edge": [container("edge")]}) == [
        (
            f"service 'edge': port {taken} of the host is taken by the container blog-edge-1; "
            f"stop it, or publish another port"
        )
    ]


def test_a_port_held_by_the_stack_itself_is_accepted(monkeypatch: pytest.MonkeyPatch, taken: int) -> None:
    _published_by(monkeypatch, "shop-edge-1")
    assert preflight.check_ports(_ports(f"{taken}:80"), {"edge": [container("edge")]}) == []


def test_a_port_held_by_the_stack_and_another_container_is_reported(
    monkeypatch: pytest.MonkeyPatch, taken: int
) -> None:
    _published_by(monkeypatch, "shop-edge-1", "blog-edge-1")
    (problem,) = preflight.check_ports(_ports(f"{taken}:80"), {"edge": [container("edge")]})
    assert "is taken by the container blog-edge-1" in problem


@pytest.mark.parametrize("port", ["{port}:80/udp", "127.0.0.2:{port}:80"])
def test_the_same_port_with_another_protocol_or_address_is_free(taken: int, port: str) -> None:
    assert preflight.check_ports(_ports(port.format(port=taken)), {}) == []


def test_a_port_without_a_listener_is_free(taken: int) -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        free = listener.getsockname()[1]
    assert free != taken
    assert preflight.check_ports(_ports(f"127.0.0.1:{free}:80"), {}) == []


def test_an_address_of_another_host_is_reported() -> None:
    assert preflight.check_ports(_ports("192.0.2.1:8080:80"), {}) == [
        "service 'edge': published address 192.0.2.1 is not an address of this host"
    ]


def test_all_port_problems_are_reported(monkeypatch: pytest.MonkeyPatch, taken: int) -> None:
    _published_by(monkeypatch)
    services = {"a": spec(ports=[f"{taken}:80"]), "b": spec(ports=["192.0.2.1:8080:80", f"127.0.0.1:{taken}:80"])}
    assert len(preflight.check_ports(services, {})) == 3


def test_a_disk_with_enough_space_is_accepted(tmp_path: Path) -> None:
    assert preflight.check_disk({"releases": str(tmp_path / "not/there/yet")}, 1) == []


def test_a_full_disk_is_reported_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = type("Usage", (), {"free": 100 * 1024**2})()
    monkeypatch.setattr(preflight.shutil, "disk_usage", lambda _path: usage)
    paths = {"images": str(tmp_path), "releases": str(tmp_path / "not/there/yet")}
    problems = preflight.check_disk(paths, 1024**3)
    assert len(problems) == 1
    assert problems[0].startswith(f"images: {tmp_path} has 100 MiB free, at least 1024 MiB are required (")


def _volume(monkeypatch: pytest.MonkeyPatch, mountpoint: Path | None) -> None:
    volumes = {"/volumes/shop_db-data": {"Mountpoint": str(mountpoint)} if mountpoint else None}
    monkeypatch.setattr(docker, "get", lambda path: volumes[path])


DATABASE = spec(
    image="postgres:18", data_version={"volume": "db-data", "files": ["PG_VERSION", "*/docker/PG_VERSION"], "is": "18"}
)


def _content(database: dict[str, Any], volumes: Any = None, **services: dict[str, Any]) -> dict[str, Any]:
    return {"stack": "shop", "services": {"db": database, **services}, "volumes": volumes or {}}


@pytest.mark.parametrize(
    ("file", "version", "refused"),
    [
        ("PG_VERSION", "17\n", True),
        ("PG_VERSION", "18\n", False),
        ("18/docker/PG_VERSION", "18\n", False),
        ("other", "17\n", False),
    ],
)
def test_data_of_another_version_is_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, file: str, version: str, refused: bool
) -> None:
    (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / file).write_text(version)
    _volume(monkeypatch, tmp_path)
    problems = preflight.check_data(_content(DATABASE))
    assert bool(problems) is refused
    if refused:
        assert problems[0].startswith(
            "service 'db': its data on this host is of version 17, which postgres:18 cannot read; "
        )


@pytest.mark.parametrize(
    ("data", "server", "refused"),
    [
        ("11.8.9-MariaDB", "11.8", False),
        ("11.8.9-MariaDB", "11", False),
        ("11.8.9-MariaDB", "11.8.3", True),
        ("11.8.9-MariaDB", "10.11", True),
        ("11.8.9-MariaDB", "11.4", True),
        ("10.11.19-MariaDB", "11.4", False),
        ("9.6.1", "10.1", False),
    ],
)
def test_a_server_that_reads_older_data_refuses_only_newer(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, data: str, server: str, refused: bool
) -> None:
    (tmp_path / "upgrade_info").write_text(data)
    _volume(monkeypatch, tmp_path)
    version = {"volume": "db-data", "files": ["upgrade_info"], "is": server, "reads": "older"}
    problems = preflight.check_data(_content(spec(image=f"mariadb:{server}", data_version=version)))
    sentence = (
        f"service 'db': its data on this host is of version {data.partition('-')[0]}, which mariadb:{server} cannot "
        "read; it reads data of its own version and of earlier ones, so keep that version, or restore a backup into a "
        "new volume"
    )
    assert problems == ([sentence] if refused else [])


@pytest.mark.parametrize("place", ["PG_VERSION", "18/docker/PG_VERSION"])
@pytest.mark.parametrize(
    ("kind", "found"),
    [
        ("link", "is a symbolic link; it must be a regular file"),
        ("pipe", "is a named pipe; it must be a regular file"),
        ("directory", "is a directory; it must be a regular file"),
        ("secret", "does not contain a version number, such as 17"),
        ("control", "does not contain a version number, such as 17"),
        ("large", "has 1048576 bytes; it must have at most 64"),
    ],
)
def test_a_container_cannot_choose_what_is_read_and_shown(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, place: str, kind: str, found: str
) -> None:
    secret = "root:$y$j9T$canary"
    (tmp_path / "shadow").write_text(secret)
    path = tmp_path / "volume" / place
    path.parent.mkdir(parents=True)
    makers: dict[str, Callable[[], object]] = {
        "link": lambda: path.symlink_to(tmp_path / "shadow"),
        "pipe": lambda: os.mkfifo(path),
        "directory": path.mkdir,
        "secret": lambda: path.write_text(secret),
        "control": lambda: path.write_text("17\x1b[2J"),
        "large": lambda: path.write_text("1" * 1024**2),
    }
    makers[kind]()
    _volume(monkeypatch, tmp_path / "volume")
    (problem,) = preflight.check_data(_content(DATABASE))
    assert problem == (
        f"service 'db': the version of its data on this host is unknown: {path} {found}; repair the file, or restore a "
        "backup into a new volume"
    )


def test_a_service_without_data_is_accepted(monkeypatch: pytest.MonkeyPatch) -> None:
    _volume(monkeypatch, None)
    assert preflight.check_data(_content(DATABASE, web=spec(data_version=None))) == []


@pytest.mark.parametrize(
    ("keys", "name"),
    [
        ({}, "shop_rows"),
        ({"name": "old"}, "old"),
        ({"external": True, "name": "old"}, "old"),
        ({"external": True}, "rows"),
    ],
)
def test_data_in_a_volume_with_a_name_of_its_own_is_found(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, keys: dict[str, Any], name: str
) -> None:
    (tmp_path / "PG_VERSION").write_text("16\n")
    monkeypatch.setattr(docker, "get", {f"/volumes/{name}": {"Mountpoint": str(tmp_path)}}.get)
    database = spec(image="postgres:17", data_version={"volume": "rows", "files": ["PG_VERSION"], "is": "17"})
    (problem,) = preflight.check_data(_content(database, {"rows": keys}))
    assert problem.startswith("service 'db': its data on this host is of version 16, which postgres:17 cannot read; ")


def test_data_in_a_directory_of_the_host_is_found(tmp_path: Path) -> None:
    (tmp_path / "data/pgdata").mkdir(parents=True)
    version = {"volume": str(tmp_path / "data"), "files": ["pgdata/PG_VERSION"], "is": "17"}
    database = spec(image="postgres:17", data_version=version)
    assert preflight.check_data(_content(database)) == []
    (tmp_path / "data/pgdata/PG_VERSION").write_text("16\n")
    assert len(preflight.check_data(_content(database))) == 1
    missing = {**version, "volume": str(tmp_path / "nowhere")}
    assert preflight.check_data(_content(spec(data_version=missing))) == []

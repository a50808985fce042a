"""What Traefik is told on the host, when it counts as loaded, and what it still has open."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.slipway.stack.plugins.module_utils.edge import configuration, port_sharing, traefik
from ansible_collections.slipway.stack.plugins.module_utils.edge.endpoint import EdgeError
from ansible_collections.slipway.stack.plugins.module_utils.engine import container_exec, docker
from ansible_collections.slipway.stack.plugins.module_utils.engine.docker import DockerError
from ansible_collections.slipway.stack.plugins.module_utils.state.layout import Home, write_text

from tests.support.on_host import container, spec

MANIFEST: dict[str, Any] = {
    "release": "r2",
    "stack": "shop",
    "services": {
        "web": spec(),
        "edge-pod": spec(**{"class": "pod", "ports": ["127.0.0.1:80:8080"]}),
        "edge": spec(edge=True, proxy="traefik", pod="edge-pod", drain_seconds=1.0),
    },
    "upstreams": [{"service": "web", "port": 8000, "name": "web-8000-within-60s", "transport": "within-60s"}],
}
OLD = container("edge", 1, started_at="2026-11-21T10:00:00Z")
NEW = container("edge", 2, started_at="2026-11-21T10:00:00.5Z")


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A host whose live configuration sends requests to the second container of `web`."""
    home = Home(str(tmp_path))
    write_text(home.release("r2") / "edge/routes.yml", "http: {}\n")
    configuration.set_live(
        home, configuration.write_version(home, configuration.render(home, MANIFEST, {"web": ["shop-web-2"]}))
    )
    return home


def test_a_configuration_is_completed_by_what_the_host_knows(home: Home) -> None:
    files = configuration.render(home, MANIFEST, {"web": ["shop-web-1", "shop-web-2"]})
    assert sorted(files) == ["release.yml", "routes.yml", "upstreams.yml"]
    release = {"headers": {"customResponseHeaders": {"X-Release": "r2"}}}
    assert json.loads(files["release.yml"]) == {"http": {"middlewares": {"release": release}}}
    servers = [{"url": "http://shop-web-1:8000"}, {"url": "http://shop-web-2:8000"}]
    service = {"loadBalancer": {"serversTransport": "within-60s", "servers": servers}}
    assert json.loads(files["upstreams.yml"]) == {"http": {"services": {"web-8000-within-60s": service}}}


def _says(release: str, *servers: str) -> str:
    """Return what Traefik answers that has loaded this."""
    services = {"web-8000-within-60s@file": {"loadBalancer": {"servers": [{"url": url} for url in servers]}}}
    headers = {"customResponseHeaders": {"X-Release": release}}
    middlewares = {"release@file": {"headers": headers}, "retry@file": {"retry": {}}}
    return json.dumps({"services": {**services, "ping@internal": {}}, "middlewares": middlewares})


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What a command in a container answers, one after the other and the last for ever; an exception is raised."""
    answers: list[Any] = []
    told_to_reload: list[str] = []

    def execute(_id: str, _command: list[str]) -> str:
        assert told_to_reload == ["edge1", "edge2"]
        answer = answers.pop(0) if len(answers) > 1 else answers[0]
        if isinstance(answer, Exception):
            raise answer
        return str(answer)

    monkeypatch.setattr(container_exec, "send_sighup", told_to_reload.append)
    monkeypatch.setattr(container_exec, "execute", execute)
    monkeypatch.setattr(traefik.time, "sleep", lambda _seconds: None)
    return answers


def test_it_is_reloaded_once_each_says_so_itself(home: Home, told: list[Any]) -> None:
    loaded = _says("r2", "http://shop-web-2:8000")
    told += [
        DockerError("not yet"),
        _says("r1", "http://shop-web-2:8000"),
        # The first of two turns: the same release, other containers.
        _says("r2", "http://shop-web-1:8000", "http://shop-web-2:8000"),
        loaded,
        _says("r1", "http://shop-web-2:8000"),
        loaded,
    ]
    traefik.reload(home, MANIFEST, [OLD, NEW])
    assert told == [loaded]


@pytest.mark.parametrize("answer", ["{}", "no JSON", _says("r1", "http://shop-web-2:8000"), _says("r2")])
def test_one_that_does_not_load_it_is_named(
    home: Home, told: list[Any], answer: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(traefik, "_LOAD_SECONDS", 0.05)
    told += [answer]
    with pytest.raises(EdgeError, match="service 'edge': shop-edge-1 has not loaded the configuration of release r2"):
        traefik.reload(home, MANIFEST, [OLD, NEW])


@pytest.mark.parametrize(
    ("connected", "open_"),
    [
        ({"172.18.0.9", "172.18.0.2"}, False),
        ({"172.18.0.1"}, True),
        ({"fd00::1"}, True),
        # A client's, the pod's own and that of a container of before which requests go to.
        ({"198.51.100.7", "172.18.0.8", "172.18.0.2"}, False),
    ],
)
def test_what_goes_to_a_container_that_gets_no_requests_is_still_open(
    home: Home, monkeypatch: pytest.MonkeyPatch, connected: set[str], open_: bool
) -> None:
    addresses = {"web1": ("172.18.0.1", "fd00::1"), "web2": ("172.18.0.2", ""), "edge-pod1": ("172.18.0.8", "")}
    there = [container("web", 1), container("web", 2), container("edge-pod"), OLD]
    monkeypatch.setattr(docker, "containers", lambda _project: there)
    monkeypatch.setattr(docker, "get", lambda path: _inspected(*addresses.get(path.split("/")[2], ("", ""))))
    monkeypatch.setattr(traefik, "_connected", lambda pid: connected if pid == 7 else set())
    assert traefik.has_old_connections(home, MANIFEST, [OLD]) is open_


def _inspected(address: str, address6: str) -> dict[str, Any]:
    network = {"IPAddress": address, "GlobalIPv6Address": address6}
    return {"State": {"Pid": 7}, "NetworkSettings": {"Networks": {"app": network}}}


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("0100007F", "127.0.0.1"),
        ("020012AC", "172.18.0.2"),
        ("0000000000000000FFFF0000020012AC", "172.18.0.2"),
        ("000000FD000000000000000001000000", "fd00::1"),
    ],
)
def test_an_address_as_the_kernel_writes_it(text: str, address: str) -> None:
    assert traefik._address(text) == address


@pytest.mark.parametrize(
    ("move", "number"), [(traefik.hold_port, 0), (traefik.stop_accepting, 1), (traefik.resume_accepting, 0)]
)
def test_who_gets_new_connections(monkeypatch: pytest.MonkeyPatch, move: Any, number: int) -> None:
    told: list[tuple[int, int, int]] = []
    monkeypatch.setattr(docker, "get", lambda path: {"State": {"Pid": int(path[len("/containers/edge")])}})
    monkeypatch.setattr(port_sharing, "prefer", lambda *given: told.append(given))
    monkeypatch.setattr(traefik.time, "sleep", lambda _seconds: None)
    move(MANIFEST, [NEW, OLD], [OLD])
    assert told == [(number + 1, 8080, number)]


def test_a_kernel_that_refuses_is_quoted(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: int) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(docker, "get", lambda _path: {"State": {"Pid": 1}})
    monkeypatch.setattr(port_sharing, "prefer", refuse)
    sentence = "service 'edge': new connections cannot be steered to shop-edge-1: .*Operation not permitted"
    with pytest.raises(EdgeError, match=sentence):
        traefik.hold_port(MANIFEST, [OLD], [OLD])

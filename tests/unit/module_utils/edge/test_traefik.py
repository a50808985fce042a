"""Traefik on the host: its configuration, when it counts as loaded, and its open connections."""

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

from tests.support.fake_host import container, spec
from tests.support.own_time import give_time

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
    """A home whose live configuration sends requests to the second container of `web`."""
    home = Home(str(tmp_path))
    write_text(home.release("r2") / "edge/routes.yml", "http: {}\n")
    configuration.set_live(
        home, configuration.write_version(home, configuration.render(home, MANIFEST, {"web": ["shop-web-2"]}))
    )
    return home


def test_a_service_of_grpc_is_asked_over_http_2() -> None:
    upstream = {"service": "web", "port": 80, "name": "web-80-grpc", "transport": "within-60s", "scheme": "h2c"}
    files = traefik.host_files({"release": "r1", "upstreams": [upstream]}, {"web": ["shop-web-1"]}, None)
    service = json.loads(files["upstreams.yml"])["http"]["services"]["web-80-grpc"]
    assert service["loadBalancer"]["servers"] == [{"url": "h2c://shop-web-1:80"}]


def test_hosts_are_asked_for_their_health_and_drained_ones_left_out() -> None:
    servers = [["app1", "10.0.0.3", 8480], ["app2", "fd00::4", 8480], ["app3", "10.0.0.5", 8480]]
    upstream = {"service": "web", "port": 80, "name": "web-80", "transport": "within-60s", "servers": servers}
    files = traefik.host_files({"release": "r1", "upstreams": [upstream]}, {}, None, {"app3"})
    balancer = json.loads(files["upstreams.yml"])["http"]["services"]["web-80"]["loadBalancer"]
    assert balancer["servers"] == [{"url": "http://10.0.0.3:8480"}, {"url": "http://[fd00::4]:8480"}]
    assert balancer["healthCheck"]["path"] == "/healthz"


def test_the_host_adds_release_and_upstreams_to_the_configuration(home: Home) -> None:
    files = configuration.render(home, MANIFEST, {"web": ["shop-web-1", "shop-web-2"]})
    assert sorted(files) == ["release.yml", "routes.yml", "upstreams.yml"]
    release = {"headers": {"customResponseHeaders": {"X-Release": "r2"}}}
    assert json.loads(files["release.yml"]) == {"http": {"middlewares": {"release": release}}}
    servers = [{"url": "http://shop-web-1:8000"}, {"url": "http://shop-web-2:8000"}]
    service = {"loadBalancer": {"serversTransport": "within-60s", "servers": servers}}
    assert json.loads(files["upstreams.yml"]) == {"http": {"services": {"web-8000-within-60s": service}}}


def _rawdata(release: str, *servers: str) -> str:
    """Return the answer of a Traefik that has loaded this release with these servers."""
    services = {"web-8000-within-60s@file": {"loadBalancer": {"servers": [{"url": url} for url in servers]}}}
    headers = {"customResponseHeaders": {"X-Release": release}}
    middlewares = {"release@file": {"headers": headers}, "retry@file": {"retry": {}}}
    return json.dumps({"services": {**services, "ping@internal": {}}, "middlewares": middlewares})


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The answers of Traefik in order. The last one is repeated. An exception is raised."""
    answers: list[Any] = []
    reloaded: list[str] = []

    def execute(_id: str, _command: list[str]) -> str:
        assert reloaded == ["edge1", "edge2"]
        answer = answers.pop(0) if len(answers) > 1 else answers[0]
        if isinstance(answer, Exception):
            raise answer
        return str(answer)

    monkeypatch.setattr(container_exec, "send_sighup", reloaded.append)
    monkeypatch.setattr(container_exec, "execute", execute)
    give_time(monkeypatch, traefik, sleep=lambda _seconds: None)
    return answers


def test_a_reload_ends_when_each_traefik_has_loaded_the_configuration(home: Home, answers: list[Any]) -> None:
    loaded = _rawdata("r2", "http://shop-web-2:8000")
    answers += [
        DockerError("not yet"),
        _rawdata("r1", "http://shop-web-2:8000"),
        # The first of the two reloads: the same release with other containers.
        _rawdata("r2", "http://shop-web-1:8000", "http://shop-web-2:8000"),
        loaded,
        _rawdata("r1", "http://shop-web-2:8000"),
        loaded,
    ]
    traefik.reload(home, MANIFEST, [OLD, NEW])
    assert answers == [loaded]


@pytest.mark.parametrize("answer", ["{}", "no JSON", _rawdata("r1", "http://shop-web-2:8000"), _rawdata("r2")])
def test_a_traefik_that_does_not_load_the_configuration_is_named(
    home: Home, answers: list[Any], answer: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(traefik, "_LOAD_SECONDS", 0.05)
    answers += [answer]
    with pytest.raises(EdgeError, match="service 'edge': shop-edge-1 has not loaded the configuration of release r2"):
        traefik.reload(home, MANIFEST, [OLD, NEW])


@pytest.mark.parametrize(
    ("connected", "expected"),
    [
        ({"172.18.0.9", "172.18.0.2"}, False),
        ({"172.18.0.1"}, True),
        ({"fd00::1"}, True),
        # A client, the pod itself, and an old container that still gets requests.
        ({"198.51.100.7", "172.18.0.8", "172.18.0.2"}, False),
    ],
)
def test_connections_to_containers_outside_the_configuration_are_old(
    home: Home, monkeypatch: pytest.MonkeyPatch, connected: set[str], expected: bool
) -> None:
    addresses = {"web1": ("172.18.0.1", "fd00::1"), "web2": ("172.18.0.2", ""), "edge-pod1": ("172.18.0.8", "")}
    existing = [container("web", 1), container("web", 2), container("edge-pod"), OLD]
    monkeypatch.setattr(docker, "containers", lambda *_: existing)
    monkeypatch.setattr(docker, "get", lambda path: _inspected(*addresses.get(path.split("/")[2], ("", ""))))
    monkeypatch.setattr(traefik, "_connected_addresses", lambda pid: connected if pid == 7 else set())
    assert traefik.has_old_connections(home, MANIFEST, [OLD]) is expected


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
def test_an_address_in_the_kernels_notation_is_parsed(text: str, address: str) -> None:
    assert traefik._parse_address(text) == address


@pytest.mark.parametrize(
    ("function", "index"), [(traefik.hold_port, 0), (traefik.stop_accepting, 1), (traefik.resume_accepting, 0)]
)
def test_which_traefik_gets_new_connections(monkeypatch: pytest.MonkeyPatch, function: Any, index: int) -> None:
    calls: list[tuple[int, int, int]] = []
    monkeypatch.setattr(docker, "get", lambda path: {"State": {"Pid": int(path[len("/containers/edge")])}})
    monkeypatch.setattr(port_sharing, "prefer", lambda *arguments: calls.append(arguments))
    give_time(monkeypatch, traefik, sleep=lambda _seconds: None)
    function(MANIFEST, [NEW, OLD], [OLD])
    assert calls == [(index + 1, 8080, index)]


#: Of the kernel, with the published port, the inner one of this Traefik, and that of another in the same network.
_TABLE = """\
  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:4AEE 00000000:0000 0A 00000000:00000000 00:00000000 00000000 65532        0 1
   1: 0200A8C0:1F90 0100A8C0:D431 01 00000000:00000000 00:00000000 00000000 65532        0 2
   2: 0100007F:{port:04X} 0100007F:C350 {state} 00000000:00000000 00:00000000 00000000 65532        0 3
"""


@pytest.mark.parametrize(
    ("port", "state", "expected"),
    [(19182, "01", True), (20182, "01", True), (19182, "06", False), (19181, "01", False)],
)
def test_a_client_of_a_traefik_is_connected_to_its_own_inner_ports(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, port: int, state: str, expected: bool
) -> None:
    monkeypatch.setattr(docker, "get", lambda _path: {"State": {"Pid": 7}})
    monkeypatch.setattr(traefik, "_PROC", tmp_path)
    assert traefik._has_clients(OLD) is False
    write_text(tmp_path / "7/net/tcp", _TABLE.format(port=port, state=state))
    write_text(tmp_path / "7/root/tmp/port", "18182\n")
    assert traefik._has_clients(OLD) is expected


@pytest.mark.parametrize(("asked", "seconds"), [([True, True, False], 1.4), ([True] * 1000, 13.0)])
def test_a_traefik_that_stops_is_left_by_its_clients_first(
    monkeypatch: pytest.MonkeyPatch, asked: list[bool], seconds: float
) -> None:
    """At most for 12 seconds: some clients keep their connection and do not ask."""
    now = [0.0]
    slept: list[float] = []
    give_time(monkeypatch, traefik, monotonic=lambda: now[0])
    give_time(monkeypatch, traefik, sleep=lambda seconds: (slept.append(seconds), now.__setitem__(0, sum(slept))))
    monkeypatch.setattr(traefik, "_prefer", lambda *_: None)
    monkeypatch.setattr(traefik, "_has_clients", lambda one: one is OLD and asked.pop(0))
    traefik.stop_accepting(MANIFEST, [OLD, NEW], [OLD])
    assert sum(slept) == pytest.approx(seconds, abs=0.3)


def test_a_refusal_of_the_kernel_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: int) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(docker, "get", lambda _path: {"State": {"Pid": 1}})
    monkeypatch.setattr(port_sharing, "prefer", refuse)
    sentence = "service 'edge': new connections cannot be directed to shop-edge-1: .*Operation not permitted"
    with pytest.raises(EdgeError, match=sentence):
        traefik.hold_port(MANIFEST, [OLD], [OLD])

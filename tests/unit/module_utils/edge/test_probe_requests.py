"""What a probe sends, and where."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.slipway.stack.plugins.module_utils.edge import probe_requests
from ansible_collections.slipway.stack.plugins.module_utils.edge.probe_requests import Request, Target
from ansible_collections.slipway.stack.plugins.module_utils.engine import docker
from ansible_collections.slipway.stack.plugins.module_utils.state import maintenance
from ansible_collections.slipway.stack.plugins.module_utils.state.layout import Home
from ansible_collections.slipway.stack.plugins.module_utils.state.maintenance import Maintenance
from ansible_collections.slipway.stack.plugins.module_utils.state.secret_store import DamagedSecret, SecretStore

from tests.support.fake_host import container, spec

FILE = {"name": "_probe_1", "uid": 0, "gid": 0, "variable": "SECRET__PROBE_1_0"}
PROBE = {"path": "/", "status": None, "contains": None}


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        ({}, Request()),
        ({"method": "HEAD"}, Request("HEAD")),
        (
            {"method": "POST", "request": {"headers": {"A": "b"}, "body": {"text": "ä"}}},
            Request("POST", {"A": "b"}, "ä".encode()),
        ),
        (
            {"method": "PUT", "request": {"headers": {}, "body": {"json": {"a": [None]}}}},
            Request("PUT", {}, b'{"a": [null]}'),
        ),
        (
            {"method": "POST", "request": {"headers": {}, "body": {"form": {"a": "b&c", "d": "1"}}}},
            Request("POST", {}, b"a=b%26c&d=1"),
        ),
        ({"method": "POST", "request": {"headers": {}, "body": {"json": {}}}}, Request("POST", {}, b"{}")),
    ],
)
def test_a_request(tmp_path: Path, keys: dict[str, Any], expected: Request) -> None:
    assert probe_requests.request(Home(str(tmp_path)), {}, {**PROBE, **keys}) == expected


def test_a_request_with_secrets_is_read_from_the_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(SecretStore, "_hand_over", lambda *_: None)
    parts = [
        '{"headers": {"X": "',
        {"secret": "token", "quote": "json"},
        '"}, "body": {"json": {"a": "',
        {"secret": "token", "quote": "json"},
        '"}}}',
    ]
    addresses = SecretStore(tmp_path).addresses([{**FILE, "parts": parts}], {"token": {"value": 'a"\\\nb'}})
    manifest = {"addresses": addresses, "secret_files": [FILE]}
    probe = {**PROBE, "method": "POST", "request": {"secret": "SECRET__PROBE_1_0"}}
    found = probe_requests.request(Home(str(tmp_path)), manifest, probe)
    assert found == Request("POST", {"X": 'a"\\\nb'}, json.dumps({"a": 'a"\\\nb'}).encode())
    assert "\\" not in repr(found)
    for path in (tmp_path / "secrets/0").iterdir():
        path.unlink()
    with pytest.raises(DamagedSecret, match="_probe_1"):
        probe_requests.request(Home(str(tmp_path)), manifest, probe)


HOME = Home("/nowhere")


def _manifest() -> dict[str, Any]:
    edge = spec(edge=True, pod="edge-pod", ports=[])
    return {"release": "r1", "services": {"edge-pod": spec(ports=["8420:8080"]), "edge": edge, "web": spec()}}


def test_a_probe_goes_through_the_edge() -> None:
    assert list(probe_requests.targets(HOME, _manifest(), PROBE, {})) == [Target("127.0.0.1", 8420, "edge", "r1")]


def test_a_probe_of_an_older_manifest_without_an_edge_goes_nowhere() -> None:
    assert list(probe_requests.targets(HOME, {"release": "r1", "services": {"web": spec()}}, PROBE, {})) == []


def test_a_probe_goes_to_its_own_address() -> None:
    probe = {**PROBE, "address": {"host": "127.0.0.1", "port": 8428}}
    assert list(probe_requests.targets(HOME, _manifest(), probe, {})) == [Target("127.0.0.1", 8428, None, None)]


def test_a_probe_goes_to_every_running_container_of_a_service(monkeypatch: pytest.MonkeyPatch) -> None:
    records = {
        "/containers/web1/json": {"NetworkSettings": {"Networks": {"a": {"IPAddress": "172.18.0.2"}}}},
        "/containers/web2/json": {
            "NetworkSettings": {"Networks": {"a": {"IPAddress": ""}, "b": {"IPAddress": "172.18.0.3"}}}
        },
    }
    monkeypatch.setattr(docker, "get", records.get)
    running = {"web": [container("web"), container("web", 2), container("web", 3, state="exited")]}
    probe = {**PROBE, "address": {"service": "web", "port": 8000}}
    assert list(probe_requests.targets(HOME, _manifest(), probe, running)) == [
        Target("172.18.0.2", 8000, "web", None),
        Target("172.18.0.3", 8000, "web", None),
    ]


def test_a_container_in_the_network_of_the_host_has_its_address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(docker, "get", lambda _path: {"HostConfig": {"NetworkMode": "host"}})
    probe = {**PROBE, "address": {"service": "web", "port": 8000}}
    found = list(probe_requests.targets(HOME, _manifest(), probe, {"web": [container("web")]}))
    assert found == [Target("127.0.0.1", 8000, "web", None)]


@pytest.mark.parametrize("running", [{}, {"web": [container("web")]}])
def test_a_service_without_an_address_is_an_error(monkeypatch: pytest.MonkeyPatch, running: Any) -> None:
    monkeypatch.setattr(docker, "get", lambda _path: None)
    probe = {**PROBE, "address": {"service": "web", "port": 8000}}
    with pytest.raises(LookupError, match="service 'web': has no container with an address of its own"):
        list(probe_requests.targets(HOME, _manifest(), probe, running))


def test_a_probe_of_a_closed_edge_comes_from_inside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = Home(str(tmp_path))
    maintenance.write(home, Maintenance("ada", (), 300))
    monkeypatch.setattr(docker, "get", lambda path: {"State": {"Pid": 7 if "edge-pod1" in path else 0}})
    running = {"edge-pod": [container("edge-pod", 2, state="exited"), container("edge-pod")]}
    targets = list(probe_requests.targets(home, _manifest(), PROBE, running))
    assert targets == [Target("127.0.0.1", 8080, "edge", "r1", network=7)]
    secure = {**_manifest(), "tls": {"source": "internal", "names": ["shop.example.com"], "port": 8443}}
    secure["services"]["edge-pod"]["ports"].append("443:8443")
    targets = list(probe_requests.targets(home, secure, PROBE, running))
    assert targets == [Target("127.0.0.1", 8443, "edge", "r1", "shop.example.com", 7)]
    for gone in ({}, {"edge-pod": [container("edge-pod", 2)]}):
        with pytest.raises(LookupError, match="service 'edge': answers its own network only, and does not run"):
            list(probe_requests.targets(home, _manifest(), PROBE, gone))

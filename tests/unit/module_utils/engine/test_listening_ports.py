"""The TCP ports of containers, as the engine lists them."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.slipway.stack.plugins.module_utils.engine import docker, listening_ports

from tests.support.fake_host import spec


def _container(name: str, ports: list[dict[str, Any]], service: str = "", **labels: str) -> dict[str, Any]:
    own = {"com.docker.compose.project": "shop", "com.docker.compose.service": service} if service else {}
    return {"Names": [f"/{name}"], "Labels": {**own, **labels}, "Ports": ports}


def _both(public: int, private: int, protocol: str = "tcp") -> list[dict[str, Any]]:
    return [{"IP": ip, "PrivatePort": private, "PublicPort": public, "Type": protocol} for ip in ("0.0.0.0", "::")]


LISTED = [
    _container("shop-edge-pod-1", _both(80, 8080), "edge-pod", **{"slipway.class": "pod"}),
    _container("shop-proxy-1", _both(81, 80), "proxy"),
    _container("shop-db-1", [{"PrivatePort": 5432, "Type": "tcp"}, *_both(53, 53, "udp")], "db"),
    _container("ledger", _both(6390, 80)),
    _container("bare", []),
]


def test_ports_are_listed_with_who_publishes_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(docker, "get", {"/containers/json": LISTED}.__getitem__)
    manifest = {"stack": "shop", "services": {"proxy": spec(own_proxy="nginx"), "db": spec()}}
    found = {entry["container"]: entry for entry in listening_ports.find(manifest)}
    assert found["shop-edge-pod-1"] == {
        "port": 80,
        "addresses": ["0.0.0.0", "::"],
        "inside": 8080,
        "container": "shop-edge-pod-1",
        "service": "edge-pod",
        "stack": "shop",
        "edge": True,
    }
    assert {name: (entry["port"], entry["edge"]) for name, entry in found.items()} == {
        "shop-edge-pod-1": (80, True),
        "shop-proxy-1": (81, True),
        "shop-db-1": (None, False),
        "ledger": (6390, False),
    }


def test_a_proxy_is_one_of_this_stack_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(docker, "get", {"/containers/json": LISTED}.__getitem__)
    manifest = {"stack": "other", "services": {"proxy": spec(own_proxy="nginx")}}
    assert [entry["container"] for entry in listening_ports.find(manifest) if entry["edge"]] == ["shop-edge-pod-1"]

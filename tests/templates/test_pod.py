"""The edge as two Compose services: what is the pod's, and what nginx'."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.described import documents, example, parcel

#: How a pod looks that a stack of today has. A change here is a gap for everyone who upgrades.
POD = {
    "image": "nginx:1.30",
    "entrypoint": ["sleep", "infinity"],
    "init": True,
    "user": "65534:65534",
    "ports": ["80:8080"],
    "networks": {"app": {"aliases": ["edge"]}},
    "sysctls": {"net.ipv4.tcp_migrate_req": 1},
    "healthcheck": {
        "test": ["CMD", "test", "-d", "/sys/class/net/eth0"],
        "interval": "30s",
        "timeout": "5s",
        "retries": 3,
        "start_period": "5s",
        "start_interval": "500ms",
    },
    "restart": "unless-stopped",
    "stop_signal": "SIGTERM",
    "stop_grace_period": "2s",
    "read_only": True,
    "security_opt": ["no-new-privileges:true"],
    "cap_drop": ["ALL"],
    "deploy": {"replicas": 1, "resources": {"limits": {"cpus": "0.1", "memory": "32m"}}},
    "logging": {"driver": "json-file", "options": {"max-size": "1m"}},
    "labels": {"slipway.kind": "nginx", "slipway.class": "pod"},
}


def _both(**keys: Any) -> tuple[Any, Any]:
    services = documents(example(edge=keys))[0]["services"]
    return services["edge-pod"], services["edge"]


def test_the_pod_is_what_it_was() -> None:
    assert _both()[0] == POD


def test_nginx_joins_the_pod_and_has_a_signal_and_a_check_of_its_own() -> None:
    nginx = _both()[1]
    assert nginx["network_mode"] == "service:edge-pod"
    assert not {"ports", "networks", "sysctls"} & set(nginx)
    assert nginx["stop_signal"] == "SIGQUIT"
    assert "--unix-socket /tmp/nginx.sock" in nginx["healthcheck"]["test"][1]
    assert nginx["labels"] == {"slipway.kind": "nginx", "slipway.class": "rolling", "slipway.pod": "edge-pod"}


@pytest.mark.parametrize(
    "keys",
    [
        {"memory": "64m", "cpus": 2},
        {"user": "1000:1000"},
        {"drain": "5m"},
        {"files": {"/etc/nginx/more.conf": {"content": "x"}}},
        {"environment": {"TZ": "UTC"}},
        {"compose": {"labels": {"team": "shop"}, "logging": {"driver": "journald"}}},
    ],
)
def test_what_is_said_of_nginx_leaves_the_pod_alone(keys: dict[str, Any]) -> None:
    pod, _ = _both(**keys)
    assert pod == POD


def test_what_is_said_of_the_network_goes_to_the_pod() -> None:
    keys = {"extra_hosts": ["api:10.0.0.1"], "networks": {"app": {"aliases": ["www"]}, "side": None}}
    pod, nginx = _both(http_port=8080, compose=keys)
    assert pod["ports"] == ["8080:8080"]
    assert pod["extra_hosts"] == ["api:10.0.0.1"]
    assert pod["networks"] == {"app": {"aliases": ["edge", "www"]}, "side": {"aliases": ["edge"]}}
    assert not {"extra_hosts", "networks"} & set(nginx)


def test_the_overlay_is_divided_as_well() -> None:
    keys = {"environments": {"production": {"ports": ["443:8443"], "environment": {"A": "1"}}}}
    base, overlay = documents(example(edge=keys))
    assert overlay["services"] == {"edge-pod": {"ports": ["443:8443"]}, "edge": {"environment": {"A": "1"}}}
    assert "ports" not in base["services"]["edge"]
    services = parcel(example(edge=keys)).services
    assert services["edge-pod"]["ports"] == ["80:8080", "443:8443"]
    assert services["edge"]["settings"]["environment"] == {"A": "1"}


def test_what_the_host_must_know_of_both() -> None:
    services = parcel(example()).services
    assert list(services)[-2:] == ["edge-pod", "edge"]
    pod, nginx = services["edge-pod"], services["edge"]
    assert (pod["class"], pod["edge"], pod["pod"], pod["ports"]) == ("pod", False, None, ["80:8080"])
    assert (nginx["class"], nginx["edge"], nginx["pod"], nginx["ports"]) == ("rolling", True, "edge-pod", [])
    assert set(pod) == set(nginx)
    assert (pod["start_seconds"], nginx["start_seconds"]) == (145.0, 90.0)


@pytest.mark.parametrize(
    ("keys", "grace"), [({}, "60s"), ({"drain": "5m"}, "310s"), ({"drain": "5m", "stop_grace": "6m"}, "6m")]
)
def test_nginx_has_longer_to_stop_than_to_drain(keys: dict[str, str], grace: str) -> None:
    assert _both(**keys)[1]["stop_grace_period"] == grace

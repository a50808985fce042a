"""The edge as two Compose services: which keys the pod has, and which the proxy."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.descriptions import documents, example, parcel

#: The pod as stacks have it today. A change here means downtime for everybody who upgrades.
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


def test_the_pod_has_not_changed() -> None:
    assert _both()[0] == POD


def test_nginx_joins_the_pod_and_has_its_own_signal_and_health_check() -> None:
    nginx = _both()[1]
    assert nginx["network_mode"] == "service:edge-pod"
    assert not {"ports", "networks", "sysctls"} & set(nginx)
    assert nginx["stop_signal"] == "SIGQUIT"
    assert "--unix-socket /tmp/nginx.sock" in nginx["healthcheck"]["test"][1]
    assert nginx["labels"] == {"slipway.kind": "nginx", "slipway.class": "rolling", "slipway.pod": "edge-pod"}


@pytest.mark.parametrize(
    "keys",
    [
        {"memory": "256m", "cpus": 2},
        {"user": "1000:1000"},
        {"drain": "5m"},
        {"files": {"/etc/nginx/more.conf": {"content": "x"}}},
        {"environment": {"TZ": "UTC"}},
        {"compose": {"labels": {"team": "shop"}, "logging": {"driver": "journald"}}},
    ],
)
def test_keys_of_nginx_do_not_change_the_pod(keys: dict[str, Any]) -> None:
    pod, _ = _both(**keys)
    assert pod == POD


def test_keys_of_the_network_belong_to_the_pod() -> None:
    keys = {"extra_hosts": ["api:10.0.0.1"], "networks": {"app": {"aliases": ["www"]}, "side": None}}
    pod, nginx = _both(http_port=8080, compose=keys)
    assert pod["ports"] == ["8080:8080"]
    assert pod["extra_hosts"] == ["api:10.0.0.1"]
    assert pod["networks"] == {"app": {"aliases": ["edge", "www"]}, "side": {"aliases": ["edge"]}}
    assert not {"extra_hosts", "networks"} & set(nginx)


def test_the_overlay_is_split_too() -> None:
    keys = {"environments": {"production": {"ports": ["443:8443"], "environment": {"A": "1"}}}}
    base, overlay = documents(example(edge=keys))
    assert overlay["services"] == {"edge-pod": {"ports": ["443:8443"]}, "edge": {"environment": {"A": "1"}}}
    assert "ports" not in base["services"]["edge"]
    services = parcel(example(edge=keys)).services
    assert services["edge-pod"]["ports"] == ["80:8080", "443:8443"]
    assert services["edge"]["settings"]["environment"] == {"A": "1"}


def test_pod_and_nginx_both_have_an_entry_in_the_manifest() -> None:
    services = parcel(example()).services
    assert list(services)[-2:] == ["edge-pod", "edge"]
    pod, nginx = services["edge-pod"], services["edge"]
    assert (pod["class"], pod["edge"], pod["pod"], pod["ports"]) == ("pod", False, None, ["80:8080"])
    assert (nginx["class"], nginx["edge"], nginx["pod"], nginx["ports"]) == ("rolling", True, "edge-pod", [])
    assert set(nginx) - set(pod) == {"balancers"}
    assert (pod["start_seconds"], nginx["start_seconds"]) == (145.0, 90.0)


@pytest.mark.parametrize(
    ("keys", "grace"), [({}, "60s"), ({"drain": "5m"}, "310s"), ({"drain": "5m", "stop_grace": "6m"}, "6m")]
)
def test_the_stop_grace_is_longer_than_the_drain(keys: dict[str, str], grace: str) -> None:
    assert _both(**keys)[1]["stop_grace_period"] == grace

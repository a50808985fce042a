"""The edge as a pod: one container holds the ports and networks, and the proxy joins its network namespace.

Place in the pipeline: model -> compose. Pure. The pod does nothing and is not replaced, so that a new proxy can listen
on the same port next to the old one. Compose keys about the network belong to the pod, all other keys to the proxy.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.slipway.stack.plugins.plugin_utils.description.model import Service

#: The pod's Compose keys. The engine refuses them for a container that is in the network of another one.
_NETWORK_KEYS = (
    "ports",
    "expose",
    "networks",
    "network_mode",
    "sysctls",
    "hostname",
    "domainname",
    "dns",
    "dns_search",
    "dns_opt",
    "extra_hosts",
    "links",
    "external_links",
    "mac_address",
)
#: The user "nobody" in every image: the pod needs neither files nor privileges.
_NOBODY = "65534:65534"
#: The times of its health check: it is healthy at once, or never.
_HEALTH_TIMES = {"interval": "30s", "timeout": "5s", "retries": 3, "start_period": "5s", "start_interval": "500ms"}
#: The server reads this label to find the containers to start again after their pod (``rollout/boot_unit``).
LABEL = "slipway.pod"


def name(service: Service) -> str:
    """Return the name of the pod of an edge, which is a Compose service too."""
    return f"{service.name}-pod"


def split(service: Service, keys: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the Compose keys of an edge's pod, and those of its proxy."""
    pod_keys = {key: value for key, value in keys.items() if key in _NETWORK_KEYS}
    networks = pod_keys.get("networks")
    if networks is not None:
        by_name = networks if isinstance(networks, Mapping) else dict.fromkeys(networks)
        pod_keys["networks"] = {
            network: {**(options or {}), "aliases": [service.name, *((options or {}).get("aliases") or [])]}
            for network, options in by_name.items()
        }
    return pod_keys, {key: value for key, value in keys.items() if key not in pod_keys}


def documents(service: Service, keys: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the Compose services of the pod and of the proxy, from the *keys* of an edge in one container.

    The pod is as simple as possible: each change of it causes downtime.
    """
    pod_keys, proxy_keys = split(service, keys)
    pod = {
        # The image of the proxy, so that no second image is needed. The host keeps its digest while the pod exists.
        "image": keys["image"],
        "entrypoint": ["sleep", "infinity"],
        "init": True,
        "user": _NOBODY,
        **pod_keys,
        # It has a network, which is all that it is for. Without a check `docker compose up --wait` would fail.
        "healthcheck": {"test": ["CMD", "test", "-d", "/sys/class/net/eth0"], **_HEALTH_TIMES},
        "restart": "unless-stopped",
        "stop_signal": "SIGTERM",
        "stop_grace_period": "2s",
        "read_only": True,
        "security_opt": ["no-new-privileges:true"],
        "cap_drop": ["ALL"],
        "deploy": {"replicas": 1, "resources": {"limits": {"cpus": "0.1", "memory": "32m"}}},
        "logging": {"driver": "json-file", "options": {"max-size": "1m"}},
        "labels": {"slipway.kind": service.kind.name, "slipway.class": "pod"},
    }
    proxy: dict[str, Any] = {
        **proxy_keys,
        "network_mode": f"service:{name(service)}",
        # If somebody restarts the pod by hand, the proxy restarts too: the network that it was in no longer exists.
        "depends_on": {
            name(service): {"condition": "service_healthy", "restart": True},
            **proxy_keys.get("depends_on", {}),
        },
        "labels": {**proxy_keys.get("labels", {}), LABEL: name(service)},
    }
    return pod, proxy

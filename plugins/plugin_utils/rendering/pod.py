"""The edge as a pod: one container that has the ports and the networks, and the proxy, which joins its network.

Place in the pipeline: model -> compose. Pure. The pod does nothing and stays, so that a new proxy can listen beside the
old one on the same port. Whatever a definition says of the network is the pod's, all else is the proxy's.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.slipway.stack.plugins.plugin_utils.description.model import Service

#: Compose keys that the engine refuses of a container in another's network; these are the pod's.
_OF_THE_NETWORK = (
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
#: Nobody, in whatever image: the pod needs no file and no right.
_NOBODY = "65534:65534"
#: Of its health check: it is well at once, or never.
_PACE = {"interval": "30s", "timeout": "5s", "retries": 3, "start_period": "5s", "start_interval": "500ms"}
#: By this label the server knows which containers to start again once their pod runs (``rollout/boot_unit``).
LABEL = "slipway.pod"


def name(service: Service) -> str:
    """Return the name of the service that is the pod of an edge."""
    return f"{service.name}-pod"


def split(service: Service, keys: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return those of an edge's Compose keys that are its pod's, and the rest."""
    of_the_pod = {key: value for key, value in keys.items() if key in _OF_THE_NETWORK}
    networks = of_the_pod.get("networks")
    if networks is not None:
        given = networks if isinstance(networks, Mapping) else dict.fromkeys(networks)
        of_the_pod["networks"] = {
            network: {**(options or {}), "aliases": [service.name, *((options or {}).get("aliases") or [])]}
            for network, options in given.items()
        }
    return of_the_pod, {key: value for key, value in keys.items() if key not in of_the_pod}


def documents(service: Service, whole: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the Compose services of the pod and of the proxy, from that of an edge in one container.

    The pod is as plain as can be: each change of it is a gap.
    """
    of_the_network, rest = split(service, whole)
    pod = {
        # No image beside the one that is there anyway. The host keeps the digest for as long as the pod stays.
        "image": whole["image"],
        "entrypoint": ["sleep", "infinity"],
        "init": True,
        "user": _NOBODY,
        **of_the_network,
        # It has what it is there for, a network. Without any check `docker compose up --wait` would give it up.
        "healthcheck": {"test": ["CMD", "test", "-d", "/sys/class/net/eth0"], **_PACE},
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
        **rest,
        "network_mode": f"service:{name(service)}",
        # Whoever restarts the pod by hand gets the proxy restarted too: the network that it was in is gone.
        "depends_on": {
            name(service): {"condition": "service_healthy", "restart": True},
            **rest.get("depends_on", {}),
        },
        "labels": {**rest.get("labels", {}), LABEL: name(service)},
    }
    return pod, proxy

"""The inner edges of other hosts that take requests, as the host of the edge must know them.

Place in the pipeline: model -> compose -> bundle, used by ``nginx`` and ``traefik``. Pure.
"""

from __future__ import annotations

from typing import Any

from ansible_collections.slipway.stack.plugins.plugin_utils.description.model import Route

#: Where the probes of an inner edge's own host come from: from inside of its network.
LOOPBACK = "127.0.0.1"


def servers(route: Route) -> dict[str, Any]:
    """Return ``{servers}``, each as ``[host, address, port]``; empty for a route to a service of this host."""
    return {"servers": [[one.host, one.address, one.port] for one in route.through]} if route.through else {}

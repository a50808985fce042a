"""Whether services reach what they need on other hosts: a connection from the network of each of them.

Place in the pipeline: target, verify.
"""

from __future__ import annotations

import socket
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from ansible_collections.slipway.stack.plugins.module_utils.edge import endpoint
from ansible_collections.slipway.stack.plugins.module_utils.engine import container_exec
from ansible_collections.slipway.stack.plugins.module_utils.engine.docker import Container
from ansible_collections.slipway.stack.plugins.module_utils.engine.network_namespace import entered

#: Seconds for one connection.
_TIMEOUT = 3.0


def problems(
    manifest: Mapping[str, Any], running: Mapping[str, Sequence[Container]], away: Collection[str] = ()
) -> Iterator[str]:
    """Yield a sentence for each service that cannot open a connection to one that it needs on another host.

    The edge needs the hosts that take its requests.

    :param running: the containers by service. :param away: hosts that get no requests.
    """
    for name, spec in manifest["services"].items():
        for other, address in spec.get("reaches", {}).items():
            yield from _problem(name, f"'{other}'", address, running.get(name, []))
    for host, address in endpoint.inner_edges(manifest).items():
        if host not in away:
            pod = endpoint.members(manifest)[0]
            yield from _problem(str(endpoint.edge_of(manifest)), f"host {host}", address, running.get(pod, []))


def _problem(service: str, other: str, address: Sequence[Any], containers: Sequence[Container]) -> Iterator[str]:
    own = next((one for one in containers if one.state == "running"), None)
    network = container_exec.main_pid(own.id) if own else 0
    if not network:
        return
    try:
        with entered(network), socket.create_connection((address[0], address[1]), timeout=_TIMEOUT):
            return
    except OSError as error:
        reason = error.strerror or "no answer" if not isinstance(error, socket.timeout) else "no answer"
        yield f"service '{service}': cannot reach {other} at {address[0]}, port {address[1]}: {reason}"

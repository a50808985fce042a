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
        needed = {f"'{other}'": address for other, address in spec.get("reaches", {}).items()}
        yield from _problems(name, needed, running.get(name, []))
    edges = endpoint.inner_edges(manifest)
    if edges:
        asked = {f"host {host}": address for host, address in edges.items() if host not in away}
        pod = endpoint.members(manifest)[0]
        yield from _problems(str(endpoint.edge_of(manifest)), asked, running.get(pod, []))


def _problems(service: str, needed: Mapping[str, Sequence[Any]], containers: Sequence[Container]) -> Iterator[str]:
    """Yield a sentence for each address, by what is there, that the network of a service does not reach."""
    own = next((one for one in containers if one.state == "running"), None)
    network = container_exec.main_pid(own.id) if own and needed else 0
    for other, (address, port) in needed.items() if network else ():
        try:
            with entered(network), socket.create_connection((address, port), timeout=_TIMEOUT):
                continue
        except OSError as error:
            reason = error.strerror or "no answer" if not isinstance(error, socket.timeout) else "no answer"
            yield f"service '{service}': cannot reach {other} at {address}, port {port}: {reason}"

"""Whether services reach what they need on other hosts: a connection from the network of each of them.

Place in the pipeline: target, verify.
"""

from __future__ import annotations

import socket
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ansible_collections.slipway.stack.plugins.module_utils.engine import container_exec
from ansible_collections.slipway.stack.plugins.module_utils.engine.docker import Container
from ansible_collections.slipway.stack.plugins.module_utils.engine.network_namespace import entered

#: Seconds for one connection.
_TIMEOUT = 3.0


def problems(services: Mapping[str, Mapping[str, Any]], running: Mapping[str, Sequence[Container]]) -> Iterator[str]:
    """Yield a sentence for each service that cannot open a connection to one that it needs on another host.

    :param services: those of the manifest. :param running: the containers by service.
    """
    for name, spec in services.items():
        own = next((one for one in running.get(name, []) if one.state == "running"), None)
        network = container_exec.main_pid(own.id) if own and spec.get("reaches") else 0
        for other, (address, port) in spec.get("reaches", {}).items() if network else ():
            try:
                with entered(network), socket.create_connection((address, port), timeout=_TIMEOUT):
                    continue
            except OSError as error:
                reason = error.strerror or "no answer" if not isinstance(error, socket.timeout) else "no answer"
                yield f"service '{name}': cannot reach '{other}' at {address}, port {port}: {reason}"

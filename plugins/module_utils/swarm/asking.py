"""Ask the probes of other hosts, from inside of the overlay network.

Place in the pipeline: target, under ``probe``. A short request and a long one: a network whose packets are smaller than
the overlay expects loses only the long one.
"""

from __future__ import annotations

import contextlib
import socket
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager

from ansible_collections.slipway.stack.plugins.module_utils.swarm.answering import PORT

#: How a host answered.
COMPLETE, SHORT_ONLY, SILENT, ANOTHER = "complete", "short only", "silent", "another host"
#: Bytes of the two requests.
_SHORT, _LONG = 16, 64 * 1024
#: Seconds that one try has to connect. The first packets are lost until a node knows where the address is.
_TRY = 2.0
_INTERVAL = 0.3

Network = Callable[[], AbstractContextManager[None]]


def ask(addresses: Mapping[str, str], seconds: float, network: Network, port: int = PORT) -> dict[str, str]:
    """Return how each host answers: ``complete``, ``short only``, ``silent`` or ``another host``.

    :param addresses: of the probe of each host.
    :param seconds: that all of it may take.
    :param network: enters the network to ask from, in one thread.
    """
    until = time.monotonic() + seconds
    with ThreadPoolExecutor(max_workers=max(1, len(addresses))) as pool:
        asked = {host: pool.submit(_ask, host, (one, port), until, network) for host, one in addresses.items()}
        return {host: answer.result() for host, answer in asked.items()}


def _ask(host: str, address: tuple[str, int], until: float, network: Network) -> str:
    best = SILENT
    while best not in (COMPLETE, ANOTHER) and time.monotonic() < until:
        with contextlib.suppress(OSError), _socket(network) as connection:
            connection.settimeout(_left(until, _TRY))
            connection.connect(address)
            if not _is_answer_of(host, connection, _SHORT, until):
                return ANOTHER
            best = SHORT_ONLY
            if _is_answer_of(host, connection, _LONG, until):
                best = COMPLETE
        if best != COMPLETE:
            time.sleep(_left(until, _INTERVAL))
    return best


def _socket(network: Network) -> socket.socket:
    with network():
        return socket.socket(socket.AF_INET, socket.SOCK_STREAM)


def _is_answer_of(host: str, connection: socket.socket, size: int, until: float) -> bool:
    """Send a request and return whether its answer is complete and that of *host*.

    :raises OSError: without a complete answer in time.
    """
    request = b"x" * size
    connection.settimeout(_left(until, _TRY * 2))
    connection.sendall(len(request).to_bytes(8, "big") + request)
    length = int.from_bytes(_received(connection, 8, until), "big")
    return _received(connection, min(length, 2 * _LONG), until) == host.encode() + b"\n" + request


def _received(connection: socket.socket, size: int, until: float) -> bytes:
    content = b""
    while len(content) < size:
        connection.settimeout(_left(until, _TRY * 2))
        more = connection.recv(size - len(content))
        if not more:
            raise ConnectionError("the answer is not complete")
        content += more
    return content


def _left(until: float, most: float) -> float:
    return max(0.05, min(most, until - time.monotonic()))

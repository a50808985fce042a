"""Real listeners that share a port on this machine, and which of them gets the connections."""

from __future__ import annotations

import os
import select
import socket
from collections.abc import Iterator

import pytest
from ansible_collections.slipway.stack.plugins.module_utils.edge import port_sharing


def _listener(port: int = 0) -> socket.socket:
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    listener.bind(("127.0.0.1", port))
    listener.listen(64)
    return listener


@pytest.fixture
def pair() -> Iterator[list[socket.socket]]:
    first = _listener()
    both = [first, _listener(first.getsockname()[1])]
    yield both
    for listener in both:
        listener.close()


def _shares(listeners: list[socket.socket], connections: int = 40) -> list[int]:
    """Open connections, and return how many each listener gets."""
    shares = [0] * len(listeners)
    for _ in range(connections):
        with socket.create_connection(listeners[0].getsockname()):
            (ready, *_others), _, _ = select.select(listeners, [], [], 5)
            ready.accept()[0].close()
            shares[listeners.index(ready)] += 1
    return shares


def test_the_kernel_distributes_at_random_and_then_to_the_preferred_listener(pair: list[socket.socket]) -> None:
    port = pair[0].getsockname()[1]
    assert min(_shares(pair)) > 0
    port_sharing.prefer(os.getpid(), port, 0)
    assert _shares(pair) == [40, 0]
    port_sharing.prefer(os.getpid(), port, 1)
    assert _shares(pair) == [0, 40]


def test_the_remaining_listener_gets_all_connections(pair: list[socket.socket]) -> None:
    """The program need not be removed when the preferred listener, or the one before it, has stopped."""
    port_sharing.prefer(os.getpid(), pair[0].getsockname()[1], 1)
    pair.pop(0).close()
    assert _shares(pair) == [40]


def test_a_process_that_does_not_listen_on_the_port_is_reported() -> None:
    with pytest.raises(OSError, match=r"does not listen on port 1$"):
        port_sharing.prefer(os.getpid(), 1, 0)


def test_a_socket_that_does_not_share_its_port_is_refused() -> None:
    with socket.create_server(("127.0.0.1", 0)) as alone, pytest.raises(OSError, match="Invalid argument"):
        port_sharing.prefer(os.getpid(), alone.getsockname()[1], 0)

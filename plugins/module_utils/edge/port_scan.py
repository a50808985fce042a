"""Which TCP ports of an address answer from this host: many connections at once, in bounded time.

Place in the pipeline: on the host that ``verify`` tries ports from. It needs no engine and no stack there.
"""

from __future__ import annotations

import collections
import contextlib
import errno
import os
import resource
import selectors
import socket
import struct
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

#: Files that the process has open besides its connections.
_OTHER_FILES = 32
#: This host is out of something; the port is tried again when other tries have ended.
_SHORT_OF = frozenset({errno.EMFILE, errno.ENFILE, errno.EADDRNOTAVAIL, errno.ENOBUFS, errno.ENOMEM, errno.EAGAIN})
#: A reset in place of the orderly end of a connection, which would occupy a local port for a minute.
_RESET_AT_CLOSE = struct.pack("ii", 1, 0)


@dataclass
class Answers:
    """What was heard of an address: which ports accepted a connection, and how many did something else.

    ``refused``: ports that said no. ``silent``: ports that said nothing in time. ``unreachable``: errors of the network
    by text, with their number. ``untried``: ports for which there was no time.
    """

    open: list[int] = field(default_factory=list)
    refused: int = 0
    silent: int = 0
    unreachable: dict[str, int] = field(default_factory=dict)
    untried: int = 0


def resolve(name: str) -> list[str]:
    """Return the addresses of a name, or the address itself. :raises OSError: if it has none."""
    found = socket.getaddrinfo(name, None, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def together(first: Answers, second: Answers) -> Answers:
    """Return what was heard of an address in two scans of different ports."""
    errors = {text: first.unreachable.get(text, 0) + number for text, number in second.unreachable.items()}
    return Answers(
        sorted([*first.open, *second.open]),
        first.refused + second.refused,
        first.silent + second.silent,
        {**first.unreachable, **errors},
        first.untried + second.untried,
    )


def scan(address: str, ports: Iterable[int], timeout: float, parallel: int, until: float) -> Answers:
    """Try to connect to each of *ports*, and close each connection at once. No byte is sent.

    :param address: an address, not a name. :param timeout: seconds that one port has for its answer.
    :param parallel: connections at the same time, as far as this process may have them.
    :param until: the time of ``time.monotonic`` at which no further port is tried.
    """
    result = Answers()
    waiting = collections.deque(ports)
    limit = max(1, min(parallel, resource.getrlimit(resource.RLIMIT_NOFILE)[0] - _OTHER_FILES))
    # In the order in which they began, so the first one is the first to be late.
    trying: collections.OrderedDict[socket.socket, tuple[int, float]] = collections.OrderedDict()
    with selectors.DefaultSelector() as selector:
        try:
            while waiting or trying:
                if time.monotonic() > until:
                    result.untried, waiting = result.untried + len(waiting), collections.deque()
                while waiting and len(trying) < limit:
                    port = waiting.popleft()
                    if not _begin(address, port, timeout, selector, trying, result):
                        waiting.append(port)
                        limit = max(1, len(trying))
                        break
                _end(selector, trying, result)
        finally:
            for connection in trying:
                connection.close()
    result.open.sort()
    return result


def _begin(
    address: str, port: int, timeout: float, selector: selectors.BaseSelector, trying: Any, result: Answers
) -> bool:
    """Begin to connect; return whether this host could. What is known at once is recorded."""
    try:
        connection = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_STREAM)
    except OSError as error:
        if error.errno in _SHORT_OF:
            return False
        # This host has no IPv6.
        _record(port, error.errno or errno.EAFNOSUPPORT, result)
        return True
    connection.setblocking(False)
    code = connection.connect_ex((address, port))
    if code == errno.EINPROGRESS:
        trying[connection] = (port, time.monotonic() + timeout)
        selector.register(connection, selectors.EVENT_WRITE)
        return True
    connection.close()
    if code in _SHORT_OF:
        return False
    _record(port, code, result)
    return True


def _end(selector: selectors.BaseSelector, trying: Any, result: Answers) -> None:
    """Wait for the next answers, and record them and the ports that are late."""
    if not trying:
        # Nothing of this host is in use by tries, so it is short of something by others.
        time.sleep(0.01)
        return
    _port, late = next(iter(trying.values()))
    for key, _events in selector.select(max(0.0, late - time.monotonic())):
        connection: Any = key.fileobj
        port, _late = trying.pop(connection)
        _record(port, connection.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR), result)
        _close(selector, connection)
    now = time.monotonic()
    while trying:
        connection, (_port, late) = next(iter(trying.items()))
        if late > now:
            return
        del trying[connection]
        result.silent += 1
        _close(selector, connection)


def _record(port: int, code: int, result: Answers) -> None:
    if code == 0:
        result.open.append(port)
    elif code in (errno.ECONNREFUSED, errno.ECONNRESET):
        result.refused += 1
    elif code == errno.ETIMEDOUT:
        result.silent += 1
    else:
        text = os.strerror(code)
        result.unreachable[text] = result.unreachable.get(text, 0) + 1


def _close(selector: selectors.BaseSelector, connection: socket.socket) -> None:
    selector.unregister(connection)
    with contextlib.suppress(OSError):
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_AT_CLOSE)
    connection.close()

"""A line with a round trip, for SSH's ProxyCommand: `delay.py MILLISECONDS HOST PORT`.

Each direction takes half of the milliseconds. What is sent meanwhile is on its way too: the line is slow, not narrow.
"""

from __future__ import annotations

import os
import queue
import socket
import sys
import threading
import time
from collections.abc import Callable


def carry(read: Callable[[], bytes], write: Callable[[bytes], object], seconds: float) -> None:
    """Hand on what *read* gives, each piece *seconds* after it came, until it gives nothing more."""
    under_way: queue.SimpleQueue[tuple[float, bytes]] = queue.SimpleQueue()

    def collect() -> None:
        piece = b"-"
        while piece:
            piece = read()
            under_way.put((time.monotonic() + seconds, piece))

    threading.Thread(target=collect, daemon=True).start()
    while True:
        due, piece = under_way.get()
        time.sleep(max(0.0, due - time.monotonic()))
        if not piece:
            return
        write(piece)


def _write_out(piece: bytes) -> None:
    while piece:
        piece = piece[os.write(1, piece) :]


def main(milliseconds: str, host: str, port: str) -> None:
    """Connect standard input and output with HOST:PORT."""
    seconds = float(milliseconds) / 2000
    with socket.create_connection((host, int(port))) as line:
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        outward = threading.Thread(target=carry, args=(lambda: os.read(0, 65536), line.sendall, seconds), daemon=True)
        outward.start()
        carry(lambda: line.recv(65536), _write_out, seconds)


if __name__ == "__main__":
    main(*sys.argv[1:])

"""Add latency to a connection, for SSH's ProxyCommand: `delay.py MILLISECONDS HOST PORT`.

Each direction takes half of the milliseconds. The bandwidth is not limited.
"""

from __future__ import annotations

import os
import queue
import socket
import sys
import threading
import time
from collections.abc import Callable


def forward(read: Callable[[], bytes], write: Callable[[bytes], object], seconds: float) -> None:
    """Write each piece of *read*, *seconds* after it was read, until there are no more."""
    pieces: queue.SimpleQueue[tuple[float, bytes]] = queue.SimpleQueue()

    def collect() -> None:
        piece = b"-"
        while piece:
            piece = read()
            pieces.put((time.monotonic() + seconds, piece))

    threading.Thread(target=collect, daemon=True).start()
    while True:
        due, piece = pieces.get()
        time.sleep(max(0.0, due - time.monotonic()))
        if not piece:
            return
        write(piece)


def _write_out(piece: bytes) -> None:
    while piece:
        piece = piece[os.write(1, piece) :]


def main(milliseconds: str, host: str, port: str) -> None:
    """Connect standard input and output to HOST:PORT."""
    seconds = float(milliseconds) / 2000
    with socket.create_connection((host, int(port))) as peer:
        peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sender = threading.Thread(target=forward, args=(lambda: os.read(0, 65536), peer.sendall, seconds), daemon=True)
        sender.start()
        forward(lambda: peer.recv(65536), _write_out, seconds)


if __name__ == "__main__":
    main(*sys.argv[1:])

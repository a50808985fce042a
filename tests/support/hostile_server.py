"""A server that answers with bytes of a test's choice, as slowly and for as long as the test likes."""

from __future__ import annotations

import contextlib
import itertools
import socket
import threading
import time
from collections.abc import Callable, Iterable, Iterator

#: What is sent, piece by piece, and the pause in seconds before each piece.
Pieces = Iterable[tuple[float, bytes]]


def endless(piece: bytes, pause: float = 0.0) -> Pieces:
    """Return the same piece again and again."""
    return ((pause, piece) for _ in itertools.count())


def dripping(whole: bytes, pause: float) -> Pieces:
    """Return a text byte for byte."""
    return ((pause, whole[at : at + 1]) for at in range(len(whole)))


@contextlib.contextmanager
def serving(answer: Callable[[], Pieces]) -> Iterator[int]:
    """Answer each connection on a port, which is returned, with the pieces. The request is not looked at."""
    stopped = threading.Event()

    def send(connection: socket.socket) -> None:
        with connection, contextlib.suppress(OSError):
            connection.recv(65536)
            for pause, piece in answer():
                if stopped.wait(pause):
                    return
                connection.sendall(piece)
            connection.shutdown(socket.SHUT_WR)
            # A close with unread data would reset the connection.
            connection.settimeout(1)
            while connection.recv(65536):
                pass

    def accept() -> None:
        while not stopped.is_set():
            with contextlib.suppress(OSError):
                connection = listener.accept()[0]
                connection.settimeout(5)
                threading.Thread(target=send, args=[connection], daemon=True).start()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(0.05)
        thread = threading.Thread(target=accept, daemon=True)
        thread.start()
        yield listener.getsockname()[1]
        stopped.set()
        thread.join()


@contextlib.contextmanager
def within(seconds: float) -> Iterator[None]:
    """Fail if the block takes longer."""
    started = time.monotonic()
    yield
    assert time.monotonic() - started < seconds

from __future__ import annotations

import socket
import subprocess
import sys
import threading
import time

from tests.bench import delay


def _answer_in_capitals(listener: socket.socket) -> None:
    connection, _ = listener.accept()
    with connection:
        while piece := connection.recv(65536):
            connection.sendall(piece.upper())


def test_bytes_arrive_unchanged_after_the_delay() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=_answer_in_capitals, args=(listener,), daemon=True).start()
        argv = [sys.executable, delay.__file__, "200", "127.0.0.1", str(listener.getsockname()[1])]
        with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as line:
            assert line.stdin
            assert line.stdout
            started = time.monotonic()
            line.stdin.write(b"over there")
            line.stdin.flush()
            assert line.stdout.read1(65536) == b"OVER THERE"
            # Never earlier, even on a busy machine.
            assert time.monotonic() - started >= 0.2
            line.terminate()

"""Requests between hosts: the real answering program on this machine, and servers that lose something."""

from __future__ import annotations

import contextlib
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator

import pytest
from ansible_collections.slipway.stack.plugins.module_utils.swarm import answering, asking

HOME = "127.0.0.1"


def _here() -> contextlib.AbstractContextManager[None]:
    return contextlib.nullcontext()


def _free_port() -> int:
    with socket.socket() as found:
        found.bind((HOME, 0))
        return int(found.getsockname()[1])


@contextlib.contextmanager
def _program(name: str, lifetime: int = 30) -> Iterator[tuple[int, subprocess.Popen[bytes]]]:
    port = _free_port()
    run = [sys.executable, "-I", "-S", "-c", answering.PROGRAM, name, str(port), str(lifetime)]
    with subprocess.Popen(run) as process:
        try:
            yield port, process
        finally:
            process.kill()


@contextlib.contextmanager
def _server(serve: Callable[[socket.socket], None]) -> Iterator[int]:
    with socket.socket() as listening:
        listening.bind((HOME, 0))
        listening.listen()

        def accept() -> None:
            with contextlib.suppress(OSError):
                while True:
                    connection, _peer = listening.accept()
                    with connection:
                        serve(connection)

        threading.Thread(target=accept, daemon=True).start()
        yield int(listening.getsockname()[1])
        listening.shutdown(socket.SHUT_RDWR)


def test_a_host_that_answers_completely() -> None:
    with _program("app2") as (port, _process):
        assert asking.ask({"app2": HOME}, 10, _here, port) == {"app2": "complete"}


def test_several_hosts_are_asked_at_the_same_time() -> None:
    started = time.monotonic()
    hosts = {f"app{number}": HOME for number in range(20)}
    assert set(asking.ask(hosts, 1, _here, _free_port()).values()) == {"silent"}
    assert time.monotonic() - started < 10


def test_another_host_at_the_address_is_not_taken_for_it() -> None:
    with _program("other") as (port, _process):
        assert asking.ask({"app2": HOME}, 10, _here, port) == {"app2": "another host"}


def test_nobody_answers_within_the_time() -> None:
    started = time.monotonic()
    assert asking.ask({"app2": HOME}, 1, _here, _free_port()) == {"app2": "silent"}
    assert time.monotonic() - started < 30


def test_only_short_answers_arrive() -> None:
    """As with a network whose packets are too long for the one below it."""

    def lose_what_is_long(connection: socket.socket) -> None:
        length = int.from_bytes(connection.recv(8), "big")
        if length < 1000:
            body = b"app2\n" + connection.recv(length)
            connection.sendall(len(body).to_bytes(8, "big") + body)
        connection.settimeout(0.5)
        with contextlib.suppress(OSError):
            while connection.recv(65536):
                pass

    with _server(lose_what_is_long) as port:
        assert asking.ask({"app2": HOME}, 2, _here, port) == {"app2": "short only"}


def test_no_host_to_ask() -> None:
    assert asking.ask({}, 1, _here) == {}


def test_the_program_ends_by_itself() -> None:
    with _program("app2", lifetime=1) as (_port, process):
        assert process.wait(timeout=10) == 0


@pytest.mark.parametrize("request_", [b"", b"\0" * 8, (1 << 40).to_bytes(8, "big")])
def test_the_program_survives_what_is_no_request(request_: bytes) -> None:
    with _program("app2") as (port, _process):
        assert asking.ask({"app2": HOME}, 10, _here, port) == {"app2": "complete"}
        with socket.create_connection((HOME, port), timeout=5) as connection:
            connection.sendall(request_)
            connection.shutdown(socket.SHUT_WR)
            assert connection.recv(10) == b""
        assert asking.ask({"app2": HOME}, 10, _here, port) == {"app2": "complete"}

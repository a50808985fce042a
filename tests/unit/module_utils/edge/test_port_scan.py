"""Ports that answer, refuse or stay silent, on real sockets of this machine."""

from __future__ import annotations

import errno
import resource
import socket
import time
from collections.abc import Iterator

import pytest
from ansible_collections.slipway.stack.plugins.module_utils.edge import port_scan
from ansible_collections.slipway.stack.plugins.module_utils.edge.port_scan import Answers


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server


@pytest.fixture
def silent() -> Iterator[tuple[str, int]]:
    """Return an address whose queue of connections is full, so that a further one gets no answer."""
    with socket.socket() as server:
        server.bind(("127.0.0.2", 0))
        server.listen(0)
        waiting = []
        for _ in range(4):
            client = socket.socket()
            client.setblocking(False)
            client.connect_ex(server.getsockname())
            waiting.append(client)
        time.sleep(0.1)
        yield server.getsockname()
        for client in waiting:
            client.close()


def _scan(address: str, ports: list[int], timeout: float = 1.0, parallel: int = 8, seconds: float = 30.0) -> Answers:
    return port_scan.scan(address, ports, timeout, parallel, time.monotonic() + seconds)


def _closed(number: int) -> list[int]:
    """Return ports of 127.0.0.1 at which nothing listens."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(number)]
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


def test_open_and_closed_ports_are_told_apart(listener: socket.socket) -> None:
    port = listener.getsockname()[1]
    assert _scan("127.0.0.1", [*_closed(40), port]) == Answers(open=[port], refused=40)


def test_the_connection_is_closed_without_a_byte(listener: socket.socket) -> None:
    _scan("127.0.0.1", [listener.getsockname()[1]])
    accepted, _address = listener.accept()
    accepted.settimeout(5)
    with accepted, pytest.raises(ConnectionResetError):
        accepted.recv(1)


def test_a_silent_port_has_its_time_and_no_more(silent: tuple[str, int]) -> None:
    started = time.monotonic()
    assert _scan(silent[0], [silent[1]], timeout=0.5) == Answers(silent=1)
    assert 0.4 < time.monotonic() - started < 5


def test_silent_ports_wait_at_the_same_time(silent: tuple[str, int]) -> None:
    started = time.monotonic()
    assert _scan(silent[0], [silent[1]] * 20, timeout=0.5, parallel=20) == Answers(silent=20)
    assert time.monotonic() - started < 5


def test_no_port_is_tried_after_the_time_limit(silent: tuple[str, int]) -> None:
    found = _scan(silent[0], [silent[1]] * 100, timeout=0.3, parallel=2, seconds=0.5)
    assert found.untried > 80
    assert found.silent + found.untried == 100


def test_more_connections_than_open_files_is_no_error(listener: socket.socket) -> None:
    port = listener.getsockname()[1]
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (48, hard))
    try:
        found = _scan("127.0.0.1", [*_closed(4) * 50, port], parallel=5000)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert found == Answers(open=[port], refused=200)


def test_a_network_that_cannot_be_reached_is_no_refusal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket.socket, "connect_ex", lambda _self, _address: errno.ENETUNREACH)
    assert _scan("192.0.2.1", [1, 2]) == Answers(unreachable={"Network is unreachable": 2})


def test_a_host_without_ipv6_reaches_no_address_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_words: object) -> socket.socket:
        raise OSError(errno.EAFNOSUPPORT, "no")

    monkeypatch.setattr(port_scan.socket, "socket", refuse)
    assert _scan("2001:db8::1", [1]).unreachable == {"Address family not supported by protocol": 1}


def test_a_port_is_tried_again_if_this_host_was_short_of_something(
    monkeypatch: pytest.MonkeyPatch, listener: socket.socket
) -> None:
    codes = [errno.EADDRNOTAVAIL, errno.EADDRNOTAVAIL]
    connect = socket.socket.connect_ex
    monkeypatch.setattr(
        socket.socket, "connect_ex", lambda self, address: codes.pop() if codes else connect(self, address)
    )
    port = listener.getsockname()[1]
    assert _scan("127.0.0.1", [port]) == Answers(open=[port])
    assert codes == []


def test_two_scans_are_added_up() -> None:
    first = Answers([80], 1, 2, {"a": 1, "b": 1}, 3)
    assert port_scan.together(first, Answers([22], 10, 20, {"b": 5, "c": 5}, 30)) == Answers(
        [22, 80], 11, 22, {"a": 1, "b": 6, "c": 5}, 33
    )


def test_a_name_has_its_addresses() -> None:
    assert port_scan.resolve("127.0.0.1") == ["127.0.0.1"]
    with pytest.raises(OSError, match=r"."):
        port_scan.resolve("no such name.invalid")

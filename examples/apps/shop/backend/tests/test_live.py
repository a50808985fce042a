"""Connections that stay open."""

import time

import pytest
from starlette.testclient import TestClient


def test_the_socket_welcomes_and_echoes(client: TestClient) -> None:
    with client.websocket_connect("/api/ws") as socket:
        assert socket.receive_json() == {"type": "welcome", "version": "1.2.3"}
        socket.send_text("hello")
        assert socket.receive_json() == {"type": "echo", "text": "hello"}


def test_sleeps_as_long_as_asked(client: TestClient) -> None:
    started = time.monotonic()
    assert client.get("/api/sleep", params={"seconds": 0.2}).json() == {"slept": 0.2, "version": "1.2.3"}
    assert time.monotonic() - started >= 0.2


@pytest.mark.parametrize("seconds", ["26", "-1", "soon"])
def test_refuses_to_sleep_out_of_bounds(client: TestClient, seconds: str) -> None:
    assert client.get("/api/sleep", params={"seconds": seconds}).status_code == 422

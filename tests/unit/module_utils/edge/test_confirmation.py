"""Which release answers on a port."""

from __future__ import annotations

import http.server
import itertools
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
from ansible_collections.slipway.stack.plugins.module_utils.edge import confirmation
from ansible_collections.slipway.stack.plugins.module_utils.edge.confirmation import confirm
from ansible_collections.slipway.stack.plugins.module_utils.edge.endpoint import EdgeError

from tests.support.fake_host import spec
from tests.support.hostile_server import dripping, endless, serving, within
from tests.support.own_time import give_time


@pytest.fixture
def answers() -> Iterator[tuple[int, list[str]]]:
    """A port that answers with the releases in a list, in order. The last one is repeated."""
    releases: list[str] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("X-Release", releases.pop(0) if len(releases) > 1 else releases[0])
            self.end_headers()

        def log_message(self, *_arguments: Any) -> None:
            pass

    server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    yield server.server_address[1], releases
    server.shutdown()
    server.server_close()
    thread.join()


def _published(port: int) -> dict[str, Any]:
    return {"release": "new", "services": {"edge": spec(edge=True, ports=[f"127.0.0.1:{port}:80"])}}


def test_answers_of_two_releases_are_no_confirmation(
    answers: tuple[int, list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    port, releases = answers
    releases += [*["new", "old"] * 30, "old"]
    monkeypatch.setattr(confirmation, "_TIMEOUT", 0.5)
    give_time(monkeypatch, confirmation, sleep=lambda _seconds: None)
    with pytest.raises(EdgeError, match=f"port {port} does not answer with release new; its last answer: old"):
        confirm(_published(port))


def test_twenty_answers_in_a_row_are_a_confirmation(answers: tuple[int, list[str]]) -> None:
    port, releases = answers
    releases += ["old", *["new"] * 19, "old", "new"]
    confirm(_published(port))
    assert releases == ["new"]


def test_the_answers_can_be_spread_over_a_time(answers: tuple[int, list[str]]) -> None:
    port, releases = answers
    releases += [*["new"] * 19, "old", "new"]
    started = time.monotonic()
    confirm(_published(port), 0.3)
    assert releases == ["new"]
    assert time.monotonic() - started >= 0.3


HEALTHZ = b"HTTP/1.1 200 OK\r\nX-Release: new\r\n\r\n"


def test_an_edge_that_drips_its_answers_is_no_confirmation(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(confirmation, "_TIMEOUT", 0.5)
    monkeypatch.setattr(confirmation, "_ANSWER_SECONDS", 0.3)
    with serving(lambda: dripping(HEALTHZ, 0.1)) as port, within(2.0), pytest.raises(EdgeError, match="timed out"):
        confirm(_published(port))


def test_the_body_of_an_answer_is_not_waited_for() -> None:
    with serving(lambda: itertools.chain([(0.0, HEALTHZ)], endless(b".", 0.1))) as port, within(5.0):
        confirm(_published(port))

"""A real edge with its limits, under slow and greedy clients and while nobody reads what it prints."""

from __future__ import annotations

import contextlib
import http.client
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support import real_edge
from tests.support.crowd import Crowd, Visitor
from tests.support.real_edge import Edge
from tests.support.stacks import wait_until

_APPLICATION = Path(real_edge.__file__).with_name("application.py")
_MB = 1024**2
_PIECE = 64 * 1024
DOWNLOADS: list[dict[str, Any]] = [
    {"kind": "download", "count": 1, "path": f"/body/{300 * _MB}", "rate": 200_000},
    {"kind": "download", "count": 20, "path": f"/body/{10 * _MB}", "rate": 50_000},
    {"kind": "download", "count": 10, "path": f"/json/{10 * _MB}", "rate": 5_000},
]
UPLOADS: list[dict[str, Any]] = [
    {"kind": "upload", "count": 10, "path": "/", "size": 15 * _MB},
    {"kind": "upload", "count": 5, "path": "/", "size": 15 * _MB, "rate": 500_000},
    {"kind": "upload", "count": 5, "path": "/", "size": 15 * _MB, "rate": 500_000, "chunked": True},
]
HALVES: list[dict[str, Any]] = [{"kind": "half_request", "count": 7600, "header": 16_000}]


@pytest.fixture(scope="module", params=["nginx", "traefik"])
def edge(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Edge]:
    folder = tmp_path_factory.mktemp(request.param)
    with real_edge.running(request.param, folder, domain="", application=_APPLICATION) as running:
        yield running


@pytest.mark.parametrize(
    "clients", [[*DOWNLOADS, *UPLOADS], HALVES], ids=["slow downloads and uploads", "half requests"]
)
def test_slow_and_greedy_clients_cost_nobody_else_an_answer(edge: Edge, clients: list[dict[str, Any]]) -> None:
    with Visitor(f"http://{edge.address}:8080/") as visitor, Crowd(edge.network, edge.address, 8080, clients) as crowd:
        crowd.wait(6)
    used, limit = edge.memory()
    figures = f"{visitor.asked} others, {used / _MB:.0f} of {limit / _MB:.0f} MB, {crowd.result}"
    assert crowd.result["most"] > 20, figures
    assert visitor.asked > 5, figures
    assert visitor.failures == [], figures
    assert edge.harm() == (0, 0), figures
    assert used < limit / 2, figures


@contextlib.contextmanager
def _nobody_reads(edge: Edge) -> Iterator[None]:
    """Pause the process that reads what the container prints, as it happens while the engine is stopped."""
    parent = int(Path(f"/proc/{edge.pid}/stat").read_text().rpartition(")")[2].split()[1])
    assert "containerd-shim" in Path(f"/proc/{parent}/cmdline").read_text()
    os.kill(parent, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(parent, signal.SIGCONT)


def test_an_engine_that_reads_no_log_keeps_nobody_waiting(edge: Edge) -> None:
    with contextlib.ExitStack() as visitors:
        url = f"http://{edge.address}:8080/during"
        crowd = [visitors.enter_context(Visitor(url, pause=0.02)) for _ in range(8)]
        with _nobody_reads(edge):
            # Some 460 lines fill the pipe.
            wait_until(lambda: sum(one.asked for one in crowd) > 900, 60)
    asked = sum(one.asked for one in crowd)
    assert [failure for one in crowd for failure in one.failures] == []
    assert max(one.slowest for one in crowd) < 5
    with Visitor(f"http://{edge.address}:8080/afterwards", pause=0.1):
        time.sleep(2)
    log = edge.log()
    assert log.count('"/afterwards"') > 5
    assert log.count('"/during"') > asked / 2


@pytest.mark.parametrize("kind", ["nginx", "traefik"])
def test_a_body_is_refused_by_its_size_with_and_without_a_length(kind: str, tmp_path: Path) -> None:
    with real_edge.running(kind, tmp_path, domain="", application=_APPLICATION, max_body="2m") as limited:
        sizes = [0, 29_999, 30_000, 2 * _MB, 2 * _MB + 1, 20 * _MB]
        assert [_status(limited, size) for size in sizes] == [200, 200, 200, 200, 413, 413]
        assert [_status(limited, size, chunked=True) for size in (_MB, 2 * _MB, 4 * _MB)] == [200, 200, 413]


def _status(edge: Edge, size: int, *, chunked: bool = False) -> int:
    """Return the status of the answer to a body, which may come before the body is sent."""
    connection = http.client.HTTPConnection(edge.address, 8080, timeout=20)
    pieces = (b"x" * min(_PIECE, size - start) for start in range(0, size, _PIECE))
    length = {} if chunked else {"Content-Length": str(size)}
    with contextlib.closing(connection):
        with contextlib.suppress(ConnectionError):
            connection.request("POST", "/", pieces, length, encode_chunked=chunked)
        return connection.getresponse().status

"""Loads that must cost an edge neither its memory nor an answer to anybody else, on a server of a scenario."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from testbed import network
from tests.support.crowd import Crowd, Visitor
from tests.support.long_form import LONG
from tests.support.stacks import Stack, address, wait_until

_APPLICATION = Path(__file__).with_name("application.py")
_MB = 1024**2
#: `make test-long` runs each load alone and for longer.
#: Seconds that the engine is stopped.
STOPPED = 60 if LONG else 15
#: A service with large answers, and the route to it.
SERVICE = {
    "kind": "custom",
    "image": "python:3.13-slim",
    "port": 8000,
    "user": "65534:65534",
    "memory": "256m",
    "command": ["python3", "/application.py", "8000"],
    "files": {"/application.py": {"content": _APPLICATION.read_text()}},
    "health": {
        "test": ["CMD", "python3", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:8000/hello')"],
        "interval": "2s",
    },
}
ROUTE = {"path": "/large/", "to": "large"}

_DOWNLOADS = [
    {"kind": "download", "count": 1, "path": f"/large/body/{300 * _MB}", "rate": 200_000},
    {"kind": "download", "count": 20, "path": f"/large/body/{10 * _MB}", "rate": 50_000},
]
_COMPRESSED = [{"kind": "download", "count": 20, "path": f"/large/json/{10 * _MB}", "rate": 5_000}]
_UPLOADS = [
    {"kind": "upload", "count": 10, "path": "/large/", "size": 15 * _MB},
    {"kind": "upload", "count": 10, "path": "/large/", "size": 15 * _MB, "rate": 500_000},
    {"kind": "upload", "count": 10, "path": "/large/", "size": 15 * _MB, "rate": 500_000, "chunked": True},
]
_HALVES = [{"kind": "half_request", "count": 7600, "header": 16_000}]
_IDLE = [{"kind": "idle", "count": 2000, "path": "/large/"}]
#: Clients that run together, and for how many seconds.
LOADS: dict[str, tuple[list[dict[str, Any]], int]] = (
    {
        "slow downloads": (_DOWNLOADS, 60),
        "slow downloads with compression": (_COMPRESSED, 40),
        "uploads": (_UPLOADS, 60),
        "half requests": (_HALVES, 40),
        "idle connections": (_IDLE, 20),
        "all": ([*_DOWNLOADS, *_COMPRESSED, *_UPLOADS, *_HALVES], 60),
    }
    if LONG
    else {"all": ([*_DOWNLOADS, *_UPLOADS, *_HALVES], 20)}
)


def edge_survives(stack: Stack, load: str, path: str = "/") -> str:
    """Run the load while another client asks for *path* twice a second, and return its figures.

    :raises AssertionError: if the other client got another answer than 200, the edge was restarted, a process of it was
        killed, or it used half of its memory.
    """
    clients, seconds = LOADS[load]
    (edge,) = stack.containers("edge")
    before = _state(stack, edge)
    crowd = Crowd(network.NAME, address(), stack.port, clients)
    with Visitor(f"http://{address()}:{stack.port}{path}") as visitor, crowd:
        crowd.wait(seconds)
    used, limit = _memory(stack, edge)
    figures = (
        f"{load}: {visitor.asked} others, {len(visitor.failures)} failed, slowest {visitor.slowest:.2f} s; "
        f"at most {used / _MB:.0f} of {limit / _MB:.0f} MB; {crowd.result}"
    )
    assert visitor.failures == [], figures
    assert stack.containers("edge") == [edge]
    assert _state(stack, edge) == before, figures
    assert used < limit / 2, figures
    return figures


def _state(stack: Stack, edge: str) -> str:
    form = "{{.State.OOMKilled}} {{.RestartCount}} {{.State.StartedAt}}"
    killed = "cat /sys/fs/cgroup/memory.events /sys/fs/cgroup/memory/memory.oom_control 2>/dev/null | grep 'oom_kill '"
    inspected = stack.host.check_output("docker inspect --format %s %s", form, edge)
    assert inspected.startswith("false 0 "), inspected
    return f"{inspected} {stack.host.check_output('docker exec %s sh -c %s', edge, killed)}"


def _memory(stack: Stack, edge: str) -> tuple[int, int]:
    """Return the largest memory that a container has used, and its limit, in bytes."""
    most = "cd /sys/fs/cgroup; cat memory.peak 2>/dev/null || cat memory/memory.max_usage_in_bytes"
    limit = stack.host.check_output("docker inspect --format '{{.HostConfig.Memory}}' %s", edge)
    return int(stack.host.check_output("docker exec %s sh -c %s", edge, most)), int(limit)


@contextlib.contextmanager
def engine_stopped(host: Any) -> Iterator[None]:
    """Stop the engine of the server, and start it again at the end. Containers keep running (live-restore)."""
    host.check_output("sudo systemctl stop docker.socket docker.service")
    try:
        yield
    finally:
        host.check_output("sudo systemctl start docker.service")
        # The engine that starts begins with its health checks anew. A deploy takes "starting" for "not up".
        wait_until(lambda: "(health: starting)" not in host.check_output("docker ps"), 180)


def edge_answers_without_the_engine(stack: Stack, path: str = "/") -> str:
    """Stop the engine for :data:`STOPPED` seconds under 100 requests per second, and return the figures.

    :raises AssertionError: if a request failed, or the log has no lines of the time or none of the time after it.
    """
    url = f"http://{address()}:{stack.port}{path}"
    (edge,) = stack.containers("edge")
    before = _lines(stack, edge)
    with contextlib.ExitStack() as visitors:
        # An engine that starts renews the rules of the firewall, and TCP repeats what was lost after 1, 3 and 7 s.
        crowd = [visitors.enter_context(Visitor(url, pause=0.1, limit=30)) for _ in range(10)]
        with engine_stopped(stack.host):
            time.sleep(STOPPED)
        time.sleep(3)
    asked, failures = sum(one.asked for one in crowd), [failure for one in crowd for failure in one.failures]
    assert failures == [], failures[:5]
    assert asked > 5 * STOPPED, asked
    assert stack.containers("edge") == [edge]
    logged = _lines(stack, edge)
    during = logged - before
    with Visitor(url, pause=0.1):
        time.sleep(2)
    wait_until(lambda: _lines(stack, edge) > logged, 60)
    # Some are lost if the log does not fit into the memory for it.
    assert during > asked / 10, (during, asked)
    slowest = max(one.slowest for one in crowd)
    return f"engine stopped for {STOPPED} s: {asked} requests, 0 failed, slowest {slowest:.2f} s, {during} lines logged"


def _lines(stack: Stack, edge: str) -> int:
    """Return the number of requests in the log of a container. The log has no queries that could tell them apart."""
    return int(stack.host.check_output("docker logs %s 2>&1 | grep -ci 'method\":' || true", edge))

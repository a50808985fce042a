"""Each kind of secret is rotated while clients ask through the edge: no request fails, and the old value is refused.

The application logs in to Postgres and Redis in every request. The tests depend on their order.
"""

from __future__ import annotations

import http.client
import os
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import pytest

from testbed.load import hey
from tests.support.long_form import LONG, ONLY_LONG
from tests.support.stacks import Stack, address

Playbook = Callable[..., Any]
UnderLoad = Callable[[str], AbstractContextManager[None]]

#: Requests per second on kept connections and on new ones, and seconds of load after a rotation.
KEPT, NEW, AFTER = (30, 15, 15) if LONG else (15, 10, 1)
PORT = 8431
APPLICATION = Path(os.environ["MOLECULE_PROJECT_DIRECTORY"]) / "tests/support/gate_application.py"
SERVICES: dict[str, Any] = {
    "store": {"kind": "redis"},
    "db": {"kind": "postgres", "username": "gate", "database": "gate"},
    "app": {
        "kind": "custom",
        "image": "registry:5000/shop/backend:1.0.0",
        "command": ["python", "/app.py"],
        "files": {"/app.py": {"content": APPLICATION.read_text()}},
        "user": "10001:10001",
        "port": 8000,
        "replicas": 2,
        "needs": ["store", "db"],
        "secrets": [{"name": "session_key", "previous": True}],
        "stop_grace": "5s",
        "compose": {"init": True},
        "health": {
            "test": [
                "CMD",
                "python",
                "-c",
                "import urllib.request as u; u.urlopen('http://127.0.0.1:8000', timeout=5)",
            ],
            "interval": "2s",
            "timeout": "10s",
            "retries": 20,
        },
    },
    "edge": {
        "kind": "nginx",
        "http_port": PORT,
        # Longer than any request takes, also on a busy machine.
        "drain": "20s",
        "stop_grace": "25s",
        "routes": [{"path": "/", "to": "app"}],
    },
}
STACK: dict[str, Any] = {
    "stack_name": "gate",
    "stack_environment": "production",
    "stack_services": SERVICES,
    "stack_secrets": {"session_key": {"generate": 40}},
}


@pytest.fixture(scope="module")
def gate(host: Any, playbook: Playbook) -> Iterator[Stack]:
    """The stack of this module."""
    found = Stack(host, "gate", PORT, address())
    try:
        run = playbook("deploy", **STACK)
        assert run.code == 0, run.output
        yield found
    finally:
        host.run("docker compose --project-name gate down --volumes --remove-orphans --timeout 1")
        host.check_output("sudo rm -rf %s", found.home)


@pytest.fixture
def under_load(gate: Stack) -> UnderLoad:
    """Return a context manager: meanwhile clients ask with a token, and not one request fails."""

    @contextmanager
    def loaded(token: str) -> Iterator[None]:
        hey.install()
        words = ["-H", f"X-Token: {token}"]
        url = f"http://{address()}:{PORT}/"
        kept = hey.arguments(url, seconds=600, workers=10, rate=KEPT)
        new = hey.arguments(url, seconds=600, workers=10, rate=NEW, keepalive=False)
        running = [hey.Hey([*argv[:-1], *words, argv[-1]]) for argv in (kept, new)]
        started = time.monotonic()
        try:
            time.sleep(1)
            yield
            time.sleep(AFTER)
        finally:
            for one in running:
                one.end()
            reports = [one.summary() for one in running]
        seconds = time.monotonic() - started
        answered, failed = (sum(report.finished for report in reports), sum(report.failed for report in reports))
        print(f"{answered} requests answered in {seconds:.0f} s, {failed} failed")
        assert [report.reasons for report in reports] == [{}, {}]
        assert answered >= seconds * (KEPT + NEW) / 4

    return loaded


def _ask(gate: Stack, token: str) -> int:
    connection = http.client.HTTPConnection(gate.server, PORT, timeout=10)
    connection.request("GET", "/", headers={"X-Token": token, "Connection": "close"})
    return connection.getresponse().status


def _generated(gate: Stack, name: str) -> str:
    return str(gate.host.check_output("sudo cat %s", f"{gate.home}/secrets/generated/{name}"))


def _inside(gate: Stack, script: str, *values: str) -> int:
    """Return the exit code of a program of Python in a container of the application; *values* are its arguments."""
    container = gate.containers("app")[0]
    return int(gate.host.run("docker exec %s python -c %s " + " ".join(values), container, script).rc)


@ONLY_LONG
def test_a_key_whose_previous_value_goes_on(gate: Stack, playbook: Playbook, under_load: UnderLoad) -> None:
    old = gate.get().body
    with under_load(old):
        run = playbook("rotate_secret", **STACK, secret="session_key")
    assert run.code == 0, run.output
    new = gate.get().body
    assert new != old
    assert [_ask(gate, token) for token in (old, new, "x")] == [200, 200, 401]


@ONLY_LONG
def test_the_previous_value_is_refused_after_the_overlap(
    gate: Stack, playbook: Playbook, under_load: UnderLoad
) -> None:
    old = gate.get().body
    assert playbook("rotate_secret", **STACK, secret="session_key").code == 0
    new = gate.get().body
    with under_load(new):
        run = playbook("rotate_secret", **STACK, secret="session_key", rotate_finish=True)
    assert run.code == 0, run.output
    assert [_ask(gate, token) for token in (old, new)] == [401, 200]


_REDIS = "import redis, sys; redis.Redis('store', password=sys.argv[1]).ping()"
_POSTGRES = "import psycopg, sys; psycopg.connect(host='db', user='gate', dbname='gate', password=sys.argv[1])"


@pytest.mark.parametrize(
    ("secret", "login"),
    [
        pytest.param("store_password", _REDIS, id="redis"),
        pytest.param("db_password", _POSTGRES, id="postgres", marks=ONLY_LONG),
    ],
)
def test_a_password_of_a_server(
    gate: Stack, playbook: Playbook, under_load: UnderLoad, secret: str, login: str
) -> None:
    old = _generated(gate, secret)
    assert _inside(gate, login, old) == 0
    with under_load(gate.get().body):
        run = playbook("rotate_secret", **STACK, secret=secret)
    assert run.code == 0, run.output
    new = _generated(gate, secret)
    assert new != old
    assert (_inside(gate, login, old), _inside(gate, login, new)) == (1, 0)

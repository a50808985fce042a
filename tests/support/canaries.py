"""A canary on a server of the testbed: visitors who keep their cookies, and a backend of which some answers fail."""

from __future__ import annotations

import http.client
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from testbed.load.session import Load
from tests.support.repeated import Repeated
from tests.support.stacks import Stack, address

_PATH = "/api/version"
_FAULTY = '''\
import random

from app.main import app as application


async def app(scope, receive, send):
    """Answer as the application does, and one request of twenty with an error."""
    if scope["type"] != "http" or scope["path"] == "/api/health" or random.random() >= 0.05:
        await application(scope, receive, send)
        return
    await send({"type": "http.response.start", "status": 500, "headers": [(b"content-length", b"0")]})
    await send({"type": "http.response.body"})
'''
#: Keys of the example application's backend with which 5 % of its answers fail. Its health check passes.
FAULTY = {
    "files": {"/app/faulty.py": {"content": _FAULTY}},
    "command": ["uvicorn", "faulty:app", "--host", "0.0.0.0", "--port", "8000", "--no-access-log"],
}


class Visitors(Repeated):
    """Forty visitors who ask for the version, one after the other, and keep the cookies that they get.

    ``seen``: for each visitor, version of the application and release of the edge of each answer.
    """

    def __init__(self, port: int) -> None:
        super().__init__(0.02)
        self._port = port
        self._cookies: list[dict[str, str]] = [{} for _ in range(40)]
        self.seen: list[list[tuple[str, str]]] = [[] for _ in self._cookies]
        self._next = 0

    def once(self) -> None:
        """Let the next visitor ask."""
        self._next = (self._next + 1) % len(self._cookies)
        cookies = self._cookies[self._next]
        connection = http.client.HTTPConnection(address(), self._port, timeout=10)
        with suppress(OSError, http.client.HTTPException):
            connection.request(
                "GET", _PATH, headers={"Cookie": "; ".join(f"{name}={cookies[name]}" for name in cookies)}
            )
            answer = connection.getresponse()
            answer.read()
            for value in answer.headers.get_all("Set-Cookie") or []:
                name, _, rest = value.partition("=")
                cookies[name] = rest.partition(";")[0]
            if answer.status == 200:
                seen = (answer.headers["X-App-Version"], answer.headers["X-Release"])
                self.seen[self._next].append(seen)
        connection.close()


def assert_divided(stack: Stack, deploy: Callable[[], Any], versions: tuple[str, str]) -> None:
    """Deploy with a canary: each visitor stays on one of the *versions*, old and new, until the switch."""
    with Visitors(stack.port) as visitors:
        run = deploy()
    assert run.code == 0, run.output
    assert "of the requests go to the new containers of backend" in run.output
    live, (old, new) = stack.live(), versions
    before = [{version for version, release in seen if release != live} for seen in visitors.seen]
    # Whoever was drawn for the new release has seen the old one only before there was a cookie.
    drawn = [seen for seen, found in zip(visitors.seen, before, strict=True) if new in found]
    assert 8 <= len(drawn) <= 32, before
    for seen in drawn:
        found = [version for version, release in seen if release != live]
        assert old not in found[found.index(new) :], found


def assert_reverted(stack: Stack, deploy: Callable[[], Any], port: int) -> None:
    """Deploy a :data:`FAULTY` backend under load, and hold that it is reverted, and which requests failed."""
    live, containers = stack.live(), stack.containers()
    with Load(address(), port) as load:
        run = deploy()
    report = load.report
    text = "\n".join(report.lines())
    assert run.code == 2, run.output
    assert "requests to the new containers failed, and 0 % of" in run.output
    assert (stack.live(), stack.containers()) == (live, containers)
    # Only what the faulty containers have answered, with their part of the requests.
    assert set(report.reasons) == {"status 500"}, text
    assert 0 < report.failed < report.requests / 100, text

"""A crowd of slow and greedy clients with an address of its own, and an ordinary client that must not notice it."""

from __future__ import annotations

import json
import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path
from types import TracebackType
from typing import Any

from tests.support.repeated import Repeated

_PROGRAM = Path(__file__).parent / "greedy.py"
_IMAGE = "python:3.13-slim"


class Crowd:
    """Runs the clients of ``greedy`` in a container on a network of this machine's engine, as a context manager.

    *clients* are values such as ``{"kind": "download", "count": 20, "path": "/", "rate": 1000}``. After the context
    ``result`` has what ``greedy`` says about them.
    """

    def __init__(self, network: str, address: str, port: int, clients: list[dict[str, Any]]) -> None:
        self.result: dict[str, Any] = {}
        arguments = json.dumps({"address": address, "port": port, "clients": clients})
        self._command = ["docker", "run", "--rm", "--interactive", f"--network={network}", "--ulimit=nofile=20000"]
        self._command += [f"--volume={_PROGRAM}:/greedy.py:ro", _IMAGE, "python3", "/greedy.py", arguments]

    def __enter__(self) -> Crowd:
        pipe = subprocess.PIPE
        self._process = subprocess.Popen(self._command, stdin=pipe, stdout=pipe, text=True)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        output, _errors = self._process.communicate("\n", timeout=60)
        self.result = json.loads(output or "{}")

    def wait(self, seconds: float) -> bool:
        """Wait until all clients have ended, at most *seconds*; return whether they have."""
        try:
            self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            return False
        return True


class Visitor(Repeated):
    """Asks *url* every *pause* seconds, as a context manager. ``failures`` are the answers other than 200.

    An answer may take *limit* seconds.
    """

    def __init__(self, url: str, pause: float = 0.5, limit: float = 10) -> None:
        super().__init__(pause)
        self.asked = 0
        self.failures: list[str] = []
        self.slowest = 0.0
        self._url = url
        self._limit = limit

    def once(self) -> None:
        """Send one request."""
        self.asked += 1
        started = time.monotonic()
        try:
            with urllib.request.urlopen(self._url, timeout=self._limit) as answer:
                answer.read()
        except (OSError, urllib.error.HTTPError) as error:
            self.failures.append(f"{type(error).__name__}: {error}")
        self.slowest = max(self.slowest, time.monotonic() - started)

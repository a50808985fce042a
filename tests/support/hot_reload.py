"""A checkout under `docker compose up --watch`, and how long a saved file takes to be seen outside."""

from __future__ import annotations

import functools
import json
import os
import signal
import subprocess
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

#: Loopback ports of the trial; what is in the environment goes before `.env`.
PORTS = {
    "EDGE_PORT": "8430",
    "BACKEND_PORT": "8431",
    "DB_PORT": "8432",
    "REDIS_PORT": "8433",
    "BACKEND_DEBUG_PORT": "8434",
    "WORKER_DEBUG_PORT": "8435",
}
EDGE = f"http://127.0.0.1:{PORTS['EDGE_PORT']}"
BROWSER = "slipway/browser"


class Checkout:
    """The stack in the directory *root*. What Compose says goes into `up.log` there."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.log = root / "up.log"

    @contextmanager
    def up(self, seconds: float = 180) -> Iterator[None]:
        """Have it running until the block ends; raises AssertionError where it does not come up in *seconds*."""
        with self.log.open("w") as log:
            argv = ["docker", "compose", "up", "--watch"]
            process = subprocess.Popen(
                argv, cwd=self.root, env=self._env(), stdout=log, stderr=log, start_new_session=True
            )
        try:
            self.wait(lambda: self.get("/api/health") and self.get("/"), seconds)
            yield
        finally:
            # As two presses of control and C would do: Compose goes at once, and the containers are stopped after it.
            os.killpg(process.pid, signal.SIGKILL)
            process.wait(10)
            self.compose("down", "--timeout", "2")

    def compose(self, *arguments: str, **variables: str) -> str:
        """Return what `docker compose` prints; raises CalledProcessError where it fails."""
        argv = ["docker", "compose", *arguments]
        env = {**self._env(), **variables}
        return subprocess.run(argv, cwd=self.root, env=env, check=True, capture_output=True, text=True).stdout

    def get(self, path: str) -> str:
        """Return what the edge answers to a path, empty where it is no good answer."""
        try:
            with urllib.request.urlopen(f"{EDGE}{path}", timeout=5) as response:
                return str(response.read().decode())
        except OSError:
            return ""

    def wait(self, seen: Callable[[], Any], seconds: float = 60, pause: float = 0.5) -> None:
        """Wait until *seen* says so."""
        deadline = time.monotonic() + seconds
        while not seen():
            assert time.monotonic() < deadline, f"not in {seconds} s; the end of {self.log}:\n{self._tail()}"
            time.sleep(pause)

    def replace(self, path: str, old: str, new: str) -> None:
        """Save a file with *old* in it replaced."""
        file = self.root / path
        text = file.read_text()
        assert old in text
        file.write_text(text.replace(old, new))

    def backend_seconds(self, rounds: int) -> list[float]:
        """Return how long each of some saved backend files took to be in an answer through the edge."""
        taken, title = [], "shop"
        for number in range(rounds):
            new = f"shop {number}"
            begun = time.monotonic()
            self.replace("backend/app/api.py", f'title="{title}"', f'title="{new}"')
            self.wait(functools.partial(self._answers, f'"title":"{new}"'), pause=0.01)
            taken.append(time.monotonic() - begun)
            title = new
            time.sleep(1)
        self.replace("backend/app/api.py", f'title="{title}"', 'title="shop"')
        return taken

    def page_seconds(self, rounds: int) -> tuple[list[float], list[dict[str, Any]]]:
        """Return how long each of some saved front-end files took to be on an open page, and what the browser told."""
        taken, told, title = [], [], "Shop"
        argv = ["docker", "run", "--rm", "--init", "--network=host", BROWSER, f"{EDGE}/", str(rounds)]
        with subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as browser:
            assert browser.stdout is not None
            told.append(_fact(browser.stdout.readline()))
            for number in range(rounds):
                new = f"Shop {number}"
                begun = time.monotonic()
                self.replace("frontend/src/App.tsx", f"<h1>{title}</h1>", f"<h1>{new}</h1>")
                told.append(_fact(browser.stdout.readline()))
                taken.append(time.monotonic() - begun)
                title = new
        self.replace("frontend/src/App.tsx", f"<h1>{title}</h1>", "<h1>Shop</h1>")
        return taken, told

    def _answers(self, text: str) -> bool:
        return text in self.get("/api/openapi.json")

    def _env(self) -> dict[str, str]:
        return {**os.environ, **PORTS}

    def _tail(self) -> str:
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-30:])


def _fact(line: str) -> dict[str, Any]:
    try:
        found: dict[str, Any] = json.loads(line)
    except ValueError:
        raise AssertionError(f"the browser says: {line}") from None
    return found

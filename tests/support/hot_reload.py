"""A checkout with `docker compose up --watch`, and the time until a saved file is visible."""

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
from typing import IO, Any

#: Loopback ports of the test. Variables of the environment override `.env`.
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
    """The stack in the directory *root*. The output of Compose goes to `up.log` there."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.log = root / "up.log"

    @contextmanager
    def up(self, seconds: float = 180) -> Iterator[None]:
        """Run the stack during the block.

        :raises AssertionError: if it does not answer within *seconds*.
        """
        with self.log.open("w") as log:
            argv = ["docker", "compose", "up", "--watch"]
            process = subprocess.Popen(
                argv, cwd=self.root, env=self._env(), stdout=log, stderr=log, start_new_session=True
            )
        try:
            self.wait(lambda: self.get("/api/health") and self.get("/"), seconds)
            yield
        finally:
            # Compose ends at once, as after pressing Ctrl+C twice. Then the containers are stopped.
            os.killpg(process.pid, signal.SIGKILL)
            process.wait(10)
            self.compose("down", "--timeout", "2")

    def compose(self, *arguments: str, **variables: str) -> str:
        """Return the output of `docker compose`.

        :raises CalledProcessError: if it fails.
        """
        argv = ["docker", "compose", *arguments]
        env = {**self._env(), **variables}
        return subprocess.run(argv, cwd=self.root, env=env, check=True, capture_output=True, text=True).stdout

    def get(self, path: str) -> str:
        """Return the body of the edge's answer, "" if there is an error."""
        try:
            with urllib.request.urlopen(f"{EDGE}{path}", timeout=5) as response:
                return str(response.read().decode())
        except OSError:
            return ""

    def wait(self, reached: Callable[[], Any], seconds: float = 60, pause: float = 0.5) -> None:
        """Wait until *reached* returns true.

        :raises AssertionError: after *seconds*.
        """
        deadline = time.monotonic() + seconds
        while not reached():
            assert time.monotonic() < deadline, f"not within {seconds} s; the end of {self.log}:\n{self._tail()}"
            time.sleep(pause)

    def replace(self, path: str, old: str, new: str) -> None:
        """Replace *old* by *new* in a file."""
        file = self.root / path
        text = file.read_text()
        assert old in text
        file.write_text(text.replace(old, new))

    def backend_seconds(self, rounds: int) -> list[float]:
        """Save a backend file *rounds* times. Return the seconds until each change is in an answer of the edge."""
        taken, title = [], "shop"
        for number in range(rounds):
            new = f"shop {number}"
            started = time.monotonic()
            self.replace("backend/app/api.py", f'title="{title}"', f'title="{new}"')
            self.wait(functools.partial(self._answers, f'"title":"{new}"'), pause=0.01)
            taken.append(time.monotonic() - started)
            title = new
            time.sleep(1)
        self.replace("backend/app/api.py", f'title="{title}"', 'title="shop"')
        return taken

    def page_seconds(self, rounds: int) -> tuple[list[float], list[dict[str, Any]]]:
        """Save a front-end file *rounds* times.

        Return the seconds until each change is on an open page, and the facts that the browser printed.
        """
        taken, facts, title = [], [], "Shop"
        argv = ["docker", "run", "--rm", "--init", "--network=host", BROWSER, f"{EDGE}/", str(rounds)]
        with subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as browser:
            assert browser.stdout is not None
            facts.append(_fact(browser.stdout))
            for number in range(rounds):
                new = f"Shop {number}"
                started = time.monotonic()
                self.replace("frontend/src/App.tsx", f"<h1>{title}</h1>", f"<h1>{new}</h1>")
                facts.append(_fact(browser.stdout))
                taken.append(time.monotonic() - started)
                title = new
        self.replace("frontend/src/App.tsx", f"<h1>{title}</h1>", "<h1>Shop</h1>")
        return taken, facts

    def _answers(self, text: str) -> bool:
        return text in self.get("/api/openapi.json")

    def _env(self) -> dict[str, str]:
        return {**os.environ, **PORTS}

    def _tail(self) -> str:
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-30:])


def _fact(printed: IO[str]) -> dict[str, Any]:
    """Return the next line that the browser prints. :raises AssertionError: with all it says, if it fails."""
    line = printed.readline()
    try:
        found: dict[str, Any] = json.loads(line)
    except ValueError:
        raise AssertionError(f"the browser printed no JSON: {line}{printed.read()}") from None
    return found

"""A rollout that something happens to in the middle: seen from the server's journal, judged through its public port."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.support.stacks import Stack, container

ROOT = Path(__file__).resolve().parents[2]
WATCH = Path(__file__).with_name("watch_journal.py")
#: Containers of the scenario's stack: by service, how many there are, and the state that they have.
WHOLE = {
    ("store", "running"): 1,
    ("opening", "exited"): 1,
    ("clerk", "running"): 1,
    ("clock", "running"): 1,
    ("page", "running"): 2,
    ("edge", "running"): 1,
}
#: A pod is of no release: it is there as long as the edge.
POD = ("edge-pod", "running")
#: Seconds in which somebody must serve after a process was killed, and after the server was.
SERVES_WITHIN, BOOTS_WITHIN = 5.0, 120.0


@dataclass(frozen=True)
class Trial:
    """One rollout and what was done to it; ``after``: the record; ``serving``: seconds until somebody served."""

    what: str
    after: str
    serving: float
    converging: float


class Watch:
    """Waits on the server for one record of the next rollout; see ``watch_journal``."""

    def __init__(self, home: str, step: int | str, *, kill: bool) -> None:
        argv = ["docker", "exec", "--interactive", container(), "python3", "-", home, str(step)]
        self._process = subprocess.Popen(
            [*argv, "kill" if kill else "look"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(WATCH.read_text())
        self._process.stdin.close()
        assert self._process.stdout.readline() == "watching\n"

    def found(self) -> dict[str, Any] | None:
        """Return the record and the processes that were killed; ``None`` for a rollout that ended before."""
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        self._process.stdout.close()
        self._process.wait(10)
        result: dict[str, Any] | None = json.loads(line)
        return result


class Controller:
    """A playbook under way in a process group of its own."""

    def __init__(self, name: str, **variables: Any) -> None:
        argv = ["ansible-playbook", "--inventory", os.environ["MOLECULE_INVENTORY_FILE"]]
        argv += ["--extra-vars", json.dumps(variables), str(ROOT / f"playbooks/{name}.yml")]
        self._process = subprocess.Popen(
            argv,
            cwd=ROOT,
            env={**os.environ, "ANSIBLE_NOCOLOR": "1", "ANSIBLE_FORCE_COLOR": "0"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def kill(self) -> None:
        """End it and all that it started, as a closed laptop does."""
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.communicate()

    def end(self) -> tuple[int, str]:
        """Wait for its end, and return exit code and output with the folds taken out."""
        output, _ = self._process.communicate(timeout=180)
        return self._process.returncode, " ".join(output.split())


def serving(stack: Stack, bodies: set[str], within: float) -> float:
    """Return after how many seconds the public port answers with one of *bodies*; an AssertionError after *within*."""
    begun = time.monotonic()
    seen: object = None
    while time.monotonic() - begun < within:
        try:
            answer = stack.get()
            seen = (answer.status, answer.body)
            if answer.status == 200 and answer.body.strip() in bodies:
                return time.monotonic() - begun
        except OSError as error:
            seen = error
        time.sleep(0.1)
    raise AssertionError(f"after {within} s neither of {bodies} serves; last seen: {seen}")


def restart_server() -> None:
    """Take the server's power away and give it back."""
    subprocess.run(["docker", "kill", container()], check=True, capture_output=True)
    subprocess.run(["docker", "start", container()], check=True, capture_output=True)


def wait_for_login() -> None:
    """Wait until the server lets us in again."""
    name = container().removeprefix("slipway-")
    subprocess.run([sys.executable, "-m", "testbed", "server", "up", name], cwd=ROOT, check=True, capture_output=True)


def census(stack: Stack) -> Counter[tuple[str, str]]:
    """Return the stack's containers, stopped ones and release jobs too, counted by service and state."""
    label = '{{.Label "com.docker.compose.service"}}'
    listed = stack.host.check_output(
        f"docker ps --all --filter label=com.docker.compose.project={stack.name} --format '{label} {{{{.State}}}}'"
    )
    return Counter((service, state) for service, state in (line.split() for line in listed.splitlines()))

"""Interrupt a rollout: watch its journal on the server, and check the result through the public port."""

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
#: The number of containers of the scenario's stack, by service and state.
EXPECTED = {
    ("store", "running"): 1,
    ("opening", "exited"): 1,
    ("clerk", "running"): 1,
    ("clock", "running"): 1,
    ("page", "running"): 2,
    ("edge", "running"): 1,
}
#: The pod does not belong to a release. It exists as long as the edge.
POD = ("edge-pod", "running")
#: Seconds until the stack must serve after a process was killed, and after the server was restarted.
SERVE_TIMEOUT, BOOT_TIMEOUT = 5.0, 120.0


@dataclass(frozen=True)
class Trial:
    """One interrupted rollout.

    ``what``: the interruption; ``after``: the last journal record before it; ``serving``: seconds until the stack
    served again; ``converging``: seconds of the next deploy.
    """

    what: str
    after: str
    serving: float
    converging: float


class Watch:
    """Waits on the server for one record of the next rollout, see ``watch_journal``."""

    def __init__(self, home: str, step: int | str, *, what: str) -> None:
        """:param what: what happens at the record: ``kill`` the rollout's process, ``fill`` its disk, or ``look``."""
        argv = ["docker", "exec", "--interactive", container(), "python3", "-", home, str(step)]
        self._process = subprocess.Popen([*argv, what], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(WATCH.read_text())
        self._process.stdin.close()
        assert self._process.stdout.readline() == "watching\n"

    def found(self) -> dict[str, Any] | None:
        """Return the record, the killed processes and the size of the filler.

        ``None`` if the rollout ended before the record.
        """
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        self._process.stdout.close()
        self._process.wait(10)
        result: dict[str, Any] | None = json.loads(line)
        return result


class Controller:
    """A running playbook, in its own process group."""

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
        """Kill the playbook and its child processes, as if the laptop was closed."""
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.communicate()

    def wait(self) -> tuple[int, str]:
        """Wait for the end, and return the exit code and the output with single spaces."""
        output, _ = self._process.communicate(timeout=180)
        return self._process.returncode, " ".join(output.split())


def describe(found: dict[str, Any]) -> str:
    """Return the record that a :class:`Watch` has found, as text."""
    record = found["record"]
    return " ".join(str(record[key]) for key in ("step", "state", "service", "text") if record[key])


def seconds_until_serving(stack: Stack, bodies: set[str], timeout: float) -> float:
    """Return the seconds until the public port answers with one of *bodies*.

    :raises AssertionError: after *timeout* seconds.
    """
    started = time.monotonic()
    last: object = None
    while time.monotonic() - started < timeout:
        try:
            answer = stack.get()
            last = (answer.status, answer.body)
            if answer.status == 200 and answer.body.strip() in bodies:
                return time.monotonic() - started
        except OSError as error:
            last = error
        time.sleep(0.1)
    raise AssertionError(f"none of {bodies} serves after {timeout} s; last answer: {last}")


def restart_server() -> None:
    """Kill the server without a shutdown, and start it again."""
    subprocess.run(["docker", "kill", container()], check=True, capture_output=True)
    subprocess.run(["docker", "start", container()], check=True, capture_output=True)


def wait_for_login() -> None:
    """Wait until the server accepts SSH logins again."""
    name = container().removeprefix("slipway-")
    subprocess.run([sys.executable, "-m", "testbed", "server", "up", name], cwd=ROOT, check=True, capture_output=True)


def count_containers(stack: Stack) -> Counter[tuple[str, str]]:
    """Return the number of the stack's containers by service and state, with stopped ones and release jobs."""
    label = '{{.Label "com.docker.compose.service"}}'
    listed = stack.host.check_output(
        f"docker ps --all --filter label=com.docker.compose.project={stack.name} --format '{label} {{{{.State}}}}'"
    )
    return Counter((service, state) for service, state in (line.split() for line in listed.splitlines()))

"""The server of the bench. It runs playbooks and SSH commands."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
BENCH = ROOT / "tests/bench"
STATE = ROOT / ".testbed/bench"
NAME = "bench"
ADDRESS = "172.31.250.70"


class BenchError(Exception):
    """A side did not do its work, so its time has no meaning."""


class Server:
    """The server, with SSH connections that stay open.

    :param sockets: directory of the connections' sockets.
    :param delay: milliseconds that are added to a round trip.
    """

    def __init__(self, sockets: str, delay: float = 0) -> None:
        self._environment = {
            **os.environ,
            "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"),
            "ANSIBLE_SSH_CONTROL_PATH_DIR": sockets,
            "ANSIBLE_NOCOLOR": "1",
        }
        self._variables: dict[str, Any] = {}
        #: The inventory of playbooks.
        self.inventory = BENCH / "inventory"
        self._ssh = [
            "ssh",
            "-i",
            str(ROOT / ".testbed/id_ed25519"),
            "-o",
            f"UserKnownHostsFile={STATE / 'known_hosts'}",
        ]
        self._ssh += ["-o", "ControlMaster=auto", "-o", "ControlPersist=10m", "-o", f"ControlPath={sockets}/hand"]
        if delay:
            proxy = f"ProxyCommand={sys.executable} {BENCH / 'delay.py'} {delay} %h %p"
            self._variables["ansible_ssh_extra_args"] = f"-o '{proxy}'"
            self._ssh += ["-o", proxy]

    def playbook(self, path: str, changes: bool | None = None, **variables: Any) -> None:
        """Run a playbook of this checkout.

        :param changes: whether it must change something, `None` if both are right.
        :raises BenchError: if it fails, or if *changes* is wrong.
        """
        argv = ["ansible-playbook", "--inventory", str(self.inventory), str(ROOT / path)]
        argv += ["--extra-vars", json.dumps({**self._variables, **variables})]
        output = _run(argv, self._environment)
        changed = sum(int(number) for number in re.findall(r"changed=(\d+)", output))
        if changes is not None and changes != bool(changed):
            raise BenchError(f"{path} changed {changed} things:\n{output}")

    def command(self, line: str) -> str:
        """Run a shell command over SSH and return its output.

        :raises BenchError: if it fails.
        """
        return _run([*self._ssh, f"deploy@{ADDRESS}", line], self._environment)


def boot() -> None:
    """Boot a new server with an engine, and push the images of both versions to the registry."""
    STATE.mkdir(parents=True, exist_ok=True)
    remove()
    (STATE / "known_hosts").unlink(missing_ok=True)
    for step in (["engine"], ["images"], ["registry"], ["shop", "--versions", "1.0.0", "1.1.0"]):
        _testbed(*step)
    _testbed("server", "up", NAME, "--image=server-engine", f"--address={ADDRESS}")


def remove() -> None:
    """Remove the server."""
    _testbed("server", "down", NAME)


def _testbed(*arguments: str) -> None:
    if subprocess.run([sys.executable, "-m", "testbed", *arguments], cwd=ROOT).returncode:
        raise BenchError(f"the testbed failed at `{' '.join(arguments)}`; its message is above")


def _run(argv: list[str], environment: Mapping[str, str]) -> str:
    done = subprocess.run(
        argv,
        cwd=ROOT,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    if done.returncode:
        raise BenchError(f"{argv[0]} ended with code {done.returncode}:\n{done.stdout}")
    return done.stdout

"""A stack that the real playbooks deploy to this machine: its own engine, and a directory in place of a server.

For what needs a rollout of real containers and no SSH. The Compose project has a name of its own. Whoever makes one
removes it.
"""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from ansible_collections.slipway.stack.plugins.module_utils.engine import docker
from ansible_collections.slipway.stack.plugins.module_utils.rotation import work as rotation_work
from ansible_collections.slipway.stack.plugins.module_utils.state import journal
from ansible_collections.slipway.stack.plugins.module_utils.state.layout import Home

from tests.contracts.checkout import ROOT

#: Seconds within which a restarted container must be healthy.
_HEALTHY = 60.0


@dataclass(frozen=True)
class Run:
    """How a playbook ended: the exit code, and what it printed."""

    code: int
    output: str


class LocalDeploy:
    """A stack of the project *name*, whose directory on the "server" is below *folder*."""

    def __init__(self, name: str, folder: Path) -> None:
        self.name, self.folder = name, folder
        self.home = Home(str(folder / "stacks" / name))
        self.variables: dict[str, Any] = {
            "ansible_connection": "local",
            "ansible_python_interpreter": "/usr/bin/python3",
            "ansible_become": False,
            "stack_name": name,
            "stack_root": str(folder / "stacks"),
            "stack_environment": "test",
            "stack_min_free": "1",
            "stack_policy_level": "off",
        }

    def describe(self, services: Mapping[str, Any], secrets: Mapping[str, Any]) -> None:
        """Write the inventory."""
        variables = {**self.variables, "stack_services": dict(services), "stack_secrets": dict(secrets)}
        inventory = {"stack": {"hosts": {"here": variables}}}
        (self.folder / "hosts.yml").write_text(yaml.safe_dump(inventory))

    def run(self, playbook: str, *options: str, environment: Mapping[str, str] | None = None, **variables: Any) -> Run:
        """Run a playbook of the collection."""
        argv = ["ansible-playbook", "-i", str(self.folder / "hosts.yml"), "-e", json.dumps(variables), *options]
        done = subprocess.run(
            [*argv, f"playbooks/{playbook}.yml"],
            cwd=ROOT,
            env={**os.environ, "ANSIBLE_NOCOLOR": "1", **(environment or {})},
            capture_output=True,
            text=True,
            check=False,
        )
        return Run(done.returncode, done.stdout + done.stderr)

    def deploy(self, *options: str, **variables: Any) -> Run:
        """Deploy the stack, which must succeed."""
        run = self.run("deploy", *options, **variables)
        assert run.code == 0, run.output
        return run

    def containers(self, service: str) -> list[docker.Container]:
        """Return the running containers of a service."""
        return [one for one in docker.containers(self.name, [service]) if one.state == "running" and not one.oneoff]

    def execute(self, service: str, *command: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        """Run a command in the first container of a service."""
        name = self.containers(service)[0].name
        argv = ["docker", "exec", "--interactive", name, *command]
        return subprocess.run(argv, input=stdin, capture_output=True, text=True, check=False)

    def restart(self, service: str) -> None:
        """Restart the container of a service by hand, and wait until it is healthy."""
        subprocess.run(["docker", "restart", self.containers(service)[0].name], check=True, capture_output=True)
        deadline = time.monotonic() + _HEALTHY
        while {one.health for one in self.containers(service)} != {"healthy"}:
            assert time.monotonic() < deadline, f"{service} did not become healthy within {_HEALTHY} s"
            time.sleep(0.2)
        # A client that was refused meanwhile has said so.
        time.sleep(1)

    def files_with(self, text: str) -> list[str]:
        """Return the files of the stack's directory that contain a text, by their path in it."""
        found = (path for path in self.home.path.rglob("*") if path.is_file() and not path.is_symlink())
        return sorted(str(path.relative_to(self.home.path)) for path in found if text.encode() in path.read_bytes())

    def rotate(self, secret: str, finish: bool = False) -> Callable[[], None]:
        """Return what rotates a secret in this process, as the module does in one of its own."""

        def work() -> None:
            lease, _name, function = rotation_work.begin(self.home, secret, "me", finish)
            function()
            lease.close_own_copy()

        return work

    def journal(self) -> list[dict[str, Any]]:
        """Return the records of rollouts and rotations."""
        return journal.read(self.home.journal, 0)[0]

    def remove(self) -> None:
        """Remove its containers, volumes and networks."""
        argv = ["docker", "compose", "--project-name", self.name, "down", "--volumes", "--timeout", "1"]
        subprocess.run(argv, cwd="/", capture_output=True, check=False)

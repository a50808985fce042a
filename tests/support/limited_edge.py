"""The real edge on the engine of this machine: the proxy with its limits and its configuration, and an application.

There is no server, no rollout and no Compose: what the deploy would write is written to a directory, and the proxy's
container is started with the keys of its Compose service.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from ansible_collections.slipway.stack.plugins.module_utils.edge import configuration
from ansible_collections.slipway.stack.plugins.module_utils.state.layout import Home, write_text

from testbed import engine, images, shell
from tests.support.descriptions import parcel

APPLICATION = Path(__file__).parent / "application.py"
IMAGES = {"nginx": "nginx:1.30", "traefik": "traefik:3"}
_APPLICATION_IMAGE = "python:3.13-slim"
_APPLICATION_PORT = 8000
_numbers = itertools.count(1)


@dataclass(frozen=True)
class Edge:
    """A running edge. ``address`` and ``port`` are those of the proxy's container, ``limit`` its memory in bytes."""

    name: str
    address: str
    port: int
    limit: int

    def get(self, path: str) -> int:
        """Return the status of the answer to a GET request."""
        try:
            with urllib.request.urlopen(f"http://{self.address}:{self.port}{path}", timeout=10) as answer:
                answer.read()
                return int(answer.status)
        except urllib.error.HTTPError as error:
            return error.code

    def memory(self) -> int:
        """Return the memory that the container uses now, in bytes. Files that the kernel can drop do not count."""
        pid = self.pid()
        return _used(f"/sys/fs/cgroup/memory{_group(pid)}") if pid else 0

    def pid(self) -> int:
        """Return the process id of the proxy's main process; 0 if it does not run."""
        return int(_docker("inspect", "--format", "{{.State.Pid}}", self.name))

    def fate(self) -> tuple[bool, int]:
        """Return whether a process of the container was killed for its memory, and how often it was restarted."""
        state = _docker("inspect", "--format", "{{.State.OOMKilled}} {{.RestartCount}}", self.name).split()
        return state[0] == "true", int(state[1])

    def execute(self, script: str) -> str:
        """Return the output of a shell script in the container."""
        return _docker("exec", self.name, "sh", "-c", script)

    def log(self) -> list[str]:
        """Return the lines of the container's log."""
        return _docker("logs", self.name, merged=True).splitlines()


def _docker(*arguments: str, merged: bool = False) -> str:
    done = subprocess.run(
        ["docker", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT if merged else subprocess.PIPE,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + (done.stderr or "")
    return str(done.stdout).strip()


def _group(pid: int) -> str:
    lines = Path(f"/proc/{pid}/cgroup").read_text().splitlines()
    return next(line.split(":", 2)[2] for line in lines if line.split(":", 2)[1] in ("memory", ""))


def _used(group: str) -> int:
    """Return the bytes in use of a control group, of either version."""
    older = Path(group)
    unified = Path(group.replace("/memory/", "/", 1))
    if (older / "memory.usage_in_bytes").exists():
        return _number(older / "memory.usage_in_bytes") - _stat(older, "total_inactive_file")
    return _number(unified / "memory.current") - _stat(unified, "inactive_file")


def _number(path: Path) -> int:
    return int(path.read_text())


def _stat(group: Path, key: str) -> int:
    return next(
        int(line.split()[1]) for line in (group / "memory.stat").read_text().splitlines() if line.startswith(key + " ")
    )


@contextlib.contextmanager
def running(folder: Path, kind: str, **keys: Any) -> Iterator[Edge]:
    """Run the application behind an edge of *kind* with more *keys*, with its files below *folder*."""
    with shell.locked("images"):
        engine.require()
        images.ensure([kind, "python"])
    stack = f"edge-{os.getpid()}-{next(_numbers)}"
    app = f"{stack}-app"
    folder.chmod(0o755)
    services = {
        "app": {"kind": "custom", "image": _APPLICATION_IMAGE, "port": _APPLICATION_PORT, "health": {"test": ["NONE"]}},
        "edge": {"kind": kind, "routes": [{"path": "/", "to": "app"}], **keys},
    }
    release = parcel(services, {}, domain="")
    home = Home(str(folder))
    for path, text in release.files.items():
        if path.startswith("edge/"):
            write_text(home.release("r1") / path, text)
    manifest = {"release": "r1", "stack": stack, "services": release.services, "upstreams": release.upstreams}
    version = configuration.write_version(home, configuration.render(home, manifest, {"app": [app]}))
    (home.edge / "current").symlink_to(f"versions/{version}")
    compose = yaml.safe_load(release.files["compose.yaml"])["services"]["edge"]
    try:
        _docker("network", "create", stack)
        serve = ["python3", "/application.py", str(_APPLICATION_PORT)]
        mount = f"--volume={APPLICATION}:/application.py:ro"
        _docker("run", "--detach", f"--name={app}", f"--network={stack}", mount, _APPLICATION_IMAGE, *serve)
        _docker("run", *_arguments(compose, home, stack), IMAGES[kind], *_command(compose))
        container = json.loads(_docker("inspect", stack))[0]
        address = container["NetworkSettings"]["Networks"][stack]["IPAddress"]
        edge = Edge(stack, address, 8080, container["HostConfig"]["Memory"])
        _wait(edge)
        yield edge
    finally:
        for name in (stack, app):
            subprocess.run(["docker", "rm", "--force", name], capture_output=True, check=False)
        subprocess.run(["docker", "network", "rm", stack], capture_output=True, check=False)


def _arguments(compose: dict[str, Any], home: Home, stack: str) -> list[str]:
    limits = compose["deploy"]["resources"]["limits"]
    result = ["--detach", f"--name={stack}", f"--network={stack}", "--restart=unless-stopped", "--read-only"]
    result += [f"--memory={limits['memory']}", f"--memory-swap={limits['memory']}", f"--cpus={limits['cpus']}"]
    result += [f"--user={compose['user']}", "--cap-drop=ALL", f"--volume={home.edge}:/etc/slipway/edge:ro"]
    result += [f"--tmpfs={mount}" for mount in compose["tmpfs"]]
    result += [f"--env={name}={value}" for name, value in compose.get("environment", {}).items()]
    result += [f"--ulimit={name}={value}" for name, value in compose.get("ulimits", {}).items()]
    if "logging" in compose:
        result.append(f"--log-driver={compose['logging']['driver']}")
        result += [f"--log-opt={name}={value}" for name, value in compose["logging"]["options"].items()]
    return [*result, f"--entrypoint={compose['entrypoint'][0]}"]


def _command(compose: dict[str, Any]) -> list[str]:
    return [*compose["entrypoint"][1:], *(argument.replace("$$", "$") for argument in compose.get("command", []))]


def _wait(edge: Edge) -> None:
    deadline = time.monotonic() + 20
    while True:
        with contextlib.suppress(OSError):
            if edge.get("/hello") == 200:
                return
        assert time.monotonic() < deadline, edge.log()[-5:]
        time.sleep(0.1)

"""A throwaway copy of a service: its image and its settings, empty volumes, no network.

Place in the pipeline: target, for the drill. The copy is a Compose project of its own with one service, made of what
Compose reads in the release. What it could reach or be reached by is left out: networks, ports, labels that a proxy
reads, directories of the host that it may write to.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator, Mapping
from typing import Any

from ansible_collections.slipway.stack.plugins.module_utils.engine import container_logs, docker
from ansible_collections.slipway.stack.plugins.module_utils.engine.docker import Container, DockerError
from ansible_collections.slipway.stack.plugins.module_utils.engine.health_check import LAST_LINES
from ansible_collections.slipway.stack.plugins.module_utils.state.journal import RolloutFailed
from ansible_collections.slipway.stack.plugins.module_utils.state.layout import Home, write_text

#: The keys of a service that the copy has. Every other one is about its surroundings.
_KEPT = (
    *("image", "platform", "user", "group_add", "userns_mode", "command", "entrypoint", "working_dir", "environment"),
    *("healthcheck", "stop_signal", "stop_grace_period", "init", "runtime", "shm_size", "tmpfs", "ulimits", "sysctls"),
    *("read_only", "cap_add", "cap_drop", "security_opt", "mem_limit", "memswap_limit", "cpus", "pids_limit"),
    *("secrets", "configs", "hostname", "deploy"),
)
#: An eighth of what a service has: the services go first where there are too few cores.
_CPU_SHARES = 128


def document(
    resolved: Mapping[str, Any], service: str, project: str, shown: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """Return the Compose document of the copy. Pure.

    :param resolved: what ``docker compose config --format json`` prints for the release.
    :param shown: directories of this host that it can read, by path in the container.
    """
    given = resolved["services"][service]
    copy = {key: given[key] for key in _KEPT if key in given}
    # Only its limits: a copy has one container, and nobody restarts it.
    limits = ((copy.pop("deploy", None) or {}).get("resources") or {}).get("limits")
    if limits:
        copy["deploy"] = {"resources": {"limits": limits}}
    volumes: dict[str, Any] = {}
    mounts = []
    for mount in given.get("volumes") or []:
        if mount["type"] in ("volume", "bind") and not mount.get("read_only"):
            name = f"data{len(volumes)}"
            volumes[name] = {}
            mounts.append({"type": "volume", "source": name, "target": mount["target"]})
        elif mount["type"] in ("bind", "tmpfs"):
            mounts.append(mount)
    for target, source in (shown or {}).items():
        mounts.append({"type": "bind", "source": source, "target": target, "read_only": True})
    copy |= {"network_mode": "none", "restart": "no", "volumes": mounts, "cpu_shares": _CPU_SHARES}
    shared = {key: resolved[key] for key in ("secrets", "configs") if key in resolved}
    return {"name": project, "services": {service: copy}, "volumes": volumes, **shared}


class Throwaway:
    """The copy of one service. Its volumes exist from the beginning; it runs from :meth:`start` on."""

    def __init__(
        self, home: Home, release: str, service: str, word: str = "drill", shown: Mapping[str, str] | None = None
    ) -> None:
        manifest = home.manifest(release) or {}
        self.project = f"{manifest.get('stack', 'stack')}-{word}"
        self._service = service
        self._seconds = float(manifest["services"][service]["start_seconds"])
        self._file = home.state / f"{word}.json"
        resolved = json.loads(docker.run(["compose", "config", "--format", "json"], cwd=str(home.release(release))))
        # It has the variables of the service, passwords among them.
        write_text(self._file, json.dumps(document(resolved, service, self.project, shown)), 0o600)

    def create(self) -> Container:
        """Create it, and return its container, which does not run."""
        self._compose("up", "--no-start", "--no-build", "--pull", "missing")
        return self.container()

    def start(self) -> Container:
        """Start it and wait until it is healthy. :raises RolloutFailed: if it does not become healthy."""
        limit = str(int(self._seconds) + 60)
        try:
            words = ("up", "--detach", "--no-build", "--pull", "missing", "--wait", "--wait-timeout", limit)
            self._compose(*words, timeout=self._seconds + 120.0)
        except DockerError as error:
            reason = f"a copy of service '{self._service}' with the data does not start: {error}"
            log = container_logs.last_lines(self.container().id, LAST_LINES)
            raise RolloutFailed(reason, tuple(log)) from None
        return self.container()

    def stop(self) -> None:
        """Stop it as the service is stopped, so that it writes what it has in memory."""
        self._compose("stop", timeout=self._seconds + 120.0)

    def command(self, script: str, variables: Mapping[str, str] | None = None) -> list[str]:
        """Return the command that runs *script* in it while it does not run, with its volumes and its user.

        :param variables: further ones that the script gets.
        """
        given = [word for name, value in (variables or {}).items() for word in ("--env", f"{name}={value}")]
        words = ["run", "--rm", "--no-deps", "--no-TTY", *given, "--entrypoint", "sh", self._service, "-ec", script]
        return ["docker", "compose", "--project-name", self.project, "--file", str(self._file), *words]

    def clear(self) -> None:
        """Remove its container and its volumes."""
        self._compose("down", "--volumes", "--remove-orphans", "--timeout", "0")

    def remove(self) -> None:
        """Remove all of it."""
        try:
            self.clear()
        finally:
            self._file.unlink(missing_ok=True)

    def _compose(self, *words: str, timeout: float = docker.COMMAND_SECONDS) -> None:
        docker.run(["compose", "--project-name", self.project, "--file", str(self._file), *words], timeout=timeout)

    def container(self) -> Container:
        """Return its container. :raises RolloutFailed: if it is gone."""
        found = [one for one in docker.containers(self.project, [self._service]) if not one.oneoff]
        if not found:
            raise RolloutFailed(f"a copy of service '{self._service}' was created and is not there")
        return found[0]


@contextlib.contextmanager
def throwaway(
    home: Home, release: str, service: str, word: str = "drill", shown: Mapping[str, str] | None = None
) -> Iterator[Throwaway]:
    """Make a throwaway copy of a service, and remove it at the end.

    :param word: what it is for; two of them at a time have two words. :param shown: see :func:`document`.

    One that a killed drill has left is removed first: ``down`` is for the project, whatever it has.
    """
    copy = Throwaway(home, release, service, word, shown)
    try:
        copy.clear()
        yield copy
    finally:
        copy.remove()

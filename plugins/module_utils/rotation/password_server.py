"""The server of a password during its rotation: it accepts two passwords, then one. The kind says how.

Place in the pipeline: target, under ``rotating``. The scripts of a kind run in the server's container. Passwords reach
them on standard input, never as an argument.
"""

from __future__ import annotations

import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ansible_collections.slipway.stack.plugins.module_utils.backup import streams
from ansible_collections.slipway.stack.plugins.module_utils.engine import docker
from ansible_collections.slipway.stack.plugins.module_utils.engine.docker import Container
from ansible_collections.slipway.stack.plugins.module_utils.rotation import derive
from ansible_collections.slipway.stack.plugins.module_utils.rotation.derive import Change
from ansible_collections.slipway.stack.plugins.module_utils.rotation.values import Pair, Values
from ansible_collections.slipway.stack.plugins.module_utils.state.journal import RolloutFailed, duration

_SECONDS = 60.0
#: Seconds for a server that was restarted just now.
_PATIENCE = 30.0
#: What the files of a server say during a rotation.
OLD, BOTH, NEW = "old", "both", "new"
_READ = "IFS= read -r CURRENT; IFS= read -r OTHER\n"
#: The longest name of a role in Postgres, in bytes.
_MAX_LOGIN = 63
_SUFFIX = "_rotation"


@dataclass(frozen=True)
class PasswordServer:
    """The server of a password. ``service``: the one whose kind has the password. ``method``: the kind's `rotation`.

    ``manifest``: of the release that was live before the rotation.
    """

    service: str
    method: Mapping[str, Any]
    manifest: Mapping[str, Any]

    @property
    def login(self) -> str:
        """The role that logs in with the password; empty if the server accepts two passwords for the same login."""
        return str(self.method.get("login") or "")

    @property
    def second(self) -> str:
        """The role that has the new password meanwhile."""
        return f"{self.login[: _MAX_LOGIN - len(_SUFFIX)]}{_SUFFIX}" if self.login else ""

    def files(self, secret: str) -> list[Mapping[str, Any]]:
        """Return the secret files of the service that have the secret in them. They keep their paths."""
        read = self.manifest["services"][self.service]["secrets"]
        return [file for file in derive.files_with(self.manifest, [secret]) if file["variable"] in read]

    def accept(self, pair: Pair) -> None:
        """Let the server accept the new password beside the old one."""
        self._run("accept", pair.old, pair.new)

    def change(self, pair: Pair) -> None:
        """Give the first login the new password, if there is a second one."""
        if self.method.get("change"):
            self._run("change", pair.old, pair.new)

    def keep(self, kept: str, gone: str) -> None:
        """Let the server accept one of the two passwords only, and try that."""
        self._run("drop", kept, gone)
        deadline = time.monotonic() + _SECONDS
        while not self.accepts(kept):
            if time.monotonic() > deadline:
                raise RolloutFailed(f"service '{self._server}' refuses the password that it should accept")
            time.sleep(0.5)
        if self.accepts(gone):
            raise RolloutFailed(
                f"service '{self._server}' still accepts the password that it should refuse; it may accept every "
                f"password, such as with the authentication method trust"
            )

    def accepts(self, password: str) -> bool:
        """Return whether the server accepts a password."""
        return self._executed("accepts", password, "").returncode == 0

    def write_files(self, store: Values, secret: str, pair: Pair, state: str) -> None:
        """Change the service's secret files in place. A server that restarts accepts what they say.

        :param state: one of :data:`OLD`, :data:`BOTH` and :data:`NEW`. With both, only the configuration of the server
            has the new password.
        """
        for file in self.files(secret):
            content = store.original(file["variable"])
            if state == BOTH:
                content = self._with_both(content, pair)
            elif state == NEW:
                content = derive.rewritten(content, file["parts"], Change({secret: pair.new}, {secret: pair.old}))
            store.change(file, self.manifest["addresses"][file["variable"]], content)

    def _with_both(self, content: bytes, pair: Pair) -> bytes:
        start, line = str(self.method.get("line") or ""), str(self.method.get("line_for_both") or "")
        both = line.replace("CURRENT", pair.old).replace("OTHER", pair.new).encode()
        lines = content.split(b"\n")
        return b"\n".join(both if start and one.startswith(start.encode()) else one for one in lines)

    @property
    def _server(self) -> str:
        return str(self.method.get("server") or self.service)

    def _container(self) -> Container:
        """Return the running container of the server. :raises RolloutFailed: if it is not up within some time."""
        deadline = time.monotonic() + _PATIENCE
        while True:
            found = docker.containers(str(self.manifest["stack"]), [self._server])
            for one in found:
                if one.state == "running" and one.health in (None, "healthy") and not one.oneoff:
                    return one
            if time.monotonic() > deadline:
                states = ", ".join(f"{one.name} is {one.health or one.state}" for one in found) or "no container"
                raise RolloutFailed(f"service '{self._server}' must be up to take another password: {states}")
            time.sleep(0.2)

    def _run(self, script: str, current: str, other: str) -> None:
        done = self._executed(script, current, other)
        if done.returncode != 0:
            said = [line for line in (done.stderr + done.stdout).splitlines() if line.strip()]
            raise RolloutFailed(
                f"service '{self._server}': the script '{script}' of its kind for rotations failed: "
                f"{said[-1] if said else f'exit code {done.returncode}'}",
                tuple(said),
            )

    def _executed(self, script: str, current: str, other: str) -> subprocess.CompletedProcess[str]:
        container = self._container()
        variables = {"LOGIN": self.login, "SECOND": self.second}
        command = streams.in_container(
            container.id, f"{_READ}{self.method['before']}\n{self.method[script]}", variables, reads=True
        )
        try:
            return subprocess.run(  # pylint: disable=ansible-bad-function,subprocess-run-check
                command,
                input=f"{current}\n{other}\n",
                capture_output=True,
                text=True,
                errors="replace",
                timeout=_SECONDS,
            )
        except subprocess.TimeoutExpired:
            raise RolloutFailed(f"service '{self._server}' did not answer within {duration(_SECONDS)}") from None


def of(manifest: Mapping[str, Any], secret: str) -> PasswordServer | None:
    """Return the server of a password; ``None`` for a secret that only applications read."""
    for service, spec in manifest["services"].items():
        method = (spec.get("rotation") or {}).get(secret)
        if method:
            return PasswordServer(service, method, manifest)
    return None

"""A stack on a testbed server: its containers, its directory and its public port, for the verifiers."""

from __future__ import annotations

import copy
import http.client
import json
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import testinfra
import yaml

from tests.support.repeated import Repeated


@dataclass(frozen=True)
class Answer:
    """An answer of the public port. Names of headers are in lower case."""

    status: int
    headers: dict[str, str]
    body: str


@dataclass(frozen=True)
class Stack:
    """The stack `name` on the server of testinfra's `host`. `port` is its published port.

    `server` is the address of the server if the scenario has more than one.
    """

    host: Any
    name: str
    port: int
    server: str = ""

    @property
    def home(self) -> str:
        return f"/opt/stacks/{self.name}"

    def live(self) -> str:
        """Return the id of the live release."""
        return self.host.check_output("basename $(readlink %s/current)", self.home)

    def containers(self, service: str = "") -> list[str]:
        """Return the ids of the containers of the stack or of one service, with stopped ones."""
        labels = [f"com.docker.compose.project={self.name}"] + [f"com.docker.compose.service={service}"] * bool(service)
        filters = " ".join(f"--filter label={label}" for label in labels)
        return sorted(self.host.check_output(f"docker ps --all --quiet --no-trunc {filters}").split())

    def tree(self) -> str:
        """Return a listing of the stack's directory: type, mode, owner, time, name, digest. "" if it does not exist."""
        script = (
            f"test -d {self.home} || exit 0; cd {self.home}; "
            r"find . -printf '%y %m %U:%G %T@ %p %l\n' | sort -k5; find . -type f -exec sha256sum {} + | sort -k2"
        )
        return self.host.check_output("sudo sh -c %s", script)

    def audit(self) -> list[dict[str, Any]]:
        """Return the audit as the deploying user reads it, oldest entry first."""
        text = self.host.check_output("cat %s/state/audit.jsonl", self.home)
        return [json.loads(line) for line in text.splitlines()]

    def get(self, path: str = "/") -> Answer:
        """Send a GET request to the public port."""
        return self.send("GET", path)

    def send(self, method: str, path: str, body: str | None = None) -> Answer:
        """Send a request from outside the server. The body is JSON."""
        connection = http.client.HTTPConnection(self.server or address(), self.port, timeout=10)
        try:
            connection.request(method, path, body, {"Content-Type": "application/json"} if body else {})
            response = connection.getresponse()
            headers = {name.lower(): value for name, value in response.getheaders()}
            return Answer(response.status, headers, response.read().decode())
        finally:
            connection.close()


def on_each_server(name: str, port: int) -> dict[str, Stack]:
    """Return the stack called *name* on every server of the scenario, by the server's name in the inventory's order."""
    return {one["name"]: Stack(_host(one["name"]), name, port, one["address"]) for one in _platforms()}


def address() -> str:
    """Return the address of the scenario's server."""
    return str(_platforms()[0]["address"])


def container() -> str:
    """Return the name of the container that the scenario's server is."""
    return f"slipway-{_platforms()[0]['name']}"


def _platforms() -> list[dict[str, Any]]:
    scenario: dict[str, Any] = yaml.safe_load(Path(os.environ["MOLECULE_FILE"]).read_text())
    return scenario["platforms"]


def _host(server: str) -> Any:
    return testinfra.get_host(f"ansible://{server}?ansible_inventory={os.environ['MOLECULE_INVENTORY_FILE']}")


def described(inventory: Path, **changes: dict[str, Any] | None) -> dict[str, Any]:
    """Return `stack_services` of an inventory's `group_vars/all.yml` with keys of some services changed or added.

    A service that is None is removed, and so is a key that is None.
    """
    services: dict[str, Any] = copy.deepcopy(yaml.safe_load((inventory / "group_vars/all.yml").read_text()))
    services = services["stack_services"]
    for name, keys in changes.items():
        if keys is None:
            del services[name]
            continue
        merged = {**services.get(name, {}), **keys}
        services[name] = {key: value for key, value in merged.items() if value is not None}
    return services


def wait_until(reached: Callable[[], bool], seconds: float = 20) -> None:
    """Wait until *reached* returns true.

    :raises AssertionError: after *seconds*.
    """
    deadline = time.monotonic() + seconds
    while not reached():
        assert time.monotonic() < deadline, f"not reached within {seconds} s"
        time.sleep(0.2)


class Visitor(Repeated):
    """Requests a path of a stack again and again, as a context manager.

    ``seen`` is the set of answers: status, version of the application, release of the edge; or the error. ``count`` is
    the number of requests, ``failed`` that of those without an answer or with an error of the server. *pause* is the
    time between two requests in seconds.
    """

    def __init__(self, stack: Stack, path: str, pause: float = 0.05) -> None:
        super().__init__(pause)
        self.seen: set[tuple[Any, ...]] = set()
        self.count = 0
        self.failed = 0
        self._stack = stack
        self._path = path

    @property
    def statuses(self) -> set[Any]:
        """The statuses of the answers, and the names of errors."""
        return {answer[0] for answer in self.seen}

    def once(self) -> None:
        """Send one request."""
        self.count += 1
        try:
            answer = self._stack.get(self._path)
        except (OSError, http.client.HTTPException) as error:
            self.seen.add((type(error).__name__, str(error)))
            self.failed += 1
            return
        self.failed += answer.status >= 500
        self.seen.add((answer.status, answer.headers.get("x-app-version"), answer.headers.get("x-release")))

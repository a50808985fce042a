"""The engine of this host: questions through its socket, changes through the ``docker`` command line.

Place in the pipeline: target. Questions go to the Engine API because a list of containers costs 3 ms there and 30 ms
through the command line; changes go through ``docker compose``, so that what we do is what an operator would do by
hand.
"""

from __future__ import annotations

import http.client
import json
import os
import re
import socket
import subprocess
import urllib.parse
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

#: Engine 25 knows it, and from engine 29 on none that is older is answered.
_API = "/v1.44"
_LABEL_PROJECT = "com.docker.compose.project"
_LABEL_SERVICE = "com.docker.compose.service"
_LABEL_ONEOFF = "com.docker.compose.oneoff"
#: What the engine calls a volume that nobody has given a name.
_NAMELESS = re.compile(r"[0-9a-f]{64}")


class DockerError(Exception):
    """The engine refused, or does not answer.

    The message is its own, in one line; ``detail`` is all that was printed.
    """

    def __init__(self, message: str, detail: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.detail = detail


@dataclass(frozen=True)
class Container:
    """One container of a project. ``health`` is ``None`` where the image and the service define no check."""

    id: str
    name: str
    service: str
    oneoff: bool
    image: str
    state: str
    exit_code: int
    restarts: int
    health: str | None
    probe_output: str
    started_at: str


class _SocketConnection(http.client.HTTPConnection):
    """HTTP over the engine's Unix socket."""

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        host = os.environ.get("DOCKER_HOST", "unix:///var/run/docker.sock")
        if not host.startswith("unix://"):
            raise DockerError(f"DOCKER_HOST is {host!r}; the stack's own engine must be a local socket")
        self.sock.connect(host[len("unix://") :])


def ask(path: str, headers: Mapping[str, str] | None = None, timeout: float = 30.0) -> Any:
    """Return the engine's answer to a GET of *path*, parsed; ``None`` where it says 404.

    :raises DockerError: when the engine does not answer, or answers with another error.
    """
    status, body = _request("GET", path, None, headers or {}, timeout)
    if status == 404:
        return None
    _refuse(status, body)
    return json.loads(body or b"null")


def post(path: str, data: Mapping[str, Any], timeout: float, late: str = "") -> bytes:
    """Return what the engine answers when it is told *data*.

    :param late: what to say where it does not answer in time.
    :raises DockerError: when it does not answer, or with an error.
    """
    status, body = _request("POST", path, json.dumps(data), {"Content-Type": "application/json"}, timeout, late)
    _refuse(status, body)
    return body


def _request(
    method: str, path: str, data: str | None, headers: Mapping[str, str], timeout: float, late: str = ""
) -> tuple[int, bytes]:
    """Return status and body of the engine's answer."""
    connection = _SocketConnection("localhost", timeout=timeout)
    try:
        connection.request(method, _API + path, data, headers)
        response = connection.getresponse()
        return response.status, response.read()
    except (OSError, http.client.HTTPException) as error:
        # Before Python 3.10 it is no TimeoutError.
        said = late if late and isinstance(error, socket.timeout) else f"the Docker engine does not answer: {error}"
        raise DockerError(said) from None
    finally:
        connection.close()


def _refuse(status: int, body: bytes) -> None:
    if status >= 400:
        raise DockerError(str(json.loads(body or b"{}").get("message", f"status {status}")).strip())


def containers(project: str, services: Collection[str] | None = None) -> list[Container]:
    """Return the containers of a Compose project, stopped ones too, by name.

    :param services: whose containers are wanted, all where not given; each costs the engine another answer.
    """
    filters = urllib.parse.quote(json.dumps({"label": [f"{_LABEL_PROJECT}={project}"]}))
    listed = ask(f"/containers/json?all=1&filters={filters}")
    wanted = [item for item in listed if services is None or item["Labels"].get(_LABEL_SERVICE) in services]
    found = [inspect(item["Id"]) for item in wanted]
    return sorted((container for container in found if container), key=lambda container: container.name)


def unused_networks(project: str) -> list[str]:
    """Return the names of a Compose project's networks that no container is in, running or not."""
    filters = urllib.parse.quote(json.dumps({"label": [f"{_LABEL_PROJECT}={project}"]}))
    found = ask(f"/networks?filters={filters}")
    # A container that has not been started yet knows its networks by name alone.
    joined: set[str] = set()
    for item in ask("/containers/json?all=1") if found else []:
        for name, endpoint in item["NetworkSettings"]["Networks"].items():
            joined |= {name, endpoint["NetworkID"]}
    return [network["Name"] for network in found if joined.isdisjoint((network["Name"], network["Id"]))]


def inspect(container_id: str) -> Container | None:
    """Return one container, or ``None`` where it has gone."""
    raw = ask(f"/containers/{container_id}/json")
    if raw is None:
        return None
    state, config = raw["State"], raw["Config"]
    health = state.get("Health") or {}
    log = health.get("Log") or []
    return Container(
        id=raw["Id"],
        name=raw["Name"].lstrip("/"),
        service=config["Labels"].get(_LABEL_SERVICE, ""),
        oneoff=config["Labels"].get(_LABEL_ONEOFF) == "True",
        image=config["Image"],
        state=state["Status"],
        exit_code=state["ExitCode"],
        restarts=raw["RestartCount"],
        health=health.get("Status") if health.get("Status") not in (None, "none") else None,
        probe_output=(log[-1].get("Output") or "").strip() if log else "",
        started_at=state["StartedAt"],
    )


def nameless_volumes(container_id: str) -> dict[str, str]:
    """Return the anonymous volumes of a container: where each is on this host, by its path in the container."""
    raw = ask(f"/containers/{container_id}/json") or {}
    return {
        str(mount["Destination"]): str(mount["Source"])
        for mount in raw.get("Mounts") or []
        if mount["Type"] == "volume" and _NAMELESS.fullmatch(mount["Name"])
    }


def declared_volumes(reference: str) -> set[str]:
    """Return the paths in the container at which an image on this host wants a volume, named or not."""
    config = (local_image(reference) or {}).get("Config") or {}
    return {path.rstrip("/") for path in config.get("Volumes") or {}}


def published_by(port: int, address: str, protocol: str) -> list[str]:
    """Return the names of the running containers that publish *port* of the host there, whatever their project.

    :param address: of the host, without brackets; ``0.0.0.0`` and ``::`` are all of their family.
    """
    result = []
    for item in ask("/containers/json"):
        for published in item.get("Ports") or []:
            other = str(published.get("IP") or "0.0.0.0")
            same_family = (":" in address) == (":" in other)
            overlaps = same_family and (address == other or not {address, other}.isdisjoint(("0.0.0.0", "::")))
            if published.get("PublicPort") == port and published.get("Type", "tcp") == protocol and overlaps:
                result.append(str(item["Names"][0]).lstrip("/"))
    return list(dict.fromkeys(result))


def local_image(reference: str) -> dict[str, Any] | None:
    """Return the engine's record of an image it has, or ``None``."""
    found: dict[str, Any] | None = ask(f"/images/{urllib.parse.quote(reference)}/json")
    return found


def repository(reference: str) -> str:
    """Return an image reference without its tag and digest: ``host:5000/backend:1`` -> ``host:5000/backend``."""
    name = reference.split("@", 1)[0]
    head, colon, tail = name.rpartition(":")
    return head if colon and "/" not in tail else name


def names_registry(reference: str) -> bool:
    """Return whether *reference* begins with the host of a registry; without one it means the default registry."""
    first, slash, _ = reference.partition("/")
    return bool(slash) and ("." in first or ":" in first or first == "localhost")


def registry_of(reference: str) -> str:
    """Return the registry's host that *reference* names, or ``the default registry``."""
    return reference.partition("/")[0] if names_registry(reference) else "the default registry"


def has_no_registry(reference: str) -> bool:
    """Return whether *reference* names an image that no registry has: one below ``localhost``, with no port."""
    return reference.partition("/")[0] == "localhost"


def run(arguments: list[str], cwd: str | None = None, timeout: float | None = None) -> str:
    """Return what ``docker ARGUMENTS`` prints.

    :param timeout: seconds, for commands that must not hang.
    :raises DockerError: with the last meaningful line of its errors, when it fails or takes longer.
    """
    environment = {**os.environ, "COMPOSE_PROGRESS": "plain", "COMPOSE_ANSI": "never"}
    # What the operator's shell has set must not choose another project or other files.
    for name in ("COMPOSE_FILE", "COMPOSE_PROJECT_NAME", "COMPOSE_PROFILES"):
        environment.pop(name, None)
    try:
        done = subprocess.run(
            ["docker", *arguments],
            cwd=cwd,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=timeout,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise DockerError(f"docker {arguments[0]} did not end within {timeout:.0f} s") from None
    except OSError as error:
        raise DockerError(f"docker cannot be started: {error}") from None
    if done.returncode != 0:
        raise failure(f"docker {arguments[0]}", done.returncode, done.stdout, done.stderr)
    return done.stdout


def failure(command: str, code: int, out: str, err: str) -> DockerError:
    """Return what a command that ended with *code* printed, as an error in its own words."""
    lines = [line.strip() for line in (err or out).splitlines() if line.strip()]
    return DockerError(last_meaning(lines) or f"{command} exited with {code}", tuple((out + err).splitlines()))


def last_meaning(lines: list[str]) -> str:
    """Return the last line that sounds like a reason."""
    for line in reversed(lines):
        if re.search(r"error|denied|invalid|no such|not found|refused|unable|fail|cannot|must", line, re.IGNORECASE):
            return line
    return lines[-1] if lines else ""


def logs(container_id: str, lines: int = 20) -> list[str]:
    """Return the last lines that a container wrote, standard output and error together."""
    try:
        done = subprocess.run(
            ["docker", "logs", "--tail", str(lines), container_id],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            timeout=30,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        # Asked for while a failure is being told, which is not to hide behind this one.
        return [f"(its log cannot be read: {error})"]
    return done.stdout.splitlines()

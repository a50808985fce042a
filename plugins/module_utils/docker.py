"""The engine of this host: questions through its socket, changes through the ``docker`` command line.

Place in the pipeline: target. Questions, and commands inside a container, go to the Engine API because a list of containers costs 3 ms there and 30 ms through the command line, most of it a processor's, which
on a busy host nobody has; changes go through ``docker compose``, so that what we do is what an operator would do by
hand.
"""

from __future__ import annotations

import base64
import http.client
import json
import os
import re
import socket
import struct
import subprocess
import time
import urllib.parse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

#: Engine 25 knows it, and from engine 29 on none that is older is answered.
_API = "/v1.44"
_LABEL_PROJECT = "com.docker.compose.project"
_LABEL_SERVICE = "com.docker.compose.service"
_LABEL_ONEOFF = "com.docker.compose.oneoff"


class DockerError(Exception):
    """The engine refused, or does not answer.

    The message is its own, in one line; ``lines`` is all that was printed.
    """

    def __init__(self, message: str, lines: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.lines = lines


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
    return None if status == 404 else _parsed(status, body)


def _post(path: str, data: Mapping[str, Any], timeout: float, late: str = "") -> tuple[int, bytes]:
    return _request("POST", path, json.dumps(data), {"Content-Type": "application/json"}, timeout, late)


def _request(
    method: str, path: str, data: str | None, headers: Mapping[str, str], timeout: float, late: str = ""
) -> tuple[int, bytes]:
    """Return status and body of the engine's answer. *late*: what to say where there is none in time."""
    connection = _SocketConnection("localhost", timeout=timeout)
    try:
        connection.request(method, _API + path, data, headers)
        response = connection.getresponse()
        return response.status, response.read()
    except OSError as error:
        said = late if late and isinstance(error, TimeoutError) else f"the Docker engine does not answer: {error}"
        raise DockerError(said) from None
    finally:
        connection.close()


def _parsed(status: int, body: bytes) -> Any:
    answer = json.loads(body or b"null")
    if status >= 400:
        raise DockerError(str((answer or {}).get("message", f"status {status}")).strip())
    return answer


def containers(project: str) -> list[Container]:
    """Return all containers of a Compose project, stopped ones too, by name."""
    filters = urllib.parse.quote(json.dumps({"label": [f"{_LABEL_PROJECT}={project}"]}))
    listed = ask(f"/containers/json?all=1&filters={filters}")
    found = [inspect(item["Id"]) for item in listed]
    return sorted((container for container in found if container), key=lambda container: container.name)


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


def published_by(port: int) -> str | None:
    """Return the name of the running container that publishes *port* of the host, whatever its project."""
    for item in ask("/containers/json"):
        if any(published.get("PublicPort") == port for published in item.get("Ports") or []):
            return str(item["Names"][0]).lstrip("/")
    return None


def local_image(reference: str) -> dict[str, Any] | None:
    """Return the engine's record of an image it has, or ``None``."""
    found: dict[str, Any] | None = ask(f"/images/{urllib.parse.quote(reference)}/json")
    return found


def repository(reference: str) -> str:
    """Return an image reference without its tag and digest: ``host:5000/backend:1`` -> ``host:5000/backend``."""
    name = reference.split("@", 1)[0]
    head, colon, tail = name.rpartition(":")
    return head if colon and "/" not in tail else name


def registry_of(reference: str) -> str:
    """Return the registry's host that *reference* names, or ``the default registry``."""
    first, slash, _ = reference.partition("/")
    return first if slash and ("." in first or ":" in first or first == "localhost") else "the default registry"


def has_no_registry(reference: str) -> bool:
    """Return whether *reference* names an image that no registry has: one below ``localhost``, with no port."""
    return reference.partition("/")[0] == "localhost"


def remote_digest(reference: str) -> str:
    """Return the digest that *reference* has in its registry now, through the engine's own mirrors and settings.

    :raises DockerError: when the registry has no such image, refuses, or cannot be reached within 15 seconds.
    """
    headers = {"X-Registry-Auth": _credentials(registry_of(reference))}
    answer = ask(f"/distribution/{urllib.parse.quote(reference)}/json", headers, timeout=15.0)
    if answer is None:
        raise DockerError("no such image")
    return str(answer["Descriptor"]["digest"])


def _credentials(registry: str) -> str:
    """Return the engine's header for *registry* from the login that ``docker login`` keeps, empty without one."""
    path = os.path.join(os.environ.get("DOCKER_CONFIG", os.path.expanduser("~/.docker")), "config.json")
    try:
        with open(path, encoding="utf-8") as stream:
            auth = json.load(stream).get("auths", {}).get(registry, {}).get("auth", "")
        user, _, password = base64.b64decode(auth).decode().partition(":")
    except (OSError, ValueError):
        return base64.urlsafe_b64encode(b"{}").decode()
    login = {"username": user, "password": password, "serveraddress": registry} if auth else {}
    return base64.urlsafe_b64encode(json.dumps(login).encode()).decode()


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
        lines = [line.strip() for line in (done.stderr or done.stdout).splitlines() if line.strip()]
        message = _last_meaning(lines) or f"docker {arguments[0]} exited with {done.returncode}"
        raise DockerError(message, tuple((done.stdout + done.stderr).splitlines()))
    return done.stdout


def execute(container_id: str, command: Sequence[str], timeout: float = 30.0) -> str:
    """Return what a command prints that is run in a container.

    :param timeout: seconds that it may be silent.
    :raises DockerError: as :func:`run`.
    """
    wanted = {"AttachStdout": True, "AttachStderr": True, "Cmd": list(command)}
    made = _parsed(*_post(f"/containers/{container_id}/exec", wanted, timeout))
    late = f"{command[0]} did not end within {timeout:g} s"
    status, body = _post(f"/exec/{made['Id']}/start", {"Detach": False, "Tty": False}, timeout, late)
    if status >= 400:
        _parsed(status, body)
    # Its output ends before the engine has noted how it ended.
    deadline = time.monotonic() + timeout
    while (ended := ask(f"/exec/{made['Id']}/json"))["Running"] and time.monotonic() < deadline:
        time.sleep(0.01)
    out, err = _streams(body)
    if ended["ExitCode"] != 0:
        lines = [line.strip() for line in (err or out).splitlines() if line.strip()]
        message = _last_meaning(lines) or f"{command[0]} exited with {ended['ExitCode']}"
        raise DockerError(message, tuple((out + err).splitlines()))
    return out


def _streams(body: bytes) -> tuple[str, str]:
    """Return standard output and error, which come in frames: a byte says which it is, four how long it is."""
    found = {1: b"", 2: b""}
    while len(body) >= 8:
        stream, length = struct.unpack(">B3xI", body[:8])
        found[stream] += body[8 : 8 + length]
        body = body[8 + length :]
    return found[1].decode(errors="replace"), found[2].decode(errors="replace")


def processes(container_id: str) -> dict[int, str]:
    """Return the processes of a container that runs: what each was started as, or calls itself, by its number.

    :raises DockerError: when the engine does not answer, or the container does not run.
    """
    answer = ask(f"/containers/{container_id}/top?ps_args={urllib.parse.quote('-o pid,args')}")
    if answer is None:
        raise DockerError(f"no such container: {container_id}")
    return {int(number): words for number, words in answer["Processes"]}


def _last_meaning(lines: list[str]) -> str:
    for line in reversed(lines):
        if re.search(r"error|denied|invalid|no such|not found|refused|unable|fail|cannot|must", line, re.IGNORECASE):
            return line
    return lines[-1] if lines else ""


def logs(container_id: str, lines: int = 20) -> list[str]:
    """Return the last lines that a container wrote, standard output and error together."""
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
    return done.stdout.splitlines()

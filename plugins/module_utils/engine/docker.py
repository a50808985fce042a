"""The Docker engine of this host: queries through its socket, changes through the ``docker`` command line.

Place in the pipeline: target. Queries use the Engine API: a list of containers takes 3 ms there and 30 ms through the
command line. Changes use ``docker compose``, so they are the same as those that an operator makes by hand.
"""

from __future__ import annotations

import functools
import http.client
import json
import os
import re
import socket
import subprocess
import time
import urllib.parse
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from ansible_collections.slipway.stack.plugins.module_utils.engine import absence, notation, program, sharing
from ansible_collections.slipway.stack.plugins.module_utils.engine.sharing import Shared
from ansible_collections.slipway.stack.plugins.module_utils.engine.timed_response import TimedResponse
from ansible_collections.slipway.stack.plugins.module_utils.state.journal import duration

#: Engine 25 is the first with this version. Engine 29 refuses older versions.
API = "/v1.44"
_LABEL_PROJECT = "com.docker.compose.project"
_LABEL_SERVICE = "com.docker.compose.service"
_LABEL_FOLDER = "com.docker.compose.project.working_dir"
_LABEL_ONEOFF = "com.docker.compose.oneoff"
#: The engine's own time between the stop signal and SIGKILL, in seconds.
_STOP_GRACE = 10
#: Seconds that a command may take which has no limit of its own. It does some work of the engine, not of a service.
COMMAND_SECONDS = 300.0
#: Largest answer of the engine in bytes. A command in a container may print without an end.
_MAX_ANSWER = 64 * 1024**2
#: The names that the engine gives to anonymous volumes.
_ANONYMOUS = re.compile(r"[0-9a-f]{64}")


class DockerError(Exception):
    """The engine refused a request or a command, or it does not answer.

    The message is the engine's own, in one line. ``detail`` is the complete output.
    """

    def __init__(self, message: str, detail: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.detail = detail


@dataclass(frozen=True)
class Container:
    """One container of a project. ``health`` is ``None`` without a health check of the image or the service.

    ``restarts``: how often the engine has restarted it after an exit. ``uptime``: seconds since its last start, 0 if it
    does not run. ``stop_grace``: seconds between its stop signal and SIGKILL. ``release``: the id of the release that
    it was created for, empty for other projects. ``shared``: what it uses of other containers. ``check_seconds``: how
    long its health check, that of the image included, may take to call it unhealthy; 0 without one. ``in_swarm``:
    whether it is a task of a Swarm, see ``scheduled_services``.
    """

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
    uptime: float
    stop_grace: float
    release: str = ""
    shared: tuple[Shared, ...] = ()
    check_seconds: float = 0.0
    in_swarm: bool = False


class EngineSocket(http.client.HTTPConnection):
    """HTTP over the engine's Unix socket."""

    def connect(self) -> None:
        """Connect to the socket that the environment names, or to the default one."""
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        host = os.environ.get("DOCKER_HOST", "unix:///var/run/docker.sock")
        if not host.startswith("unix://"):
            raise DockerError(f"DOCKER_HOST is {host!r}; the engine of a stack must be a local socket (unix://...)")
        self.sock.connect(host[len("unix://") :])


def get(path: str, headers: Mapping[str, str] | None = None, timeout: float = 30.0) -> Any:
    """Return the engine's answer to a GET request for *path*, parsed; ``None`` for status 404.

    :raises DockerError: if the engine does not answer, or answers with another error.
    """
    status, body = _request("GET", path, None, headers or {}, timeout)
    if status == 404:
        return None
    raise_for_status(status, body)
    return json.loads(body or b"null")


def addresses(container_id: str) -> set[str]:
    """Return the IPv4 and IPv6 addresses of a container in its networks.

    :raises DockerError: if the engine does not answer.
    """
    raw = get(f"/containers/{container_id}/json") or {}
    networks = ((raw.get("NetworkSettings") or {}).get("Networks") or {}).values()
    return {one[key] for one in networks for key in ("IPAddress", "GlobalIPv6Address") if one.get(key)}


def post(path: str, data: Mapping[str, Any], timeout: float, timeout_message: str = "") -> bytes:
    """Return the engine's answer to a POST request with *data*.

    :param timeout_message: the error message if the engine does not answer within *timeout* seconds.
    :raises DockerError: if the engine does not answer, or answers with an error.
    """
    headers = {"Content-Type": "application/json"}
    status, body = _request("POST", path, json.dumps(data), headers, timeout, timeout_message)
    raise_for_status(status, body)
    return body


def _request(
    method: str, path: str, data: str | None, headers: Mapping[str, str], timeout: float, timeout_message: str = ""
) -> tuple[int, bytes]:
    """Return the status and the body of the engine's answer."""
    connection = EngineSocket("localhost", timeout=timeout)
    response_class = functools.partial(TimedResponse, deadline=time.monotonic() + timeout)
    connection.response_class = response_class  # type: ignore[assignment]
    try:
        connection.request(method, API + path, data, headers)
        response = connection.getresponse()
        body = response.read(_MAX_ANSWER)
        if response.read(1):
            raise DockerError(f"the engine's answer to {path} has more than {_MAX_ANSWER // 1024**2} MiB")
        return response.status, body
    except (OSError, http.client.HTTPException) as error:
        # Before Python 3.10 socket.timeout is not a TimeoutError.
        if timeout_message and isinstance(error, socket.timeout):
            raise DockerError(timeout_message) from None
        raise DockerError(absence.of_engine(error)) from None
    finally:
        connection.close()


def raise_for_status(status: int, body: bytes) -> None:
    """:raises DockerError: with the engine's own message, if an answer has the status of an error."""
    if status >= 400:
        message = str(json.loads(body or b"{}").get("message", f"status {status}")).strip()
        raise DockerError(absence.of_refusal(message) or message)


def containers(project: str, services: Collection[str] | None = None) -> list[Container]:
    """Return the containers of a Compose project sorted by name, stopped ones included.

    :param services: only the containers of these services. The engine gets one more request for each container.
    """
    filters = urllib.parse.quote(json.dumps({"label": [f"{_LABEL_PROJECT}={project}"]}))
    listed = get(f"/containers/json?all=1&filters={filters}")
    selected = [item for item in listed if services is None or item["Labels"].get(_LABEL_SERVICE) in services]
    inspected = [inspect(item["Id"]) for item in selected]
    return sorted((container for container in inspected if container), key=lambda container: container.name)


def unused_networks(project: str) -> list[str]:
    """Return the names of a Compose project's networks without containers, stopped ones included."""
    filters = urllib.parse.quote(json.dumps({"label": [f"{_LABEL_PROJECT}={project}"]}))
    found = get(f"/networks?filters={filters}")
    # A container that was never started knows its networks by name only.
    joined: set[str] = set()
    for item in get("/containers/json?all=1") if found else []:
        for name, endpoint in item["NetworkSettings"]["Networks"].items():
            joined |= {name, endpoint["NetworkID"]}
    return [network["Name"] for network in found if joined.isdisjoint((network["Name"], network["Id"]))]


def inspect(container_id: str) -> Container | None:
    """Return one container, ``None`` if it does not exist."""
    raw = get(f"/containers/{container_id}/json")
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
        stop_grace=float(_STOP_GRACE if config.get("StopTimeout") is None else config["StopTimeout"]),
        release=os.path.basename(config["Labels"].get(_LABEL_FOLDER, "")),
        shared=sharing.read(raw, lambda other: get(f"/containers/{other}/json"), _LABEL_SERVICE),
        check_seconds=notation.check_seconds(config.get("Healthcheck") or {}),
        uptime=notation.seconds_since(state["StartedAt"]) if state["Status"] == "running" else 0.0,
    )


def folder_of(container_id: str) -> str:
    """Return the directory that Compose ran in for a container; empty for one of no project."""
    labels = ((get(f"/containers/{container_id}/json") or {}).get("Config") or {}).get("Labels") or {}
    return str(labels.get(_LABEL_FOLDER, ""))


def anonymous_volumes(container_id: str) -> dict[str, str]:
    """Return the directory on this host of each anonymous volume of a container, by its path in the container."""
    raw = get(f"/containers/{container_id}/json") or {}
    return {
        str(mount["Destination"]): str(mount["Source"])
        for mount in raw.get("Mounts") or []
        if mount["Type"] == "volume" and _ANONYMOUS.fullmatch(mount["Name"])
    }


def declared_volumes(reference: str) -> set[str]:
    """Return the paths that an image on this host declares as volumes."""
    config = (local_image(reference) or {}).get("Config") or {}
    return {path.rstrip("/") for path in config.get("Volumes") or {}}


def containers_publishing(port: int, address: str, protocol: str) -> list[str]:
    """Return the names of the running containers that publish *port* of the host, of any project.

    :param address: the address on the host, without brackets. ``0.0.0.0`` and ``::`` stand for all of their family.
    """
    result = []
    for item in get("/containers/json"):
        for published in item.get("Ports") or []:
            other = str(published.get("IP") or "0.0.0.0")
            same_family = (":" in address) == (":" in other)
            overlaps = same_family and (address == other or not {address, other}.isdisjoint(("0.0.0.0", "::")))
            if published.get("PublicPort") == port and published.get("Type", "tcp") == protocol and overlaps:
                result.append(str(item["Names"][0]).lstrip("/"))
    return list(dict.fromkeys(result))


def local_image(reference: str) -> dict[str, Any] | None:
    """Return the engine's record of an image, ``None`` if this host does not have it."""
    record: dict[str, Any] | None = get(f"/images/{urllib.parse.quote(reference)}/json")
    return record


def run(arguments: list[str], cwd: str | None = None, timeout: float = COMMAND_SECONDS) -> str:
    """Run ``docker ARGUMENTS`` and return its standard output.

    :param timeout: seconds that it may take.
    :raises DockerError: if the command fails or times out. The message is the last meaningful line of its errors.
    :raises RolloutFailed: if the rollout is aborted meanwhile.
    """
    environment = {**os.environ, "COMPOSE_PROGRESS": "plain", "COMPOSE_ANSI": "never"}
    # The environment of the operator's shell must not select another project or other files.
    for name in ("COMPOSE_FILE", "COMPOSE_PROJECT_NAME", "COMPOSE_PROFILES"):
        environment.pop(name, None)
    try:
        done = program.run(["docker", *arguments], timeout, cwd, environment)
    except subprocess.TimeoutExpired:
        raise DockerError(f"{_command_name(arguments)} did not end within {duration(timeout)}") from None
    except OSError as error:
        raise DockerError(absence.of_command(error)) from None
    if done.returncode != 0:
        missing = absence.of_compose(done.stderr) if arguments[0] == "compose" else ""
        if missing:
            raise DockerError(missing, tuple(done.stderr.splitlines()))
        raise command_error(f"docker {arguments[0]}", done.returncode, done.stdout, done.stderr)
    return done.stdout


def _command_name(arguments: list[str]) -> str:
    """Return a command without its options: ``docker compose run``."""
    return " ".join(["docker", *arguments[: 2 if arguments[0] == "compose" else 1]])


def command_error(command: str, code: int, out: str, err: str) -> DockerError:
    """Return the error for a command that exited with *code*. Its message is a line of the command's own output."""
    lines = [line.strip() for line in (err or out).splitlines() if line.strip()]
    return DockerError(last_error_line(lines) or f"{command} exited with {code}", tuple((out + err).splitlines()))


def last_error_line(lines: list[str]) -> str:
    """Return the last line that looks like a reason."""
    for line in reversed(lines):
        if re.search(r"error|denied|invalid|no such|not found|refused|unable|fail|cannot|must", line, re.IGNORECASE):
            return line
    return lines[-1] if lines else ""

"""Pull one image, for as long as the download goes on.

Place in the pipeline: target, begin. A large image on a slow line takes its time, so no total time is a limit. A
registry that goes silent is one: the engine itself would wait for it for ever. The engine says through its API how far
each layer is; ``docker pull`` says so only on a terminal. If this process ends, the engine cancels the pull.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import queue
import socket
import threading
import time
import urllib.parse
from typing import Any

from ansible_collections.slipway.stack.plugins.module_utils.engine import docker, image_references, registries
from ansible_collections.slipway.stack.plugins.module_utils.engine.docker import DockerError
from ansible_collections.slipway.stack.plugins.module_utils.state.abort import watch
from ansible_collections.slipway.stack.plugins.module_utils.state.journal import duration

#: Seconds without progress after which a pull fails.
STALL_SECONDS = 120.0
#: Seconds between two looks at the limit and at requests to abort.
_INTERVAL = 0.1
#: The engine counts the seconds down until it tries again. That is no progress.
_RETRYING = "Retrying"
#: The name of the thread that reads the answer.
READER = "image pull"


def pull(pinned: str, stall_seconds: float = STALL_SECONDS) -> None:
    """Pull the image of a reference ``REPOSITORY@DIGEST``, with the login of this host for its registry.

    :param stall_seconds: seconds without progress after which it fails.
    :raises DockerError: if the engine or the registry refuses, or the download stalls.
    :raises RolloutFailed: if the rollout is aborted meanwhile.
    """
    query = urllib.parse.urlencode({"fromImage": image_references.repository(pinned), "tag": pinned.rpartition("@")[2]})
    messages: queue.Queue[Any] = queue.Queue()
    connection = docker.EngineSocket("localhost", timeout=None)
    try:
        connection.connect()
    except OSError as error:
        raise DockerError(f"the Docker engine does not answer: {error}") from None
    sock = connection.sock
    arguments = (connection, f"/images/create?{query}", registries.login_header(pinned), messages)
    threading.Thread(target=_receive, args=arguments, name=READER, daemon=True).start()
    try:
        _follow(messages, pinned, stall_seconds)
    finally:
        _disconnect(sock)
    if docker.local_image(pinned) is None:
        raise DockerError(f"the Docker engine ended the pull of {pinned} too early")


def _follow(messages: queue.Queue[Any], pinned: str, stall_seconds: float) -> None:
    latest: dict[str, tuple[Any, ...]] = {}
    progressed = time.monotonic()
    while True:
        with contextlib.suppress(queue.Empty):
            message = messages.get(timeout=_INTERVAL)
            if message is None:
                return
            if isinstance(message, DockerError):
                raise message
            if _progresses(message, latest):
                progressed = time.monotonic()
        watch.check()
        if time.monotonic() - progressed > stall_seconds:
            raise DockerError(f"pulling {pinned} made no progress for {duration(stall_seconds)}")


def _progresses(message: dict[str, Any], latest: dict[str, tuple[Any, ...]]) -> bool:
    """Return whether a message says something new about its layer; *latest* has what is known of each layer."""
    status, layer = str(message.get("status")), str(message.get("id"))
    said = (status, (message.get("progressDetail") or {}).get("current"))
    if status.startswith(_RETRYING) or latest.get(layer) == said:
        return False
    latest[layer] = said
    return True


def _receive(
    connection: http.client.HTTPConnection, path: str, headers: dict[str, str], messages: queue.Queue[Any]
) -> None:
    """Put every message of the engine into *messages*, and then ``None`` or the error that ended them."""
    try:
        connection.request("POST", docker.API + path, headers=headers)
        response = connection.getresponse()
        if response.status >= 400:
            docker.raise_for_status(response.status, response.read())
        for line in response:
            message = json.loads(line)
            if "error" in message:
                raise DockerError(str(message["error"]).strip())
            messages.put(message)
        messages.put(None)
    except DockerError as error:
        messages.put(error)
    except (OSError, http.client.HTTPException, ValueError) as error:
        messages.put(DockerError(f"the Docker engine does not answer: {error}"))


def _disconnect(sock: socket.socket) -> None:
    """End a request that may still be under way, so that the engine cancels the pull and its reader ends.

    The connection itself no longer has its socket if the engine has announced that it will close it.
    """
    with contextlib.suppress(OSError):
        sock.shutdown(socket.SHUT_RDWR)
    sock.close()

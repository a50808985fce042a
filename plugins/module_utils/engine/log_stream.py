"""The log of a container as lines with their times, from the engine, within limits.

Place in the pipeline: target, under ``operation``. The application decides what is in a log, and how much. Unlike the
command line, the engine's API costs no process for each container, so it can be asked every second.
"""

from __future__ import annotations

import functools
import http.client
import json
import socket
import time
import urllib.parse
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ansible_collections.slipway.stack.plugins.module_utils.engine import absence, docker
from ansible_collections.slipway.stack.plugins.module_utils.engine.docker import DockerError, EngineSocket
from ansible_collections.slipway.stack.plugins.module_utils.engine.timed_response import TimedResponse

#: Characters of a line that are kept. The engine itself splits lines at 16 KiB.
LINE = 4096
_CHUNK = 64 * 1024
#: With it, output and errors come as frames: a header of eight bytes, of which the last four are the length.
_FRAMES = "application/vnd.docker.multiplexed-stream"
_HEADER = 8


@dataclass
class Limit:
    """What may be read of several logs together. ``bytes``: how many are left. ``deadline``: on the monotonic clock.

    ``reached``: whether something was left out because of it.
    """

    bytes: int
    deadline: float
    reached: bool = False


def read(container_id: str, since: float, until: float, tail: int, limit: Limit) -> Iterator[tuple[str, str]]:
    """Yield the time and the text of each line of a log, oldest first, as long as *limit* permits.

    A time is a text such as ``2026-11-21T10:00:00.123456789Z``, in UTC.

    :param since: seconds of the epoch. :param until: the same. :param tail: only the newest lines; 0 for all.
    :raises DockerError: if the engine has no log of the container, or does not answer.
    """
    query = {"stdout": 1, "stderr": 1, "timestamps": 1, "since": f"{since:.9f}", "until": f"{until:.9f}"}
    query["tail"] = str(tail) if tail else "all"
    connection = EngineSocket("localhost", timeout=max(limit.deadline - time.monotonic(), 0.001))
    response_class = functools.partial(TimedResponse, deadline=limit.deadline)
    connection.response_class = response_class  # type: ignore[assignment]
    try:
        connection.request("GET", f"{docker.API}/containers/{container_id}/logs?{urllib.parse.urlencode(query)}")
        response = connection.getresponse()
        if response.status >= 400:
            raise DockerError(_refusal(response.read(_CHUNK), response.status))
        has_frames = response.headers.get("Content-Type", "") == _FRAMES
        for line in _lines(_framed(response, limit) if has_frames else _plain(response, limit)):
            at, _space, text = line.partition(" ")
            yield at, text
    # Before Python 3.10 socket.timeout is not a TimeoutError.
    except socket.timeout:
        limit.reached = True
    except (OSError, http.client.HTTPException) as error:
        raise DockerError(absence.of_engine(error)) from None
    finally:
        connection.close()


def _refusal(body: bytes, status: int) -> str:
    try:
        return str(json.loads(body)["message"])
    except (ValueError, KeyError, TypeError):
        return f"status {status}"


def _plain(response: Any, limit: Limit) -> Iterator[bytes]:
    while content := response.read1(min(_CHUNK, limit.bytes)) if limit.bytes else b"":
        limit.bytes -= len(content)
        yield content
    limit.reached = limit.reached or not limit.bytes


def _framed(response: Any, limit: Limit) -> Iterator[bytes]:
    while len(header := response.read(_HEADER)) == _HEADER:
        size = int.from_bytes(header[4:], "big")
        if size > limit.bytes:
            limit.bytes, limit.reached = 0, True
            return
        limit.bytes -= size
        yield response.read(size)


def _lines(chunks: Iterator[bytes]) -> Iterator[str]:
    """Yield the lines of a stream without their ends. Of a long line, only the beginning is kept."""
    rest = b""
    for chunk in chunks:
        *complete, rest = (rest + chunk).split(b"\n")
        rest = rest[: LINE * 4]
        yield from map(_text, complete)
    if rest:
        yield _text(rest)


def _text(line: bytes) -> str:
    text = line[: LINE * 4].decode("utf-8", "replace").rstrip("\r")
    return text if len(text) <= LINE else f"{text[:LINE]}…"

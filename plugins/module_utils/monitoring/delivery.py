"""One try to give a message to a receiver, within a time limit, whatever the receiver does.

Place in the pipeline: target, under :mod:`notifying`.
"""

from __future__ import annotations

import functools
import http.client
import json
import os
import socket
import ssl
import subprocess
import time
import urllib.parse
from collections.abc import Mapping
from typing import Any

from ansible_collections.slipway.stack.plugins.module_utils.engine import program
from ansible_collections.slipway.stack.plugins.module_utils.engine.timed_response import TimedResponse, seconds_until
from ansible_collections.slipway.stack.plugins.module_utils.monitoring.receivers import Receiver

#: The program that every mail server of a host brings, and its options: read the recipients from the headers.
SENDMAIL = "/usr/sbin/sendmail"
#: What a command is told, as variables of its environment.
_VARIABLES = ("event", "stack", "host", "release", "previous", "version", "owner", "seconds", "reason", "text")


class NotDelivered(Exception):
    """The receiver did not take the message. The text says why, as a part of a sentence, without a secret."""


def deliver(receiver: Receiver, message: Mapping[str, Any], seconds: float) -> None:
    """Give a message to a receiver. :param seconds: the time for everything.

    :raises NotDelivered: if the receiver did not take it.
    """
    try:
        if receiver.sort == "webhook":
            _post(receiver, message, seconds)
        elif receiver.sort == "mail":
            _mail(receiver.target, message, seconds)
        else:
            _run(receiver.target.split(), seconds, message)
    except (socket.timeout, subprocess.TimeoutExpired):
        raise NotDelivered(f"it did not answer within {seconds:g} s") from None
    except ssl.SSLCertVerificationError as error:
        raise NotDelivered(f"its certificate is not valid: {error.verify_message}") from None
    except http.client.HTTPException as error:
        raise NotDelivered(f"its answer is not HTTP: {type(error).__name__}") from None
    except OSError as error:
        # Not the whole text: it may have the path of a program with its arguments.
        raise NotDelivered(error.strerror or type(error).__name__) from None


def _post(receiver: Receiver, message: Mapping[str, Any], seconds: float) -> None:
    parts = urllib.parse.urlsplit(receiver.target)
    body = json.dumps({"text": message["text"]} if receiver.format == "slack" else message).encode()
    deadline = time.monotonic() + seconds
    connection: http.client.HTTPConnection
    if parts.scheme == "https":
        context = ssl.create_default_context()
        connection = http.client.HTTPSConnection(parts.hostname or "", parts.port, timeout=seconds, context=context)
    else:
        connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=seconds)
    connection.response_class = functools.partial(TimedResponse, deadline=deadline)  # type: ignore[assignment]
    try:
        connection.connect()
        connection.sock.settimeout(seconds_until(deadline))
        path = urllib.parse.urlunsplit(("", "", parts.path or "/", parts.query, ""))
        headers = {"Content-Type": "application/json", "User-Agent": "slipway.stack", "Connection": "close"}
        connection.request("POST", path, body, headers)
        status = connection.getresponse().status
    finally:
        connection.close()
    # A redirect would send the message to somebody whom nobody has named.
    if not 200 <= status < 300:
        raise NotDelivered(f"it answered {status}")


def _mail(address: str, message: Mapping[str, Any], seconds: float) -> None:
    # The subject is one line: a version may be a text of several.
    subject = " ".join(f"{message['stack']}: {message['event'].replace('_', ' ')} {message['version']}".split())
    lines = [f"To: {address}", f"Subject: {subject}", "Content-Type: text/plain; charset=utf-8", "", message["text"]]
    _run([SENDMAIL, "-i", "-t"], seconds, message, "\n".join(lines) + "\n")


def _run(command: list[str], seconds: float, message: Mapping[str, Any], text: str | None = None) -> None:
    """Run a command with the message in its environment, and on its standard input as JSON, or as *text*."""
    told = {f"SLIPWAY_{name.upper()}": str(message[name]) for name in _VARIABLES}
    environment = {"PATH": os.environ.get("PATH", os.defpath), **told}
    done = program.run(command, seconds, "/", environment, text or json.dumps(message) + "\n")
    if done.returncode != 0:
        raise NotDelivered(f"it ended with exit code {done.returncode}")

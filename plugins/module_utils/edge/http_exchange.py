"""One HTTP request and its answer, within one deadline and within limits for what is kept of the answer.

Place in the pipeline: target, used by everything that asks the edge over HTTP.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import http.client
import socket
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass

from ansible_collections.slipway.stack.plugins.module_utils.engine.network_namespace import entered
from ansible_collections.slipway.stack.plugins.module_utils.engine.timed_response import TimedResponse, seconds_until

_CHUNK_BYTES = 64 * 1024


@dataclass(frozen=True)
class Answer:
    """An answer: its status, its headers, and whether the text was found. ``ended``: where the search for it ended.

    ``text_found`` is false if no text was searched for. ``ended`` is the end of a sentence, empty for the whole body.
    """

    status: int
    headers: http.client.HTTPMessage
    text_found: bool
    ended: str


def exchange(
    host: str,
    port: int,
    path: str,
    headers: Mapping[str, str],
    seconds: float,
    text: str | None = None,
    max_bytes: int = 1024 * 1024,
    method: str = "GET",
    body: bytes | None = None,
    tls_name: str | None = None,
    network: int | None = None,
) -> Answer:
    """Send one request on a new connection and return its answer, informational answers (1xx) aside.

    :param seconds: the time for everything: to connect, to send, and to receive the answer.
    :param text: what to search for in the body. The body is read only until it is found; without it, not at all.
    :param max_bytes: how much of the body is searched.
    :param tls_name: the host name to ask for over TLS; ``None`` for a connection without it. The certificate is not
        verified: this host asks itself.
    :param network: the id of a process in whose network the connection begins; ``None`` for that of this process.
    :raises OSError: if the server does not answer; ``TimeoutError`` or ``socket.timeout`` if the headers come too late.
    :raises http.client.HTTPException: if the answer is not HTTP.
    :raises ValueError: if the request would not be HTTP.
    """
    deadline = time.monotonic() + seconds
    connection = http.client.HTTPConnection(host, port, timeout=seconds)
    connection.response_class = functools.partial(TimedResponse, deadline=deadline)  # type: ignore[assignment]
    try:
        with entered(network) if network else contextlib.nullcontext():
            connection.connect()
        connection.sock.settimeout(seconds_until(deadline))
        if tls_name is not None:
            connection.sock = _context().wrap_socket(connection.sock, server_hostname=tls_name)
        connection.request(method, path, body=body, headers={**headers, "Connection": "close"})
        response = connection.getresponse()
        found, ended = _search(response, text, max_bytes) if text is not None else (False, "")
        return Answer(response.status, response.headers, found, ended)
    finally:
        connection.close()


def certificate_of(host: str, port: int, tls_name: str, seconds: float) -> str:
    """Return the SHA-256 of the certificate that is answered for a name, in lower-case hexadecimal digits.

    :param seconds: the time to connect, and as much for the handshake.
    :raises OSError: if there is no answer, or none with TLS.
    """
    with (
        socket.create_connection((host, port), timeout=seconds) as plain,
        _context().wrap_socket(plain, server_hostname=tls_name) as secured,
    ):
        return hashlib.sha256(secured.getpeercert(binary_form=True) or b"").hexdigest()


def _context() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def _search(response: http.client.HTTPResponse, text: str, max_bytes: int) -> tuple[bool, str]:
    """Return whether the body contains the text, and otherwise where the search ended, as the end of a sentence."""
    searched, body = text.encode(), bytearray()
    try:
        while len(body) < max_bytes:
            chunk = response.read1(min(_CHUNK_BYTES, max_bytes - len(body)))
            start = max(0, len(body) - len(searched))
            body += chunk
            if body.find(searched, start) >= 0:
                return True, ""
            if not chunk:
                return False, ""
    except socket.timeout:
        return False, "in time"
    return False, f"in its first {max_bytes} bytes"

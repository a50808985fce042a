"""Ask the public port which release answers.

Place in the pipeline: target, used by ``configuration`` after every reload.
"""

from __future__ import annotations

import http.client
import time
from collections.abc import Mapping
from typing import Any

from ansible_collections.slipway.stack.plugins.module_utils.edge.endpoint import (
    EdgeError,
    public_address,
    tls_address,
    tls_name,
)
from ansible_collections.slipway.stack.plugins.module_utils.edge.http_exchange import certificate_of, exchange
from ansible_collections.slipway.stack.plugins.module_utils.edge.probe import RELEASE_HEADER

_TIMEOUT = 10.0
_ANSWER_SECONDS = 2.0
#: The kernel distributes connections between an old and a new nginx at random. The chance that this many in a row all
#: miss one of the two is 1 in a million.
_IN_A_ROW = 20


def confirm(manifest: Mapping[str, Any], spread_seconds: float = 0.0) -> None:
    """Send requests to the published port of the edge until 20 answers in a row are from the release.

    :param spread_seconds: the time over which these 20 requests are spread.
    :raises EdgeError: if that does not happen within ten seconds.
    """
    host, port = public_address(manifest)
    deadline = time.monotonic() + _TIMEOUT
    answer, in_a_row, since = "no answer", 0, 0.0
    while time.monotonic() < deadline:
        answer = _ask(host, port)
        in_a_row = in_a_row + 1 if answer == manifest["release"] else 0
        if in_a_row == 1:
            since = time.monotonic()
        if in_a_row == _IN_A_ROW:
            return
        due = since + spread_seconds * in_a_row / (_IN_A_ROW - 1)
        time.sleep(max(0.0, due - time.monotonic()) if in_a_row else 0.05)
    if in_a_row:
        answer += f", but not {_IN_A_ROW} times in a row"
    raise EdgeError(f"port {port} does not answer with release {manifest['release']}; its last answer: {answer}")


def confirm_certificate(manifest: Mapping[str, Any], fingerprint: str) -> None:
    """Open connections with TLS to the published port until 20 in a row get a certificate.

    :param fingerprint: SHA-256 of the certificate, in lower-case hexadecimal digits.
    :raises EdgeError: if that does not happen within ten seconds.
    """
    host, port = tls_address(manifest)
    deadline = time.monotonic() + _TIMEOUT
    answer, in_a_row = "no answer", 0
    while time.monotonic() < deadline:
        try:
            answer = certificate_of(host, port, tls_name(manifest), _ANSWER_SECONDS)
        except OSError as error:
            answer = str(error) or type(error).__name__
        in_a_row = in_a_row + 1 if answer == fingerprint else 0
        if in_a_row == _IN_A_ROW:
            return
        time.sleep(0 if in_a_row else 0.05)
    raise EdgeError(f"port {port} does not answer with the certificate {fingerprint[:16]}; its last answer: {answer}")


def _ask(host: str, port: int) -> str:
    """Open a connection and return the release that answers on it, or the error as text."""
    try:
        # Without a domain: the edge answers this path to every name.
        answer = exchange(host, port, "/healthz", {}, _ANSWER_SECONDS)
    except (OSError, http.client.HTTPException) as error:
        return str(error) or type(error).__name__
    return answer.headers.get(RELEASE_HEADER) or "an answer without a release"

"""Probes: requests through the public address, as a client sends them.

Place in the pipeline: target, verify. The probes come from the model (``stack_probes``, or one for each route).
"""

from __future__ import annotations

import http.client
import socket
import urllib.parse
from collections.abc import Mapping
from typing import Any

from ansible_collections.slipway.stack.plugins.module_utils.edge.http_exchange import exchange
from ansible_collections.slipway.stack.plugins.module_utils.edge.probe_requests import Request
from ansible_collections.slipway.stack.plugins.module_utils.state.quoting import bracketed

RELEASE_HEADER = "X-Release"
GET = Request()
#: Characters of paths and queries that are not quoted, in addition to letters, digits and ``_.-~``.
_SAFE = "/?&=%#:@!$'()*+,;[]"


def probe(
    host: str,
    port: int,
    domain: str,
    release: str | None,
    expected: Mapping[str, Any],
    timeout: float = 10.0,
    request: Request = GET,
    tls_name: str | None = None,
    network: int | None = None,
) -> str | None:
    """Request one path and return what is wrong with the answer, ``None`` if it is as expected.

    What is wrong never contains a header or the body of the request: they may be secret.

    :param domain: the Host header; *host* if it is empty. A header of the request replaces it.
    :param release: the release id that must be in the answer. An answer of another server on the port fails. ``None``
        accepts any.
    :param expected: ``path``; ``status`` and ``contains``, or ``None`` for each; ``host`` if messages name the host
        name. The body is read only to find the text of ``contains``, and only until it is found.
    :param timeout: seconds for the whole answer.
    :param request: its method, headers and body.
    :param tls_name: the host name for TLS, ``None`` for a request without it.
    :param network: see :func:`~http_exchange.exchange`.
    """
    place = f"{bracketed(host)}:{port}"
    scheme = "http" if tls_name is None else "https"
    url = f"{'' if request.method == 'GET' else request.method + ' '}{scheme}://{place}{expected['path']}"
    url += f" for {expected['host']}" if expected.get("host") else ""
    # A browser quotes it in the same way. Characters that are quoted already stay unchanged.
    path = urllib.parse.quote(expected["path"], safe=_SAFE)
    try:
        answer = exchange(
            host,
            port,
            path,
            _headers(request, domain or place),
            timeout,
            expected["contains"],
            method=request.method,
            body=request.body,
            tls_name=tls_name,
            network=network,
        )
    except (OSError, http.client.HTTPException) as error:
        return f"{url} does not answer: {_reason(error, timeout)}"
    except ValueError as error:
        reason = "a header is not valid" if request.headers else str(error)
        return f"{url} cannot be requested: {reason}"
    if expected["status"] is not None and answer.status != expected["status"]:
        return f"{url} answered {answer.status}, {expected['status']} expected"
    if answer.status >= 500 and expected["status"] is None:
        return f"{url} answered {answer.status}"
    actual = answer.headers.get(RELEASE_HEADER)
    if release is not None and actual != release:
        return f"{url} was answered by release {actual or 'unknown (no ' + RELEASE_HEADER + ' header)'}, not {release}"
    if expected["contains"] is not None and not answer.text_found:
        return f"{url} answered without the text {expected['contains']!r} {answer.ended}".rstrip()
    return None


def _headers(request: Request, domain: str) -> dict[str, str]:
    has_host = any(name.lower() == "host" for name in request.headers)
    return {**({} if has_host else {"Host": domain}), **request.headers}


def _reason(error: Exception, timeout: float) -> str:
    if isinstance(error, socket.timeout):
        return f"no complete answer within {timeout:g} s"
    return str(error) or type(error).__name__

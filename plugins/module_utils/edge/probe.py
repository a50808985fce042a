"""Requests through the public address, as a client would make them.

Place in the pipeline: target, verify; the probes come from the model (``stack_probes``, or one for each route).
"""

from __future__ import annotations

import http.client
import urllib.parse
from collections.abc import Mapping
from typing import Any

RELEASE_HEADER = "X-Release"
_LONGEST_BODY = 1024 * 1024
#: Characters that mean something in a path or a query, beside letters, digits and ``_.-~``.
_AS_IT_IS = "/?&=%#:@!$'()*+,;[]"


def probe(
    host: str, port: int, domain: str, release: str, wanted: Mapping[str, Any], timeout: float = 10.0
) -> str | None:
    """Ask for one path and return what is wrong with the answer in words, ``None`` where nothing is.

    :param domain: for the Host header; *host* where empty.
    :param release: the release id that the edge must answer with, so that another server on the port cannot pass.
    :param wanted: ``path``, and ``status`` and ``contains`` or ``None`` for each.
    """
    where = f"http://{host}:{port}{wanted['path']}"
    # As a browser asks for it; what is quoted already stays so.
    path = urllib.parse.quote(wanted["path"], safe=_AS_IT_IS)
    connection = http.client.HTTPConnection(host, port, timeout=timeout)
    try:
        connection.request("GET", path, headers={"Host": domain or f"{host}:{port}", "Connection": "close"})
        response = connection.getresponse()
        body = response.read(_LONGEST_BODY).decode("utf-8", "replace")
    except (OSError, http.client.HTTPException) as error:
        return f"{where} does not answer: {str(error) or type(error).__name__}"
    except ValueError as error:
        return f"{where} cannot be asked for: {error}"
    finally:
        connection.close()
    if wanted["status"] is not None and response.status != wanted["status"]:
        return f"{where} answered {response.status}, {wanted['status']} expected"
    if response.status >= 500 and wanted["status"] is None:
        return f"{where} answered {response.status}"
    answered = response.getheader(RELEASE_HEADER)
    if answered != release:
        return (
            f"{where} was answered by release {answered or 'unknown (no ' + RELEASE_HEADER + ' header)'}, not {release}"
        )
    if wanted["contains"] is not None and wanted["contains"] not in body:
        return f"{where} answered without the text {wanted['contains']!r}"
    return None

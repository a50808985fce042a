"""Probes: requests through the public address, as a client sends them.

Place in the pipeline: target, verify. The probes come from the model (``stack_probes``, or one for each route).
"""

from __future__ import annotations

import http.client
import urllib.parse
from collections.abc import Mapping
from typing import Any

RELEASE_HEADER = "X-Release"
_MAX_BODY = 1024 * 1024
#: Characters of paths and queries that are not quoted, in addition to letters, digits and ``_.-~``.
_SAFE = "/?&=%#:@!$'()*+,;[]"


def probe(
    host: str, port: int, domain: str, release: str, expected: Mapping[str, Any], timeout: float = 10.0
) -> str | None:
    """Request one path and return what is wrong with the answer, ``None`` if it is as expected.

    :param domain: the Host header; *host* if it is empty.
    :param release: the release id that must be in the answer. An answer of another server on the port fails.
    :param expected: ``path``; ``status`` and ``contains``, or ``None`` for each.
    """
    url = f"http://{host}:{port}{expected['path']}"
    # A browser quotes it in the same way. Characters that are quoted already stay unchanged.
    path = urllib.parse.quote(expected["path"], safe=_SAFE)
    connection = http.client.HTTPConnection(host, port, timeout=timeout)
    try:
        connection.request("GET", path, headers={"Host": domain or f"{host}:{port}", "Connection": "close"})
        response = connection.getresponse()
        body = response.read(_MAX_BODY).decode("utf-8", "replace")
    except (OSError, http.client.HTTPException) as error:
        return f"{url} does not answer: {str(error) or type(error).__name__}"
    except ValueError as error:
        return f"{url} cannot be requested: {error}"
    finally:
        connection.close()
    if expected["status"] is not None and response.status != expected["status"]:
        return f"{url} answered {response.status}, {expected['status']} expected"
    if response.status >= 500 and expected["status"] is None:
        return f"{url} answered {response.status}"
    actual = response.getheader(RELEASE_HEADER)
    if actual != release:
        return f"{url} was answered by release {actual or 'unknown (no ' + RELEASE_HEADER + ' header)'}, not {release}"
    if expected["contains"] is not None and expected["contains"] not in body:
        return f"{url} answered without the text {expected['contains']!r}"
    return None

"""Over the wire, which release it is that the public gets.

Place in the pipeline: target, under ``edge``, after every turn.
"""

from __future__ import annotations

import http.client
import time
from collections.abc import Mapping
from typing import Any

from ansible_collections.slipway.stack.plugins.module_utils.edge.endpoint import EdgeError, public_address
from ansible_collections.slipway.stack.plugins.module_utils.edge.probe import RELEASE_HEADER

_SECONDS = 10.0
#: Connections are dealt out to old and new nginx by chance: that this many in a row miss one of two is 1 in a million.
_IN_A_ROW = 20


def confirm(manifest: Mapping[str, Any], over: float = 0.0) -> None:
    """Ask the port that the edge publishes until it answers with the release, whichever nginx takes the connection.

    :param over: seconds over which the questions are spread, for which it then has given no other answer.
    :raises EdgeError: when it does not within ten seconds.
    """
    host, port = public_address(manifest)
    deadline = time.monotonic() + _SECONDS
    answered, in_a_row, since = "nothing", 0, 0.0
    while time.monotonic() < deadline:
        answered = _answering(host, port)
        in_a_row = in_a_row + 1 if answered == manifest["release"] else 0
        if in_a_row == 1:
            since = time.monotonic()
        if in_a_row == _IN_A_ROW:
            return
        due = since + over * in_a_row / (_IN_A_ROW - 1)
        time.sleep(max(0.0, due - time.monotonic()) if in_a_row else 0.05)
    if in_a_row:
        answered += ", but not often enough in a row"
    raise EdgeError(f"port {port} does not answer with release {manifest['release']} but with {answered}")


def _answering(host: str, port: int) -> str:
    """Return the release that answers on a connection of its own, or what is there instead in words."""
    connection = http.client.HTTPConnection(host, port, timeout=2)
    try:
        connection.request("GET", "/healthz", headers={"Connection": "close"})
        return connection.getresponse().getheader(RELEASE_HEADER) or "an answer without a release"
    except (OSError, http.client.HTTPException) as error:
        return str(error) or type(error).__name__
    finally:
        connection.close()

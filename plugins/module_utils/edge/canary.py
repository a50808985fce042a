"""A part of the requests for new containers, while the old ones get the rest: what the proxies need to know of it.

Place in the pipeline: target, prepare. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

#: Seconds that a visitor is remembered after the last answer that set the cookie.
COOKIE_SECONDS = 86400
#: The end of the name of nginx' group of servers with the new containers.
GROUP_SUFFIX = "_canary"


@dataclass(frozen=True)
class Canary:
    """Where requests go during a canary.

    ``release``: the new one. ``previous``: the live one, whose configuration the edge keeps meanwhile. ``weight``: the
    percentage of requests for new containers; 0 only makes them known. ``cookie``: its name; empty for a new draw with
    each request. ``targets``: the names of the new containers, by service.
    """

    release: str
    previous: str
    weight: float
    cookie: str
    targets: Mapping[str, Sequence[str]]


def group_of(upstream: Mapping[str, Any]) -> str:
    """Return the name of nginx' group of servers for an upstream. Its log has it if nobody there can be asked."""
    return f"{upstream['service']}_{upstream['port']}{'_grpc' if upstream.get('protocol') == 'grpc' else ''}"

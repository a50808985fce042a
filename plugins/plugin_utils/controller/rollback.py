"""Where a rollback goes on each host, if the services are on different hosts.

The hosts of a stack have the same release ids. A host whose share did not change has had no part in a release, so it
does not have that id. Ids begin with a time: what a host had then is its newest release that is not later.

Place in the pipeline: before a rollback of several hosts. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

#: The name of the release before the live one.
PREVIOUS = "previous"


def release_for(statuses: Mapping[str, Mapping[str, Any]], host: str, named: str) -> str:
    """Return the release that *host* goes to; empty if it is left alone.

    :param statuses: ``{release, proven}`` by host: the live release, and all that were live once. A host without these
        keys was not asked, or has no stack.
    :param named: an id, or :data:`PREVIOUS`.
    :raises ValueError: if no host has had the release.
    """
    own = statuses.get(host, {})
    live = own.get("release")
    if not live:
        return named
    if named == PREVIOUS:
        newest = max(status["release"] for status in statuses.values() if status.get("release"))
        return named if live == newest else ""
    known = sorted({one for status in statuses.values() for one in status.get("proven", [])}, reverse=True)
    if named not in known:
        raise ValueError(
            f"rollback_release is {named}, which was live on no host of this play; newest first, there are "
            f"{', '.join(known)}"
        )
    had = max((one for one in own["proven"] if one <= named), default=named)
    return "" if had == live else had

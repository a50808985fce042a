"""The services that hosts have, as they say it themselves: which hosts have one, and that nobody has another.

Place in the pipeline: used by actions that work on one service. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ansible_collections.slipway.stack.plugins.plugin_utils.description.schema import suggestion


def unknown(stack: str, wanted: Iterable[str], results: Iterable[Mapping[str, Any]]) -> str:
    """Return a sentence about the first service that no host has; empty if there is none.

    Where no host has answered, nobody knows.
    """
    answers = [result["known"] for result in results if "known" in result]
    known = sorted({name for names in answers for name in names})
    missing = [name for name in wanted if name not in known] if answers else []
    return f"stack '{stack}' has no service {missing[0]!r}{suggestion(missing[0], known)}" if missing else ""


def hosts_with(service: str, results: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Return the hosts that have a service, in the order of the play."""
    return [host for host, result in results.items() if service in result.get("known", ())]

"""The host names that the edge answers to.

Place in the pipeline: model -> compose -> bundle, used by ``nginx`` and ``traefik``. Pure.
"""

from __future__ import annotations

import re

from ansible_collections.slipway.stack.plugins.plugin_utils.description.model import Service, Stack


def names(stack: Stack, edge: Service) -> list[str]:
    """Return the host names in lower case, ``*.example.com`` for all below one; empty if it answers to any name.

    :raises ValueError: for further names of a stack that has no domain.
    """
    further = list(edge.options.get("domains") or [])
    if stack.domain:
        return list(dict.fromkeys([stack.domain.partition(":")[0].lower(), *further]))
    if further:
        raise ValueError(
            f"service {edge.name!r}: key 'domains': stack_domain is empty, so the edge answers to any name, not only "
            f"to {', '.join(further)}; set stack_domain"
        )
    return []


def pattern(name: str) -> str:
    """Return the regular expression of a name, without its begin and end. Go and PCRE read it alike."""
    if name.startswith("*."):
        return rf"[a-z0-9_.-]+\.{re.escape(name[2:])}"
    return re.escape(name)

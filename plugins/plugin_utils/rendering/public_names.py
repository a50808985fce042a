"""The host names that the edge answers to.

Place in the pipeline: model -> compose -> bundle, used by ``nginx`` and ``traefik``. Pure.
"""

from __future__ import annotations

import re

from ansible_collections.slipway.stack.plugins.plugin_utils.description.model import Service, Stack
from ansible_collections.slipway.stack.plugins.plugin_utils.description.route_hosts import domain_name


def names(stack: Stack, edge: Service) -> list[str]:
    """Return the host names in lower case, ``*.example.com`` for all below one; empty if it answers to any name.

    :raises ValueError: for further names of a stack that has no domain.
    """
    further = [*(edge.options.get("domains") or []), *redirected(edge)]
    if stack.domain:
        return list(dict.fromkeys([domain_name(stack.domain), *further]))
    if further:
        key = "domains" if edge.options.get("domains") else "redirects"
        raise ValueError(
            f"service {edge.name!r}: key {key!r}: stack_domain is empty, so the edge answers to any name, not only "
            f"to {', '.join(further)}; set stack_domain"
        )
    return []


def redirected(edge: Service) -> list[str]:
    """Return the names whose requests are redirected to the domain of the stack."""
    return list(edge.options.get("redirects") or [])


def target(stack: Stack, edge: Service) -> str:
    """Return where requests for these names are redirected to: host and port, with ``https://`` if the edge has it."""
    if not edge.options.get("tls"):
        return stack.domain
    port = edge.options["https_port"]
    return f"https://{stack.domain.partition(':')[0].lower()}{'' if port == 443 else f':{port}'}"


def pattern(name: str) -> str:
    """Return the regular expression of a name, without its begin and end. Go and PCRE read it alike."""
    if name.startswith("*."):
        return rf"[a-z0-9_.-]+\.{re.escape(name[2:])}"
    return re.escape(name)

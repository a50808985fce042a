"""Whether the names of a certificate lead to this host, as far as this host can tell.

Place in the pipeline: target, before a certification authority is asked. Behind a router that translates addresses
nobody here knows the public one, so these are warnings.
"""

from __future__ import annotations

import socket
from collections.abc import Iterable

from ansible_collections.slipway.stack.plugins.module_utils.engine import program

_SECONDS = 10.0


def warnings(names: Iterable[str]) -> list[str]:
    """Return a sentence for each name that does not resolve, or that resolves to other addresses only."""
    own = _own_addresses()
    result = []
    for name in names:
        if name.startswith("*."):
            continue
        try:
            found = sorted({str(entry[4][0]) for entry in socket.getaddrinfo(name, 80, type=socket.SOCK_STREAM)})
        except OSError:
            result.append(f"{name} has no address that this host can find; add a record for it")
            continue
        if own and not own & set(found):
            addresses = f"{name} resolves to {', '.join(found)}, and this host has {', '.join(sorted(own))}"
            result.append(f"{addresses}; that is right only if something in front of this host passes port 80 on")
    return result


def _own_addresses() -> set[str]:
    try:
        done = program.run(["hostname", "-I"], _SECONDS)
    except OSError:
        return set()
    return set(done.stdout.split())

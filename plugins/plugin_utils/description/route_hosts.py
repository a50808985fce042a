"""For which host names of the edge a route is: the key ``host`` of an entry of ``routes``.

Place in the pipeline: description, under ``routes``. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ansible_collections.slipway.stack.plugins.plugin_utils.description.schema import suggestion


def read(where: str, hosts: Iterable[str] | None, edge: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the names that a route is for, empty for all names of the edge.

    :param hosts: as the route has them, in lower case; ``None`` if it has no such key.
    :param edge: the options of the edge, and ``domain``, which is ``stack_domain``.
    :raises ValueError: for a name that the edge does not answer to. The message begins with *where*.
    """
    if hosts is None:
        return ()
    found = tuple(dict.fromkeys(hosts))
    if not found:
        raise ValueError(f"{where}: the list is empty; name a host, or remove the key for all names of the edge")
    domain = domain_name(str(edge.get("domain") or ""))
    if not domain:
        raise ValueError(f"{where}: stack_domain is empty, so the edge answers to any name; set stack_domain")
    names = [domain, *(edge.get("domains") or [])]
    for host in found:
        if any(covers(name, host) for name in edge.get("redirects") or []):
            raise ValueError(
                f"{where}: 'redirects' redirects the requests for {host!r} to stack_domain; take it out of "
                "'redirects' and into 'domains'"
            )
        if not any(covers(name, host) for name in names):
            raise ValueError(
                f"{where}: the edge does not answer to {host!r}{suggestion(host, names)}; to add a name, write it "
                "into 'domains'"
            )
        if edge.get("tls") and not any(_in_certificate(name, host) for name in names):
            raise ValueError(
                f"{where}: the certificate does not cover {host!r}, because a wildcard in it stands for one label; "
                "write the name into 'domains', too"
            )
    return found


def domain_name(domain: str) -> str:
    """Return the host name of ``stack_domain``, which may have a port."""
    return domain.partition(":")[0].lower()


def covers(name: str, other: str) -> bool:
    """Return whether *name* stands for all that *other* stands for. ``*.a.b`` covers ``c.a.b`` and ``*.c.a.b``."""
    return name == other or (name.startswith("*.") and other.endswith(name[1:]))


def rank(hosts: Iterable[str], name: str) -> int | None:
    """Return how exactly the hosts of a route name *name*: an exact name before a wildcard, a long one before a short
    one, 0 for a route of all names. ``None`` if they do not cover it.
    """
    ranks = [len(host) + 1000 * (not host.startswith("*.")) for host in hosts if covers(host, name)]
    return max(ranks) if ranks else None if tuple(hosts) else 0


def _in_certificate(name: str, host: str) -> bool:
    """Return whether a certificate with *name* is valid for *host* (RFC 9525, section 6.3)."""
    return name == host or (name.startswith("*.") and host.partition(".")[2] == name[2:])

"""Which routes answer which host names of the edge.

Place in the pipeline: model -> compose -> bundle, used by ``nginx``, ``traefik`` and ``probes``. Pure.

Of two routes whose path a request has, the one whose ``host`` names its host name more exactly answers, and of two with
the same host the one with the longer path. A proxy compares paths only. So a name has no route whose requests all go to
one with a better host. Of those that are left, the longest path is right.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

from ansible_collections.slipway.stack.plugins.plugin_utils.description import route_hosts
from ansible_collections.slipway.stack.plugins.plugin_utils.description.model import Route, Service, Stack
from ansible_collections.slipway.stack.plugins.plugin_utils.rendering import public_names

#: The name of an edge that answers to any name, for names that no route has. ``description`` lets no route have a host
#: then, but a checkout, where ``stack_domain`` counts for nothing, has this one in its place.
ANY = "localhost"


@dataclass(frozen=True)
class HostGroup:
    """Names with the same routes, by number. ``immutable``: the numbers of the static routes whose part that never
    changes is theirs, too, and not another route's."""

    names: tuple[str, ...]
    routes: tuple[tuple[int, Route], ...]
    immutable: frozenset[int]


def numbered(edge: Service) -> list[tuple[int, Route]]:
    """Return the routes with their numbers, the longest path first. The numbers are in the configuration."""
    return list(enumerate(sorted(edge.routes, key=lambda route: -len(route.path)), 1))


def groups(stack: Stack, edge: Service) -> list[HostGroup]:
    """Return the groups; the first one has the domain of the stack, and the names that are redirected.

    :raises ValueError: for a route that answers no name.
    """
    redirected = public_names.redirected(edge)
    own = [name for name in public_names.names(stack, edge) if name not in redirected]
    names = list(dict.fromkeys([*(own or [ANY]), *(host for route in edge.routes for host in route.hosts)]))
    by_routes: dict[tuple[int, ...], list[str]] = {}
    routes = numbered(edge)
    for name in names:
        by_routes.setdefault(tuple(number for number, _route in _of_name(name, routes)), []).append(name)
    result = []
    for numbers, found in by_routes.items():
        chosen = tuple((number, route) for number, route in routes if number in numbers)
        immutable = frozenset(number for number, route in chosen if _has_immutable(route, chosen, found[0]))
        result.append(HostGroup(tuple(found), chosen, immutable))
    if own:
        _check_all_answer(edge, result)
    first = result[0]
    return [HostGroup((*first.names, *redirected), first.routes, first.immutable), *result[1:]]


def answering(found: Sequence[HostGroup]) -> list[tuple[int, Route]]:
    """Return the routes that answer any name, with their numbers. In a checkout that may not be all."""
    return sorted({number: route for group in found for number, route in group.routes}.items())


def name_of(route: Route, found: Sequence[HostGroup]) -> str:
    """Return a name for which a route answers, the domain of the stack before all others."""
    own = [name for group in found if route in [one for _number, one in group.routes] for name in group.names]
    exact = [name for name in own if not name.startswith("*.")]
    name = [*exact, *own][0]
    known = {name for group in found for name in group.names}
    below = (f"www{number or ''}{name[1:]}" for number in itertools.count())
    return name if exact else next(one for one in below if one not in known)


def names_of(number: int, found: Sequence[HostGroup]) -> list[tuple[str, tuple[str, ...]]]:
    """Return for which names the route of this number answers, each with the names below it for which it does not.

    Empty for a route that answers for all names.
    """
    own = [name for group in found if number in dict(group.routes) for name in group.names]
    others = [name for group in found if number not in dict(group.routes) for name in group.names]
    if not others:
        return []
    return [(name, tuple(one for one in others if name == ANY or route_hosts.covers(name, one))) for name in own]


def _of_name(name: str, routes: Sequence[tuple[int, Route]]) -> list[tuple[int, Route]]:
    ranked = [(number, route, rank) for number, route in routes if (rank := _rank(route, name)) is not None]
    return [
        (number, route)
        for number, route, rank in ranked
        if not any(better > rank and route.path.startswith(other.path) for _number, other, better in ranked)
    ]


def _rank(route: Route, name: str) -> int | None:
    return route_hosts.rank(route.hosts, name)


def _has_immutable(route: Route, routes: Sequence[tuple[int, Route]], name: str) -> bool:
    """Return whether files that never change are a static route's, and not those of a route with a better host."""
    path = f"{route.path}{route.immutable}/"
    own = _rank(route, name) or 0
    return route.static is not None and not any(
        (_rank(other, name) or 0) > own and path.startswith(other.path) for _number, other in routes
    )


def _check_all_answer(edge: Service, found: Sequence[HostGroup]) -> None:
    for one in numbered(edge):
        if one not in answering(found):
            raise ValueError(
                f"service {edge.name!r}: key 'routes': path {one[1].path!r} answers no request: for each of its names, "
                "a route with a more exact 'host' comes before it, even with a shorter path; give this one a 'host', "
                "too, or remove it"
            )

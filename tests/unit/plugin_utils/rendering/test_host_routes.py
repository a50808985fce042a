"""Which routes answer which host names: what proxies do with the groups is what the description means."""

from __future__ import annotations

import itertools
from typing import Any

from ansible_collections.slipway.stack.plugins.plugin_utils.description import route_hosts
from ansible_collections.slipway.stack.plugins.plugin_utils.description.model import Route
from ansible_collections.slipway.stack.plugins.plugin_utils.rendering import host_routes
from hypothesis import given, reject, settings
from hypothesis import strategies as st

from tests.support.descriptions import example, model, parcel

DOMAIN = "shop.example.com"
DOMAINS = ["api.example.com", "*.t.example.com", "*.a.t.example.com", "b.t.example.com"]
HOSTS = [DOMAIN, *DOMAINS, "c.t.example.com", "d.a.t.example.com"]
ASKED = [*(host for host in HOSTS if "*" not in host), "x.t.example.com", "x.a.t.example.com", "x.y.t.example.com"]
PATHS = ["/", "/a", "/a/", "/a/b/", "/assets/", "/c/"]


def _groups(routes: list[dict[str, Any]]) -> tuple[list[host_routes.HostGroup], list[tuple[int, Route]]]:
    stack = model(example(edge={"routes": routes, "domains": DOMAINS, "redirects": ["www.example.com"]}))
    assert stack.edge
    return host_routes.groups(stack, stack.edge), host_routes.numbered(stack.edge)


def _meant(routes: list[tuple[int, Route]], name: str, path: str) -> int:
    fitting = [(number, route) for number, route in routes if path.startswith(route.path)]
    ranked = [(route_hosts.rank(route.hosts, name), len(route.path), number) for number, route in fitting]
    return max(((rank, *rest) for rank, *rest in ranked if rank is not None), default=(0, 0, 0))[2]


def _of_nginx(groups: list[host_routes.HostGroup], name: str, path: str) -> int:
    """Return the route that nginx chooses: the server by its best name, then the longest path."""
    known = {one: group for group in groups for one in group.names}
    best = max((one for one in known if route_hosts.covers(one, name)), key=lambda one: (one == name, len(one)))
    return max(
        ((len(route.path), number) for number, route in known[best].routes if path.startswith(route.path)),
        default=(0, 0),
    )[1]


def _of_traefik(groups: list[host_routes.HostGroup], routes: list[tuple[int, Route]], name: str, path: str) -> int:
    """Return the route that Traefik chooses: the longest path of all whose rule fits."""
    found = [(0, 0)]
    for number, route in routes:
        alternatives = host_routes.names_of(number, groups)
        fits = not alternatives or any(
            route_hosts.covers(one, name) and not any(route_hosts.covers(other, name) for other in others)
            for one, others in alternatives
        )
        found += [(len(route.path), number)] if fits and path.startswith(route.path) else []
    return max(found)[1]


@settings(deadline=None)
@given(st.lists(st.tuples(st.sampled_from(PATHS), st.sampled_from(["", *HOSTS])), min_size=1, max_size=14, unique=True))
def test_both_proxies_choose_the_route_that_is_meant(pairs: list[tuple[str, str]]) -> None:
    described = [{"path": path, "to": "backend", **({"host": host} if host else {})} for path, host in pairs]
    try:
        groups, routes = _groups(described)
    except ValueError:
        # A route that answers no request.
        reject()
    for name, path in itertools.product(ASKED, [*PATHS, "/a/b/c", "/ab", "/x"]):
        meant = _meant(routes, name, path)
        assert _of_nginx(groups, name, path) == meant, (name, path)
        assert _of_traefik(groups, routes, name, path) == meant, (name, path)


def test_without_hosts_there_is_one_group() -> None:
    groups, routes = _groups([{"path": "/", "to": "backend"}])
    assert [(group.names, list(group.routes)) for group in groups] == [
        ((DOMAIN, *DOMAINS, "www.example.com"), routes),
    ]
    assert host_routes.names_of(1, groups) == []


def test_the_first_group_has_the_domain_and_what_is_redirected() -> None:
    groups, _ = _groups([{"path": "/", "to": "backend"}, {"path": "/", "to": "frontend", "host": DOMAIN}])
    assert [group.names for group in groups] == [(DOMAIN, "www.example.com"), tuple(DOMAINS)]


def test_each_route_is_probed_with_a_name_that_it_is_for() -> None:
    routes = [
        {"path": "/", "to": "frontend"},
        {"path": "/", "to": "backend", "host": "api.example.com"},
        {"path": "/", "to": "backend", "host": "*.t.example.com"},
        {"path": "/x/", "to": "backend", "host": "www.t.example.com"},
        {"path": "/x/", "to": "backend", "host": "*.a.t.example.com"},
    ]
    probes = parcel(example(edge={"routes": routes, "domains": DOMAINS})).probes
    assert [(probe["path"], probe.get("host")) for probe in probes] == [
        ("/", None),
        ("/", "api.example.com"),
        # An exact name first, which the wildcard covers.
        ("/", "b.t.example.com"),
        ("/x/", "www.t.example.com"),
        ("/x/", "www.a.t.example.com"),
    ]


def test_a_name_below_a_wildcard_is_nobody_elses() -> None:
    routes = [
        {"path": "/", "to": "frontend"},
        {"path": "/", "to": "backend", "host": "*.a.t.example.com"},
        {"path": "/", "to": "frontend", "host": "www.a.t.example.com"},
    ]
    probes = parcel(example(edge={"routes": routes, "domains": DOMAINS})).probes
    assert probes[1]["host"] == "www1.a.t.example.com"

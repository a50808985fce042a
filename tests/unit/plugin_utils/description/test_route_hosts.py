"""The key `host` of a route: what it may name, and how exactly it names a host name."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.slipway.stack.plugins.plugin_utils.description import route_hosts

from tests.support.descriptions import example, model, parcel
from tests.support.errors import error_of

DOMAINS = ["api.example.com", "*.tenants.example.com"]
READ = "service 'edge': key 'routes': path '/'"
HOST = f"{READ}: 'host': "
ALL = {"path": "/", "to": "frontend"}


def _edge(*hosts: Any, **keys: Any) -> dict[str, Any]:
    routes = [ALL, *({"path": "/", "to": "backend", "host": host} for host in hosts)]
    return example(edge={"routes": routes, "domains": DOMAINS, **keys})


@pytest.mark.parametrize(
    ("host", "hosts"),
    [
        (None, ()),
        ("API.example.com", ("api.example.com",)),
        ("shop.example.com", ("shop.example.com",)),
        (["*.tenants.example.com", "api.example.com", "api.example.com"], ("*.tenants.example.com", "api.example.com")),
        ("one.tenants.example.com", ("one.tenants.example.com",)),
        ("*.one.tenants.example.com", ("*.one.tenants.example.com",)),
    ],
)
def test_a_route_is_for_the_names_that_it_says(host: Any, hosts: tuple[str, ...]) -> None:
    edge = model(example(edge={"routes": [{**ALL, "host": host}], "domains": DOMAINS})).edge
    assert edge is not None
    assert edge.routes[0].hosts == hosts


@pytest.mark.parametrize(
    ("host", "keys", "sentence"),
    [
        (
            "api.exmaple.com",
            {},
            (
                "the edge does not answer to 'api.exmaple.com'; did you mean 'api.example.com'?; to add a name, "
                "write it into 'domains'"
            ),
        ),
        (
            "10.0.0.1",
            {},
            (
                "the edge does not answer to '10.0.0.1'; valid values: *.tenants.example.com, api.example.com, "
                "shop.example.com; to add a name, write it into 'domains'"
            ),
        ),
        (
            "www.example.com",
            {"redirects": ["*.example.com"], "domains": []},
            (
                "'redirects' redirects the requests for 'www.example.com' to stack_domain; take it out of 'redirects' "
                "and into 'domains'"
            ),
        ),
        ([], {}, "the list is empty; name a host, or remove the key for all names of the edge"),
    ],
)
def test_a_name_that_is_not_the_edges_is_refused(host: Any, keys: dict[str, Any], sentence: str) -> None:
    assert error_of(model, _edge(host, **keys)) == HOST + sentence


def test_a_wildcard_wider_than_the_names_is_refused() -> None:
    assert "does not answer to '*.example.com'" in error_of(model, _edge("*.example.com"))


@pytest.mark.parametrize("host", ["api.example.com:8443", "https://api.example.com", "api.*.com", ""])
def test_what_is_no_host_name_is_refused(host: str) -> None:
    sentence = f"{host!r} is not a host name, such as www.example.com"
    assert error_of(model, _edge(host)) == f"service 'edge', key 'routes', path '/': key 'host': {sentence}"


@pytest.mark.parametrize("host", ["a.one.tenants.example.com", "*.one.tenants.example.com"])
def test_a_host_that_no_certificate_has_is_refused(host: str) -> None:
    message = error_of(model, _edge(host, tls={"source": "internal"}))
    assert message == (
        f"{HOST}the certificate does not cover {host!r}, because a wildcard in it stands for one label; write the name "
        "into 'domains', too"
    )
    model(_edge(host))
    model(_edge(host, tls={"source": "internal"}, domains=[*DOMAINS, host]))
    model(_edge("*.tenants.example.com", "one.tenants.example.com", tls={"source": "internal"}))


def test_an_edge_that_answers_to_any_name_has_no_routes_for_some() -> None:
    message = error_of(lambda: model(_edge("api.example.com", domains=[]), domain=""))
    assert message == f"{HOST}stack_domain is empty, so the edge answers to any name; set stack_domain"


@pytest.mark.parametrize(
    "hosts", [("api.example.com", "API.example.com"), ("api.example.com", ["shop.example.com", "api.example.com"])]
)
def test_two_routes_of_one_path_and_one_host_are_refused(hosts: tuple[Any, ...]) -> None:
    assert error_of(model, _edge(*hosts)) == f"{READ} is there twice for api.example.com"


@pytest.mark.parametrize("kind", ["nginx", "traefik"])
def test_a_route_that_nobody_reaches_is_refused(kind: str) -> None:
    services = _edge("api.example.com", "shop.example.com", domains=["api.example.com"], kind=kind)
    assert error_of(parcel, services) == (
        f"{READ} answers no request: for each of its names, a route with a more exact 'host' comes before it, even "
        "with a shorter path; give this one a 'host', too, or remove it"
    )
    assert parcel(_edge("api.example.com", "shop.example.com", domains=["api.example.com", "b.example.com"], kind=kind))


@pytest.mark.parametrize(
    ("name", "other", "expected"),
    [
        ("a.b", "a.b", True),
        ("*.a.b", "c.a.b", True),
        ("*.a.b", "d.c.a.b", True),
        ("*.a.b", "*.c.a.b", True),
        ("*.a.b", "*.a.b", True),
        ("*.a.b", "a.b", False),
        ("*.a.b", "xa.b", False),
        ("c.a.b", "*.a.b", False),
        ("*.c.a.b", "*.a.b", False),
    ],
)
def test_a_wildcard_covers_what_is_below_it(name: str, other: str, expected: bool) -> None:
    assert route_hosts.covers(name, other) is expected


def test_a_better_host_ranks_higher() -> None:
    ranks = [route_hosts.rank(hosts, "d.c.a.b") for hosts in ((), ("*.a.b",), ("*.c.a.b", "*.a.b"), ("d.c.a.b",))]
    assert ranks == sorted(ranks)  # type: ignore[type-var]
    assert len(set(ranks)) == 4
    assert route_hosts.rank(("x.a.b",), "d.c.a.b") is None

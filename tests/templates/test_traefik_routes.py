"""The configuration of Traefik as the edge: what clients, containers and the next release rely on."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from ansible_collections.slipway.stack.plugins.plugin_utils.description.units import parse_duration
from ansible_collections.slipway.stack.plugins.plugin_utils.rendering import edge

from tests.support.descriptions import documents, example, model

_LIMITS = ("too-large", "without-length")


def _files(**values: Any) -> dict[str, str]:
    return edge.files(model(example(edge={"kind": "traefik", **values})))


def _http(**values: Any) -> dict[str, Any]:
    """Return the example's routes; *values* are keys of the edge."""
    found: dict[str, Any] = yaml.safe_load(_files(**values)["routes.yml"])["http"]
    return found


def _public(http: dict[str, Any], websocket: bool = False) -> dict[str, dict[str, Any]]:
    """Return the routers for the services, by their rule: those for websockets, or the others."""
    return {
        router["rule"]: router
        for name, router in http["routers"].items()
        if not router["service"].endswith("@internal") and name.endswith("-websocket") == websocket
    }


HOST = ' && (Host("shop.example.com"))'


def _arguments(**values: Any) -> list[str]:
    base, _ = documents(example(edge={"kind": "traefik", **values}))
    arguments: list[str] = base["services"]["edge"]["command"]
    return arguments


def test_the_longest_matching_path_has_the_highest_priority() -> None:
    routes = [{"path": path, "to": "backend"} for path in ("/", "/api/", "/api/admin/", "/ws")]
    http = _http(routes=routes)
    found = _public(http)
    assert {rule: router["priority"] for rule, router in found.items()} == {
        'PathPrefix("/api/admin/")' + HOST: 143,
        'PathPrefix("/api/")' + HOST: 65,
        'PathPrefix("/ws")' + HOST: 39,
        'PathPrefix("/")' + HOST: 13,
    }
    assert http["routers"]["healthz"]["priority"] > 13 * 1000 + 11


def test_a_websocket_has_a_router_of_its_own() -> None:
    http = _http(real_ip_from=["10.0.0.1"])
    others, sockets = _public(http), _public(http, websocket=True)
    for (rule, router), (socket_rule, socket) in zip(others.items(), sockets.items(), strict=True):
        assert socket_rule == f"{rule} && HeaderRegexp(`Upgrade`, `(?i)^websocket$`)"
        assert socket["priority"] == router["priority"] + 3
        assert "no-upgrade" in router["middlewares"]
        assert "websocket" in socket["middlewares"]
    assert len({router["priority"] for router in [*others.values(), *sockets.values()]}) == 8


def test_only_the_domains_of_the_stack_are_answered() -> None:
    http = _http(domains=["*.example.org"])
    names = r'Host("shop.example.com") || HostRegexp("(?i)^[a-z0-9_.-]+\\.example\\.org[.]?$")'
    assert all(router["rule"].endswith(f" && ({names})") for router in _public(http).values())
    assert http["routers"]["misdirected"]["rule"] == f"!({names})"
    assert http["middlewares"]["misdirected"]["ipAllowList"]["rejectStatusCode"] == 421


def test_without_a_domain_every_name_is_answered() -> None:
    text = edge.files(model(example(edge={"kind": "traefik"}), domain=""))["routes.yml"]
    assert "Host(" not in text
    assert "misdirected" not in text


def test_what_a_client_claims_is_removed_unless_it_comes_by_a_load_balancer() -> None:
    assert all(router["middlewares"][0] == "claims" for router in _public(_http()).values())
    http = _http(routes=[{"path": "/", "to": "frontend"}], real_ip_from=["10.0.0.0/8", "192.168.0.1"])
    direct, forwarded = _public(http).items()
    assert forwarded[0] == f'{direct[0]} && (ClientIP("10.0.0.0/8") || ClientIP("192.168.0.1/32"))'
    assert forwarded[1]["priority"] > direct[1]["priority"]
    own = {"maintenance-by-balancer": "maintenance"}
    assert ["claims", *(own.get(name, name) for name in forwarded[1]["middlewares"])] == direct[1]["middlewares"]
    assert http["middlewares"]["claims"]["headers"]["customRequestHeaders"]["X-Original-URL"] == ""


def test_each_route_has_its_service_and_its_timeout() -> None:
    routes = [
        {"path": "/api/", "to": "backend", "timeout": "2m"},
        {"path": "/quick", "to": "backend", "timeout": "500ms"},
        {"path": "/", "to": "frontend", "port": 81},
    ]
    stack = model(example(edge={"kind": "traefik", "routes": routes}))
    assert edge.upstreams(stack) == [
        {"service": "backend", "port": 8000, "name": "backend-8000-within-120s", "transport": "within-120s"},
        {"service": "backend", "port": 8000, "name": "backend-8000-within-500ms", "transport": "within-500ms"},
        {"service": "frontend", "port": 81, "name": "frontend-81-within-60s", "transport": "within-60s"},
    ]
    http = _http(routes=routes)
    assert [router["service"] for router in _public(http).values()] == [
        "backend-8000-within-500ms",
        "backend-8000-within-120s",
        "frontend-81-within-60s",
    ]
    timeouts = {name: each["forwardingTimeouts"] for name, each in http["serversTransports"].items()}
    assert {name: each["responseHeaderTimeout"] for name, each in timeouts.items()} == {
        "within-120s": "120s",
        "within-500ms": "500ms",
        "within-60s": "60s",
    }
    # uvicorn closes a connection after five idle seconds; a request on a closing connection is lost.
    assert all(parse_duration(each["idleConnTimeout"]) < 5 for each in timeouts.values())


def test_the_time_for_a_connection_is_that_of_the_route() -> None:
    routes = [{"path": "/api/", "to": "backend", "connect_timeout": "500ms"}, {"path": "/", "to": "frontend"}]
    http = _http(routes=routes, timeout="10s")
    times = {name: one["forwardingTimeouts"]["dialTimeout"] for name, one in http["serversTransports"].items()}
    assert times == {"within-10s-connected-within-500ms": "500ms", "within-10s": "3s"}
    assert http["routers"]["1-backend"]["service"] == "backend-8000-within-10s-connected-within-500ms"


def test_a_guarded_route_has_one_router_above_all_of_its_routers() -> None:
    """A middleware that counts counts for one router."""
    http = _http(
        routes=[{"path": "/", "to": "frontend", "rate_limit": "300/m"}], max_body="1m", real_ip_from=["10.0.0.1"]
    )
    routers = {name: one for name, one in http["routers"].items() if name.startswith("1-")}
    for above, strategy in (("1-frontend", {}), ("1-frontend-by-balancer", {"excludedIPs": ["10.0.0.1/32"]})):
        guard = routers.pop(f"{above}-guarded")
        door = f"maintenance{above.removeprefix('1-frontend')}"
        assert guard["middlewares"] == ["release", door, "headers", f"{above}-rate"]
        assert "service" not in guard
        below = {name: one for name, one in routers.items() if one.get("parentRefs") == [f"{above}-guarded"]}
        assert len(below) == 6
        assert all(one["rule"].startswith((guard["rule"], f"({guard['rule']}")) for one in below.values())
        assert http["middlewares"][f"{above}-rate"]["rateLimit"] == {
            "average": 300,
            "period": "60s",
            "burst": 301,
            "sourceCriterion": {"ipStrategy": {**strategy, "ipv6Subnet": 64}},
        }
    assert not any("entryPoints" in one for one in routers.values())


def test_every_response_has_the_release_header() -> None:
    http = _http()
    assert all("release" in router["middlewares"] for router in _public(http).values())
    assert "release" in http["routers"]["misdirected"]["middlewares"]
    assert http["routers"]["healthz"] | {"priority": 0} == {
        "entryPoints": ['{{ if env "SLIPWAY_INNER_PORT" }}inner{{ else }}web{{ end }}'],
        "rule": "Path(`/healthz`)",
        "priority": 0,
        "middlewares": ["release", "health"],
        "service": "ping@internal",
        "observability": {"accessLogs": False},
    }


def test_the_api_of_traefik_is_only_on_loopback() -> None:
    http = _http()
    assert {name for name, router in http["routers"].items() if "web" not in router["entryPoints"][0]} == {"ping"}
    # The only place that opens its entry point.
    assert "--entryPoints.traefik.address=127.0.0.1:$port" in _files()["start.sh"]
    assert not [argument for argument in _arguments() if argument.startswith("--entryPoints.traefik")]


def test_only_bodies_that_are_too_large_or_have_no_length_are_held_back() -> None:
    plain, limited = _http(), _http(max_body="20m")
    held_back = {
        name
        for name, router in limited["routers"].items()
        if router.get("middlewares", [""])[-1].removesuffix(f"-{20 * 1024**2}") in _LIMITS
    }
    assert not any("buffering" in middleware for middleware in plain["middlewares"].values())
    routers = [name for name in limited["routers"] if name.endswith(("-backend", "-frontend", "-websocket"))]
    assert held_back == {f"{name}-{limit}" for name in routers for limit in _LIMITS}
    # Too large: refused by its length. Without a length: held in memory, so it may not be as large.
    largest = {
        name: one["buffering"]["maxRequestBodyBytes"]
        for name, one in limited["middlewares"].items()
        if "buffering" in one
    }
    assert largest == {"too-large-20971520": 20 * 1024**2, "without-length-20971520": 4 * 1024**2}


def test_a_route_may_have_a_limit_of_its_own_for_bodies() -> None:
    routes = [{"path": "/api/", "to": "backend", "max_body": "1k"}, {"path": "/", "to": "frontend", "max_body": "0b"}]
    routers = _http(max_body="20m", routes=routes)["routers"]
    assert routers["1-backend-too-large"]["middlewares"][-1] == "too-large-1024"
    assert [name for name in routers if name.startswith("2-")] == ["2-frontend", "2-frontend-websocket"]


def test_the_longest_path_still_counts_with_limits_for_bodies() -> None:
    limited = _http(max_body="20m")["routers"]
    priorities = [
        limited[f"{route}{limit}"]["priority"]
        for route in ("2-frontend", "1-backend")
        for limit in ("", "-too-large", "-without-length")
    ]
    assert sorted(priorities) == priorities
    assert limited["healthz"]["priority"] > max(priorities)


@pytest.mark.parametrize(
    ("keys", "argument"),
    [
        ({}, "--entryPoints.web.address=:8080"),
        ({"port": 8888}, "--entryPoints.web.address=:8888"),
        ({}, "--entryPoints.web.reusePort=true"),
        ({}, "--entryPoints.web.http.aliasHeadersStrategy=delete"),
        ({}, "--entryPoints.web.forwardedHeaders.trustedIPs=127.0.0.1/32"),
        ({"real_ip_from": ["10.0.0.0/8"]}, "--entryPoints.web.forwardedHeaders.trustedIPs=127.0.0.1/32,10.0.0.0/8"),
        ({}, "--entryPoints.web.transport.respondingTimeouts.readTimeout=60s"),
        ({"request_timeout": "1h"}, "--entryPoints.web.transport.respondingTimeouts.readTimeout=1h"),
        ({}, "--entryPoints.web.transport.lifeCycle.graceTimeOut=30s"),
        ({"drain": "5m"}, "--entryPoints.web.transport.lifeCycle.graceTimeOut=5m"),
        ({}, "--providers.file.watch=false"),
    ],
)
def test_static_settings_are_arguments_of_the_container(keys: dict[str, Any], argument: str) -> None:
    assert argument in _arguments(**keys)


@pytest.mark.parametrize(("drain", "grace"), [("300h", "1080010s"), ("50.5s", "60500ms")])
def test_the_grace_period_is_a_duration_for_any_drain(drain: str, grace: str) -> None:
    base, _ = documents(example(edge={"kind": "traefik", "drain": drain}))
    assert base["services"]["edge"]["stop_grace_period"] == grace


def test_the_grace_period_is_longer_than_the_drain() -> None:
    base, _ = documents(example(edge={"kind": "traefik", "drain": "5m"}))
    assert base["services"]["edge"]["stop_grace_period"] == "310s"
    with pytest.raises(ValueError, match="key 'stop_grace': 60s is not longer than 'drain', 60s"):
        _files(drain="60s", stop_grace="60s")


@pytest.mark.parametrize("version", ["3.7.12", "v3.7.15", "3.7", "3", "v3", "latest", "4"])
def test_a_version_that_removes_forged_headers_is_accepted(version: str) -> None:
    assert _files(version=version)


@pytest.mark.parametrize("version", ["3.7.11", "3.6", "v3.0.4", "2.11", 3.6])
def test_a_version_that_lets_headers_be_forged_is_refused(version: object) -> None:
    sentence = "service 'edge': key 'version': traefik .* lets a client forge headers that Traefik sets"
    with pytest.raises(ValueError, match=sentence):
        _files(version=version)


def test_a_route_to_files_is_refused_with_its_path() -> None:
    routes = [{"path": "/docs/", "static": "/srv/docs"}, {"path": "/", "to": "frontend"}]
    sentence = "service 'edge': key 'routes': path '/docs/' serves files from /srv/docs, and Traefik serves no files"
    with pytest.raises(ValueError, match=sentence):
        _files(routes=routes)


@pytest.mark.parametrize("key", ["gzip", "ratelimit", "entrypoints"])
def test_an_unknown_key_is_refused(key: str) -> None:
    with pytest.raises(ValueError, match=f"service 'edge': unknown key '{key}'"):
        _files(**{key: 1})

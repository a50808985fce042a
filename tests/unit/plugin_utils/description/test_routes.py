"""Routes as they are written, static files above all."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.slipway.stack.plugins.plugin_utils.description import routes
from ansible_collections.slipway.stack.plugins.plugin_utils.rendering import edge

from tests.support.descriptions import example, model, parcel
from tests.support.errors import error_of

STATIC = {"path": "/", "static": "/srv/www"}
IMAGE = "registry.example.com/shop/edge:1.4.2"


def _edge(*entries: dict[str, Any], **keys: Any) -> dict[str, Any]:
    services = example(edge={"routes": list(entries), "image": IMAGE, **keys})
    del services["frontend"]
    return services


def test_static_files_have_a_directory_and_a_part_that_never_changes() -> None:
    route = routes.read(
        "service 'edge'", {**STATIC, "path": "/app/", "static": "/srv/www/", "immutable": "/_next/static/"}
    )
    assert (route.path, route.to, route.static, route.immutable) == ("/app/", None, "/srv/www", "_next/static")


def test_static_files_are_nobodys_upstream_and_wait_for_nobody() -> None:
    stack = model(_edge({"path": "/api/", "to": "backend"}, STATIC))
    assert edge.upstreams(stack) == [{"service": "backend", "port": 8000}]
    assert stack.services["edge"].depends_on == ("backend",)
    assert [probe["path"] for probe in parcel(_edge(STATIC)).probes] == ["/"]


READ = "service 'edge': key 'routes': path "


@pytest.mark.parametrize(
    ("route", "sentence"),
    [
        ({"path": "/"}, "'/' needs either 'to', a service, or 'static', a directory"),
        ({**STATIC, "to": "backend"}, "'/' needs either 'to', a service, or 'static', a directory"),
        ({**STATIC, "path": "/app"}, "'/app' of static files does not end with /"),
        (
            {**STATIC, "static": "srv/www"},
            (
                "'/': 'static' is the absolute path of a directory, and 'immutable' one below it, not "
                "'srv/www' and 'assets/'"
            ),
        ),
        (
            {**STATIC, "immutable": "/"},
            "'/': 'static' is the absolute path of a directory, and 'immutable' one below it, not '/srv/www' and '/'",
        ),
        (
            {**STATIC, "static": "/srv/$host;"},
            (
                "'/': 'static' is the absolute path of a directory, and 'immutable' one below it, "
                "not '/srv/$host;' and "
                "'assets/'"
            ),
        ),
    ],
)
def test_refused(route: dict[str, Any], sentence: str) -> None:
    assert error_of(model, _edge(route)) == READ + sentence


def test_files_that_no_image_has_are_refused() -> None:
    assert error_of(parcel, _edge(STATIC, image=None)) == (
        "service 'edge': key 'routes': path '/' serves files from /srv/www, which the image nginx:1.30 does not "
        "contain; give the edge an 'image' that is built from it"
    )


def test_two_routes_of_one_path_are_refused() -> None:
    assert error_of(model, _edge(STATIC, {"path": "/", "to": "backend"})) == READ + "'/' is there twice"


@pytest.mark.parametrize("timeout", ["0s", "0h0m", "100us"])
def test_a_route_without_any_time_to_answer_is_refused(timeout: str) -> None:
    assert error_of(routes.read, "service 'edge'", {"path": "/", "to": "web", "timeout": timeout}) == (
        f"service 'edge': key 'routes': path '/': 'timeout' is {timeout}, in which no service answers; "
        "set how long the service may be silent, such as 60s"
    )


def test_a_route_without_any_time_to_connect_is_refused() -> None:
    assert error_of(routes.read, "service 'edge'", {"path": "/", "to": "web", "connect_timeout": "0s"}) == (
        "service 'edge': key 'routes': path '/': 'connect_timeout' is 0s, in which no service accepts a connection; "
        "set how long that may take, such as 3s"
    )


@pytest.mark.parametrize(
    ("route", "reason"),
    [({"path": "/", "to": "backend"}, "there is nothing to remove"), (STATIC, "files have no other path")],
)
def test_a_prefix_that_cannot_be_removed_is_refused(route: dict[str, Any], reason: str) -> None:
    message = error_of(model, _edge({**route, "strip_prefix": True}))
    assert message == f"{READ}'/': 'strip_prefix': {reason}; remove the key"


def test_a_route_of_grpc_has_an_upstream_of_its_own_and_no_limit_for_its_stream() -> None:
    entries = [{"path": "/shop.Api/", "to": "backend", "protocol": "grpc"}, {"path": "/", "to": "backend"}]
    stack = model(_edge(*entries, max_body="1m"))
    assert edge.upstreams(stack) == [
        {"service": "backend", "port": 8000, "protocol": "grpc"},
        {"service": "backend", "port": 8000},
    ]
    assert [route.max_body for route in stack.services["edge"].routes] == [0, 1024**2]


def test_files_have_no_protocol() -> None:
    message = error_of(model, _edge({**STATIC, "protocol": "grpc"}))
    assert message == f"{READ}'/': 'protocol': files have none; remove the key"


def test_an_unknown_protocol_is_refused() -> None:
    message = error_of(routes.read, "service 'edge'", {"path": "/", "to": "web", "protocol": "grpcs"})
    assert message == (
        "service 'edge', key 'routes', path '/': key 'protocol': 'grpcs' is not valid; valid values: http, grpc"
    )


def test_traefik_has_no_limit_for_the_body_of_a_stream() -> None:
    entries = [{"path": "/shop.Api/", "to": "backend", "protocol": "grpc", "max_body": "1m"}]
    assert error_of(parcel, _edge(*entries, kind="traefik")) == (
        f"{READ}'/shop.Api/': 'max_body' would make Traefik hold each stream back until it ends; remove the key, and "
        "limit messages in the service"
    )


def test_the_edge_has_the_defaults_of_its_routes() -> None:
    entries = [{"path": "/api/", "to": "backend", "timeout": "1s", "max_body": "0b"}, {"path": "/", "to": "backend"}]
    edge_ = model(_edge(*entries, timeout="2m", connect_timeout="5s", max_body="1k")).edge
    assert edge_ is not None
    assert [(one.timeout, one.connect_timeout, one.max_body) for one in edge_.routes] == [(1, 5, 0), (120, 5, 1024)]


def test_the_immutable_part_of_a_static_route_is_a_path_of_its_own() -> None:
    routes_ = [STATIC, {"path": "/assets/", "to": "backend"}]
    assert error_of(model, _edge(*routes_)) == READ + "'/assets/' is there twice"


VALID_PATHS = [
    *("/", "/api/", "/v1/models:predict", "/~user/", "/größe/日本", "/a b/", "/it's", '/"q"', "/a;b", "/`", "/a.b"),
    "/@scope/+x,y=z&c!",
]
PATTERN = "but it is no pattern; every path that begins with it counts, so write"
PLAIN = "write the characters themselves, such as"
READ_AS = "is never requested, because the edge reads it as"


@pytest.mark.parametrize(
    ("path", "problem"),
    [
        ("api/", "does not begin with /"),
        ("", "does not begin with /"),
        ("^~ /api/", "does not begin with /"),
        ("~ ^/api/", "does not begin with /"),
        ("= /api", "does not begin with /"),
        ("https://shop.example.com/api/", "does not begin with /"),
        ("/api/*", f"contains '*', {PATTERN} '/api/'"),
        ("/api/.*", f"contains '*', {PATTERN} '/api/.'"),
        ("/api/(.+)", f"contains '(', {PATTERN} '/api/'"),
        ("/users/{id}/", f"contains '{{', {PATTERN} '/users/'"),
        ("/users/<int:id>", f"contains '<', {PATTERN} '/users/'"),
        ("/users/:id", f"contains ':', {PATTERN} '/users/'"),
        ("/api$", f"contains '$', {PATTERN} '/api'"),
        ("/api|/rest", f"contains '|', {PATTERN} '/api'"),
        ("/[a-z]", f"contains '[', {PATTERN} '/'"),
        ("/api\\", f"contains '\\\\', {PATTERN} '/api'"),
        ("/{ return 200; } location /x", f"contains '{{', {PATTERN} '/'"),
        ("/api?v=1", "contains '?', where the query begins; write only the path, such as '/api'"),
        ("/app#/login", "contains '#', where the path ends in a browser; write only the path, such as '/app'"),
        ("/gr%C3%B6%C3%9Fe/", f"contains '%'; {PLAIN} '/größe/'"),
        ("/a%2fb", f"contains '%'; {PLAIN} '/a/b'"),
        ("//api/", f"{READ_AS} '/api'"),
        ("/api//", f"{READ_AS} '/api'"),
        ("/api/../admin", f"{READ_AS} '/admin'"),
        ("/api/.", f"{READ_AS} '/api'"),
        ("/api ", "ends with a space"),
        ("/api\n", "contains a character that is not printable"),
        ("/a\r\nHost: x", "contains a character that is not printable"),
        ("/a\0b", "contains a character that is not printable"),
        ("/a\u202eb", "contains a character that is not printable"),
        ("/a\ud800", "contains a character that is not printable"),
        ("/healthz", "belongs to the edge, which answers /healthz itself; choose another path"),
        ("/healthz/", "belongs to the edge, which answers /healthz itself; choose another path"),
        ("/healthz/live", "belongs to the edge, which answers /healthz itself; choose another path"),
    ],
)
def test_a_path_that_no_request_can_have_is_refused(path: str, problem: str) -> None:
    assert error_of(routes.read, "service 'edge'", {"path": path, "to": "web"}) == f"{READ}{path!r} {problem}"


def test_a_path_that_is_too_long_is_refused_without_its_end() -> None:
    message = error_of(routes.read, "service 'edge'", {"path": f"/{'ä' * 500}", "to": "web"})
    assert message == f"{READ}'/{'ä' * 99}' is longer than 1000 bytes"


@pytest.mark.parametrize("path", VALID_PATHS)
def test_any_other_path_is_taken_as_it_is(path: str) -> None:
    assert routes.read("service 'edge'", {"path": path, "to": "web"}).path == path

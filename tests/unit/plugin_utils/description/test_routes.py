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

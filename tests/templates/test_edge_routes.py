"""What a route of the edge decides itself: a real nginx and a real Traefik in front of an application."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.real_edge import Edge, running

ROUTES: list[dict[str, Any]] = [
    {"path": "/own/", "to": "app", "headers": {"x-frame-options": "", "X-Robots-Tag": 'noindex, "all"; {{ x }}'}},
    {"path": "/", "to": "app"},
]
EDGE: dict[str, Any] = {
    "headers": {"X-Team": "shop"},
    "content_security_policy": {"img-src": "'self' https://images.example.com"},
}
POLICY = "base-uri 'self'; object-src 'none'; img-src 'self' https://images.example.com"


@pytest.fixture(scope="module", params=["nginx", "traefik"])
def edge(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Edge]:
    """An edge with routes that differ."""
    with running(request.param, tmp_path_factory.mktemp("edge"), routes=ROUTES, **EDGE) as started:
        yield started


# Headers of answers


def test_answers_get_the_headers_of_the_edge_and_of_their_route(edge: Edge) -> None:
    common, own = edge.ask("/answer"), edge.ask("/own/answer")
    for reply in (common, own):
        assert reply.all("x-team") == ["shop"]
        assert reply.all("content-security-policy") == [POLICY]
        assert reply.all("x-content-type-options") == ["nosniff"]
    assert own.all("x-robots-tag") == ['noindex, "all"; {{ x }}']
    assert own.all("x-frame-options") == common.all("x-robots-tag") == []
    if edge.kind == "nginx":
        assert common.all("x-frame-options") == ["SAMEORIGIN"]
        assert common.all("permissions-policy") == ["bluetooth=(), hid=(), serial=(), usb=()"]


@pytest.mark.parametrize("path", ["/answer", "/own/answer"])
def test_a_header_of_the_application_is_there_once(edge: Edge, path: str) -> None:
    """Its own with nginx. Traefik replaces it."""
    said = {"X-Team": "mine", "Content-Security-Policy": "default-src 'none'", "Permissions-Policy": "usb=(self)"}
    reply = edge.ask(f"{path}?{'&'.join(f'{name}={value}' for name, value in said.items()).replace(' ', '%20')}")
    found = {name: reply.all(name.lower()) for name in said}
    if edge.kind == "nginx":
        assert found == {name: [value] for name, value in said.items()}
    else:
        assert found == {"X-Team": ["shop"], "Content-Security-Policy": [POLICY], "Permissions-Policy": ["usb=(self)"]}

"""What a service says of its assets, and which of them an edge can keep."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.slipway.stack.plugins.plugin_utils.description import assets
from ansible_collections.slipway.stack.plugins.plugin_utils.rendering import edge

from tests.support.descriptions import example, model, plain

OF_SPA = {"path": "/assets/", "directory": "/usr/share/nginx/html/assets"}


def _kept(services: Any) -> list[dict[str, Any]]:
    return edge.assets(model(services))


def test_a_built_page_has_them_by_its_kind() -> None:
    assert _kept(example()) == [{"service": "frontend", **OF_SPA, "required": False}]


def test_a_service_says_where_they_are_or_that_there_are_none() -> None:
    given = {"path": "/static", "directory": "/srv/www/static/"}
    assert _kept(example(frontend={"assets": given})) == [
        {"service": "frontend", "path": "/static/", "directory": "/srv/www/static", "required": True}
    ]
    assert _kept(example(frontend={"assets": {}})) == []


def test_those_in_the_image_of_the_edge_are_kept_like_those_of_a_service() -> None:
    routes = [{"path": "/docs/", "static": "/srv/docs", "immutable": "_static"}, {"path": "/", "to": "frontend"}]
    assert _kept(example(edge={"image": "shop/edge:1", "routes": routes})) == [
        {"service": "edge", "path": "/docs/_static/", "directory": "/srv/docs/_static", "required": False},
        {"service": "frontend", **OF_SPA, "required": False},
    ]


def test_none_are_kept_for_a_path_that_leads_elsewhere() -> None:
    routes = [{"path": "/app/", "to": "frontend"}, {"path": "/", "to": "backend"}]
    assert _kept(example(edge={"routes": routes})) == []
    with pytest.raises(ValueError, match="service 'frontend': key 'assets': no route of 'edge' sends /assets/ to it"):
        _kept(example(edge={"routes": routes}, frontend={"assets": OF_SPA}))


def test_two_hosts_have_the_same_path_and_not_the_same_files() -> None:
    routes = [
        {"path": "/", "to": "admin", "host": "admin.example.com"},
        {"path": "/", "to": "frontend"},
        {"path": "/", "to": "frontend", "host": "*.tenants.example.com"},
    ]
    names = {"routes": routes, "domains": ["admin.example.com", "*.tenants.example.com"]}
    assert _kept(example(edge=names, admin={"kind": "spa", "image": "shop/admin:1"})) == [
        {"service": "frontend", **OF_SPA, "required": False},
        {"service": "admin", **OF_SPA, "path": "/^admin.example.com/assets/", "required": False},
    ]


def test_a_host_alone_changes_no_path() -> None:
    routes = [{"path": "/", "to": "frontend", "host": "shop.example.com"}]
    assert _kept(example(edge={"routes": routes})) == [{"service": "frontend", **OF_SPA, "required": False}]


def test_traefik_keeps_none() -> None:
    services = {**example(), "edge": {"kind": "traefik", "routes": [{"path": "/", "to": "frontend"}]}}
    assert _kept(services) == []
    services["frontend"] = {**services["frontend"], "assets": OF_SPA}
    with pytest.raises(ValueError, match="service 'frontend': key 'assets': only an edge of kind nginx can keep them"):
        _kept(services)


def test_without_an_edge_nobody_keeps_any() -> None:
    assert _kept({"web": plain()}) == []
    with pytest.raises(ValueError, match="service 'web': key 'assets': the stack has no edge that can keep them"):
        _kept({"web": plain(assets=OF_SPA)})


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"path": "/a/"}, "required key 'directory' is missing"),
        ({"path": "a/", "directory": "/a"}, "'path' and 'directory' are absolute"),
        ({"path": "/a/", "directory": "a"}, "'path' and 'directory' are absolute"),
        ({"path": "/a b/", "directory": "/a"}, "'path' and 'directory' are absolute"),
        ({"path": "/", "directory": "/a"}, "'path' and 'directory' are absolute"),
        ({"path": "/a;/", "directory": "/a"}, "'path' and 'directory' are absolute"),
        ({"path": "/a/", "directory": "/a", "paht": 1}, "'paht'"),
    ],
)
def test_what_cannot_be_is_refused(given: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message) as caught:
        assets.read("service 'web'", given, {})
    assert str(caught.value).startswith("service 'web', key 'assets'") or "service 'web': key 'assets'" in str(
        caught.value
    )

"""The edge on one host, and the services that it sends requests to on others."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from ansible_collections.slipway.stack.plugins.plugin_utils.description.model import InnerEdge
from ansible_collections.slipway.stack.plugins.plugin_utils.description.placement import Share, own_probes
from ansible_collections.slipway.stack.plugins.plugin_utils.rendering import bundle, compose

from tests.support.descriptions import plain
from tests.support.errors import error_of
from tests.support.placed import ADDRESSES, release_of, share_of

SECRETS = {"admins": "ada:$2y$04$abcdefghijklmnopqrstuu0123456789abcdefghijklmnopqrstu\n"}


def _services(proxy: str = "nginx", **edge: Any) -> dict[str, Any]:
    backend = {**plain(), "port": 8000, "hosts": "app"}
    # One that the edge has beside it.
    page = {**plain(), "port": 3000, "hosts": "edge"}
    routes = [{"path": "/api/", "to": "backend", "strip_prefix": True, "max_body": "5m"}, {"path": "/", "to": "page"}]
    return {"backend": backend, "page": page, "edge": {"kind": proxy, "hosts": "edge", "routes": routes, **edge}}


def _share(host: str, services: dict[str, Any] | None = None, addresses: dict[str, str] = ADDRESSES) -> Share:
    return share_of(host, services or _services(), SECRETS, addresses)


def _files(host: str, services: dict[str, Any]) -> dict[str, str]:
    return dict(release_of(host, services, SECRETS).files)


def test_the_edge_sends_requests_to_the_hosts_that_have_the_service() -> None:
    found = _share("edge1")
    assert list(found.stack.services) == ["page", "edge"]
    routes = {route.to: route for route in found.stack.services["edge"].routes}
    assert routes["backend"].through == (InnerEdge("app1", "10.0.0.3", 8480), InnerEdge("app2", "10.0.0.4", 8480))
    assert routes["page"].through == ()
    assert not found.stack.services["edge"].is_inner
    manifest = bundle.bundle(found.stack, [])
    assert list(manifest.upstreams) == [
        {"service": "backend", "port": 8000, "servers": [["app1", "10.0.0.3", 8480], ["app2", "10.0.0.4", 8480]]},
        {"service": "page", "port": 3000},
    ]


def test_these_hosts_have_an_edge_that_nobody_else_may_ask() -> None:
    for host, address in (("app1", "10.0.0.3"), ("app2", "10.0.0.4")):
        found = _share(host)
        edge = found.stack.services["edge"]
        assert list(found.stack.services) == ["backend", "edge"]
        assert edge.is_inner
        assert found.stack.services["backend"].ports == ()
        assert edge.ports == (f"{address}:8480:8080",)
        assert edge.options["real_ip_from"] == ["10.0.0.1/32", "10.0.0.2/32"]
        assert [(route.path, route.to, route.through) for route in edge.routes] == [("/api/", "backend", ())]


def test_what_the_edge_has_decided_is_left_to_it() -> None:
    services = _services(
        tls={"source": "internal"},
        basic_auth="admins",
        rate_limit="5/s",
        allow=["192.0.2.0/24"],
        headers={"X-Own": "1"},
        compose={"ports": ["9000:9000"], "labels": {"a": "b"}},
        environments={"production": {"ports": ["9001:9001"]}},
        publish=["9002:9002"],
    )
    services["edge"]["routes"][0] |= {"basic_auth": "admins", "headers": {"X-Other": "1"}}
    inner = _share("app1", services)
    edge = inner.stack.services["edge"]
    assert edge.ports == ("10.0.0.3:8480:8080",)
    assert "9000" not in str(compose.base(inner.stack, {})) + str(compose.overlay(inner.stack))
    assert edge.compose["labels"] == {"a": "b"}
    assert "admins" not in inner.stack.secrets
    assert "admins" in _share("edge1", services).stack.secrets
    text = _files("app1", services)["edge/nginx.conf"]
    for unwanted in ("auth_basic", "limit_req ", "192.0.2", "X-Own", "X-Other", "ssl_ciphers", "5242880"):
        assert unwanted not in text
        assert unwanted in _files("edge1", services)["edge/nginx.conf"]


def test_a_prefix_is_removed_where_the_service_is() -> None:
    inner, outer = (_files(host, _services())["edge/nginx.conf"] for host in ("app1", "edge1"))
    assert r"rewrite (?s)^/api/*(.*)$" in inner.replace('"', "")
    assert "rewrite" not in outer


def test_an_inner_edge_believes_the_edges_only() -> None:
    text = _files("app1", _services())["edge/nginx.conf"]
    assert 'set_real_ip_from "10.0.0.1/32";' in text
    assert "if ($slipway_stranger) {" in text
    assert "default $http_x_request_id;" in text
    outer = _files("edge1", _services())["edge/nginx.conf"]
    assert "slipway_stranger" not in outer
    assert "default $request_id;" in outer


def test_traefik_takes_requests_of_the_edges_only() -> None:
    routers = yaml.safe_load(_files("app1", _services("traefik"))["edge/routes.yml"])["http"]["routers"]
    rules = [router["rule"] for router in routers.values() if "/api/" in router["rule"]]
    assert rules
    assert all('ClientIP("10.0.0.1/32")' in rule and 'ClientIP("127.0.0.1/32")' in rule for rule in rules)


def test_the_hosts_of_services_begin_before_those_of_the_edge() -> None:
    assert [_share(host).stage for host in ("edge1", "edge2", "app1", "app2")] == [1, 1, 0, 0]


def test_probes_of_people_are_sent_by_the_edge() -> None:
    given = [{"path": "/api/version"}]
    assert own_probes(_share("edge1"), given) == given
    assert own_probes(_share("app1"), given) == []
    # And those of its routes by the inner one.
    assert [probe["path"] for probe in bundle.bundle(_share("app1").stack, []).probes] == ["/api/"]


def test_a_stack_with_its_edge_beside_its_services_has_no_other() -> None:
    services = _services()
    services["backend"]["hosts"] = services["page"]["hosts"]
    services["worker"] = {**plain(), "hosts": "app"}
    assert list(_share("app1", services).stack.services) == ["worker"]
    assert all(not route.through for route in _share("edge1", services).stack.services["edge"].routes)


@pytest.mark.parametrize(
    ("host", "hosts", "addresses", "said"),
    [
        ("edge1", "both", ADDRESSES, "goes to 'backend', which is on edge1, but not on edge2, where the edge is, too;"),
        ("app1", "both", ADDRESSES, "place 'backend' on all hosts of the edge, or on none of them"),
        (
            "edge1",
            "app",
            {**ADDRESSES, "app2": ""},
            "service 'backend' gets requests from the edge of another host; set",
        ),
        (
            "app1",
            "app",
            {**ADDRESSES, "edge2": ""},
            "the edge on 'edge2' sends requests to services of other hosts; set",
        ),
        ("app1", "app", {**ADDRESSES, "app1": "8.8.8.8"}, "8.8.8.8 is not the address of a private network"),
    ],
)
def test_what_cannot_be_reached(host: str, hosts: str, addresses: dict[str, str], said: str) -> None:
    services = _services()
    services["backend"]["hosts"] = hosts
    assert said in error_of(_share, host, services, addresses)

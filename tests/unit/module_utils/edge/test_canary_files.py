"""How both proxies divide requests between the containers of two releases."""

from __future__ import annotations

import json
from typing import Any

import pytest
from ansible_collections.slipway.stack.plugins.module_utils.edge import nginx, traefik_files, traefik_loaded
from ansible_collections.slipway.stack.plugins.module_utils.edge.canary import Canary
from ansible_collections.slipway.stack.plugins.module_utils.edge.endpoint import EdgeError

from tests.support.fake_host import spec

OLD, NEW = "20261101T000000Z-aaaaaaaa", "20261102T000000Z-bbbbbbbb"
ELSEWHERE = {"service": "api", "port": 80, "servers": [["app2", "10.0.0.2", 8480]], "name": "api-80", "transport": "t"}
UPSTREAMS = [
    {"service": "web", "port": 80, "name": "web-80", "transport": "t"},
    {"service": "bot", "port": 81, "protocol": "grpc", "name": "bot-81", "transport": "t", "scheme": "h2c"},
    ELSEWHERE,
]
NAMES = {"web": ["shop-web-1"], "bot": ["shop-bot-1"]}


def _manifest(**values: Any) -> dict[str, Any]:
    services = {"edge": spec(edge=True, **values.pop("edge", {}))}
    return {"release": OLD, "services": services, "upstreams": UPSTREAMS, **values}


def _canary(weight: float = 10, cookie: str = "who") -> Canary:
    return Canary(NEW, OLD, weight, cookie, {"web": ["shop-web-2"]})


def _nginx(canary: Canary, **values: Any) -> str:
    manifest = _manifest(**values)
    files = {**nginx.host_files(_manifest(), NAMES, None), "canary.conf": ""}
    return nginx.canary_files(manifest, files, canary)["canary.conf"]


def _traefik(canary: Canary) -> dict[str, Any]:
    files = traefik_files.host_files(_manifest(), NAMES, None)
    services: dict[str, Any] = json.loads(traefik_files.canary_files(_manifest(), files, canary)["upstreams.yml"])
    return services["http"]["services"]


def test_nginx_has_a_second_group_for_each_upstream_of_this_host() -> None:
    text = _nginx(_canary())
    assert "upstream web_80_canary {\nzone web_80_canary 64k;\nserver shop-web-2:80 resolve max_fails=0;\n" in text
    # A request that is drawn is of the new release wherever it goes, so a service that stays is in both groups.
    assert "upstream bot_81_grpc_canary {\nzone bot_81_grpc_canary 64k;\nserver shop-bot-1:81 resolve" in text
    assert "api" not in text
    assert 'split_clients $slipway_request_id $slipway_drawn { 10% _canary; * ""; }' in text


def test_nginx_learns_the_names_before_a_request_goes_there() -> None:
    text = _nginx(_canary(weight=0))
    assert "upstream web_80_canary" in text
    assert 'map "" $slipway_canary { default ""; }' in text
    assert "split_clients" not in text


def test_a_visitor_keeps_the_release_of_the_cookie() -> None:
    text = _nginx(_canary())
    assert f'map $cookie_who $slipway_canary {{ default $slipway_drawn; {NEW} _canary; {OLD} ""; }}' in text
    assert '"who=$slipway_drawn_release; Path=/; Max-Age=86400; HttpOnly; SameSite=Lax"' in text
    assert "; Secure" in _nginx(_canary(), tls={"names": ["example.com"], "port": 8443})


def test_no_cookie_is_set_without_a_name_and_by_an_inner_edge() -> None:
    for text in (_nginx(_canary(cookie="")), _nginx(_canary(), edge={"inner": True})):
        assert 'map "" $slipway_canary_cookie { default ""; }' in text
        assert "split_clients" in text
    assert "$cookie_" not in _nginx(_canary(cookie=""))
    # The edge before it has drawn by the same id, and has set the cookie.
    assert "map $cookie_who $slipway_canary" in _nginx(_canary(), edge={"inner": True})


def test_a_configuration_from_before_canaries_is_refused() -> None:
    with pytest.raises(EdgeError, match=f"release {OLD} was deployed by a version .* before canaries.*deploy once"):
        nginx.canary_files(_manifest(), nginx.host_files(_manifest(), NAMES, None), _canary())


def test_traefik_divides_the_services_with_new_containers() -> None:
    services = _traefik(_canary(weight=12.5))
    parts = services["web-80"]["weighted"]
    assert parts["services"] == [{"name": f"web-80-{OLD}", "weight": 8750}, {"name": f"web-80-{NEW}", "weight": 1250}]
    assert parts["sticky"]["cookie"]["name"] == "who_web"
    assert services[f"web-80-{OLD}"]["loadBalancer"]["servers"] == [{"url": "http://shop-web-1:80"}]
    assert services[f"web-80-{NEW}"]["loadBalancer"] == {
        "serversTransport": "t",
        "servers": [{"url": "http://shop-web-2:80"}],
    }
    assert "weighted" not in services["bot-81"]
    assert "weighted" not in services["api-80"]
    assert "sticky" not in _traefik(_canary(cookie=""))["web-80"]["weighted"]


def test_traefik_has_loaded_a_canary_when_it_says_the_weights() -> None:
    before, after = (traefik_loaded._servers(_traefik(_canary(weight))) for weight in (10, 20))
    assert before != after
    assert before["web-80"] == sorted([f"web-80-{NEW}=1000", f"web-80-{OLD}=9000"])

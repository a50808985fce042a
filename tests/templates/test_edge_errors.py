"""What nginx answers with an error of its own: a page, or JSON, with the id of the request."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from ansible_collections.slipway.stack.plugins.plugin_utils.rendering import error_pages

from tests.support.real_edge import HOST, RELEASE, Edge, running

ROUTES: list[dict[str, Any]] = [
    {"path": "/small/", "to": "app", "max_body": "1000b"},
    {"path": "/none/", "to": "app", "rate_limit": {"rate": "1/m", "burst": 0}},
    {"path": "/dead/", "to": "app", "port": 9},
    {"path": "/quick/", "to": "app", "timeout": "1s"},
    {"path": "/", "to": "app"},
]
EDGE: dict[str, Any] = {
    "headers": {"X-Team": "shop"},
    "content_security_policy": {"img-src": "'self' https://images.example.com"},
}
POLICY = "base-uri 'self'; object-src 'none'; img-src 'self' https://images.example.com"
#: By status: a request that the edge refuses or cannot answer. Another one for a stream, and one for an upload.
ERRORS: dict[int, list[tuple[str, str, dict[str, str]]]] = {
    413: [("POST", "/small/", {"Content-Length": "5000"}), ("POST", "/own/../small/", {"Content-Length": "5000"})],
    421: [("GET", "/", {"Host": "evil.example"}), ("POST", "/small/", {"Host": "evil.example"})],
    429: [("GET", "/none/", {}), ("POST", "/none/", {"Transfer-Encoding": "chunked"})],
    502: [("GET", "/dead/", {}), ("GET", "/dead/", {"Accept": "text/event-stream, text/html"}), ("HEAD", "/dead/", {})],
    504: [("GET", "/quick/slow?pause=3", {}), ("POST", "/quick/slow?pause=3", {"Content-Length": "0"})],
}
CASES = [(status, *request) for status, requests in ERRORS.items() for request in requests]


@pytest.fixture(scope="module")
def nginx(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Edge]:
    """An nginx with pages of its own, and one that the description has."""
    folder = tmp_path_factory.mktemp("edge")
    page = '<p>$0 {{ x }} "{status}" {request_id} größe\\n</p>\r\n' + "<!-- $ -->" * 1000
    with running("nginx", folder, routes=ROUTES, **EDGE, error_pages={"directory": {"504.html": page}}) as one:
        one.ask("/none/")
        yield one


@pytest.mark.parametrize(("status", "method", "path", "headers"), CASES)
def test_an_error_of_nginx_is_a_page_with_the_id_of_the_request(
    nginx: Edge, status: int, method: str, path: str, headers: dict[str, str]
) -> None:
    reply = nginx.send(method, path, list({"Host": HOST, **headers}.items()))
    assert (reply.status, reply.all("content-type")) == (status, ["text/html; charset=utf-8"])
    (request_id,) = reply.all("x-request-id")
    assert (reply.all("x-release"), reply.all("x-team"), reply.all("x-frame-options")) == (
        [RELEASE],
        ["shop"],
        ["SAMEORIGIN"],
    )
    if status == 504:
        page = reply.body.decode()
        assert page.startswith(f'<p>$0 {{{{ x }}}} "504" {request_id} größe\\n</p>\r\n<!-- $ --><!-- $ -->')
        assert len(page) > 10_000
        assert reply.all("content-security-policy") == [POLICY]
    else:
        assert reply.all("content-security-policy") == [error_pages.POLICY]
        page = reply.body.decode()
        assert method == "HEAD" or f"Error {status}. If you ask for help, name this request: <code>{request_id}" in page
        assert len(page) < 2000
    if status == 429:
        assert 1 <= int(reply.all("retry-after")[0]) <= 60


@pytest.mark.parametrize(("status", "method", "path", "headers"), CASES)
@pytest.mark.parametrize("accept", ["application/json", "application/problem+json, */*;q=0.1"])
def test_a_client_that_asks_for_json_gets_json(
    nginx: Edge, status: int, method: str, path: str, headers: dict[str, str], accept: str
) -> None:
    reply = nginx.send(method, path, list({"Host": HOST, **headers, "Accept": accept}.items()))
    assert (reply.status, reply.all("content-type")) == (status, ["application/json"])
    if method != "HEAD":
        found = json.loads(reply.body)
        assert (found["status"], found["request_id"]) == (status, reply.all("x-request-id")[0])
        assert found["title"]
        assert found["detail"]

"""Headers of answers and the Content-Security-Policy, as people write them."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.slipway.stack.plugins.plugin_utils.description import response_headers, routes

from tests.support.descriptions import example, model
from tests.support.errors import error_of

LINE = "is not one line of printable ASCII without '$' and spaces at its ends"


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ("X-A: b", "'X-A: b' is not a mapping of headers to values, such as {X-Robots-Tag: noindex}"),
        ({"X A": "b"}, "'X A' is not the name of a header, such as X-Robots-Tag"),
        ({"X_A": "b"}, "'X_A' is not the name of a header, such as X-Robots-Tag"),
        ({"x-a": "b", "X-A": "c"}, "'X-A' is there twice; keep one"),
        ({"Set-Cookie": "a"}, "'Set-Cookie' belongs to the answer itself; remove it and let the application send it"),
        ({"x-release": "1"}, "'x-release' belongs to the answer itself; remove it and let the application send it"),
        ({"X-A": "a\nSet-Cookie: b"}, rf"'X-A': 'a\nSet-Cookie: b' {LINE}"),
        ({"X-A": "$host"}, f"'X-A': '$host' {LINE}"),
        ({"X-A": "größe"}, f"'X-A': 'gr\\xf6\\xdfe' {LINE}"),
        ({"X-A": " a"}, f"'X-A': ' a' {LINE}"),
        ({"X-A": ["a"]}, "'X-A': ['a'] is not text; put it in quotes"),
        ({"X-A": True}, "'X-A': True is not text; put it in quotes"),
        ({"X-A": "x" * 4000}, f"'X-A': '{'x' * 60}'… (4000 characters) is longer than 3000 characters"),
    ],
)
def test_a_header_that_the_edge_cannot_send_is_refused(given: Any, problem: str) -> None:
    assert error_of(model, example(edge={"headers": given})) == f"service 'edge': key 'headers': {problem}"
    message = error_of(routes.read, "service 'edge'", {"path": "/", "to": "web", "headers": given})
    assert message == f"service 'edge', key 'routes', path '/': key 'headers': {problem}"


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        (7, "7 is neither a policy nor a mapping of directives to sources"),
        ({"x": "x"}, "'x' is no directive of a Content-Security-Policy; write one such as 'default-src'"),
        (
            {"scripts-src": "x"},
            "'scripts-src' is no directive of a Content-Security-Policy; did you mean 'script-src'?",
        ),
        ({"script-src": "self"}, "'script-src': self without single quotes is a host; write \"'self'\""),
        ({"img-src": "a.example; x"}, "'img-src': 'a.example; x' contains ';'; separate sources by spaces"),
        (
            {"img-src": "a.example, b.example"},
            "'img-src': 'a.example, b.example' contains ','; separate sources by spaces",
        ),
        ("default-src 'self'\n", rf""""default-src 'self'\n" {LINE}"""),
    ],
)
def test_a_policy_that_a_browser_would_misread_is_refused(given: Any, problem: str) -> None:
    message = error_of(model, example(edge={"content_security_policy": given}))
    assert message == f"service 'edge': key 'content_security_policy': {problem}"


@pytest.mark.parametrize(
    ("given", "text"),
    [
        ({}, "base-uri 'self'; object-src 'none'"),
        ({"img-src": "'self' data:"}, "base-uri 'self'; object-src 'none'; img-src 'self' data:"),
        ({"object-src": None, "base-uri": "'none'"}, "base-uri 'none'"),
        ({"upgrade-insecure-requests": ""}, "base-uri 'self'; object-src 'none'; upgrade-insecure-requests"),
        ("default-src 'self'", "default-src 'self'"),
        ("", ""),
    ],
)
def test_a_policy_extends_the_default(given: Any, text: str) -> None:
    edge = model(example(edge={"content_security_policy": given})).services["edge"]
    assert response_headers.policy_text(edge.options["content_security_policy"]) == text


def test_a_route_adds_to_the_headers_of_the_edge() -> None:
    entry = {"path": "/", "to": "web", "headers": {"x-b": "3", "X-C": ""}}
    assert routes.read("service 'edge'", entry, {"headers": {"X-A": "1", "X-B": "2", "X-C": "4"}}).headers == {
        "X-A": "1",
        "X-B": "3",
        "X-C": "",
    }

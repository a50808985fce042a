"""Probes as people write them: what the manifest has of them, and where their secrets are."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.support.descriptions import example, model, parcel, plain
from tests.support.errors import error_of

SECRETS = {"secret_key": {"generate": 50}, "probe_password": 'a"b\\c', "token": "t0k3n"}
LOGIN = {
    "path": "/api/login",
    "method": "POST",
    "body": {"user": "probe", "password": "{probe_password}", "depth": {"list": ["{token}", 1, None]}},
    "headers": {"Authorization": "Bearer {token}"},
    "secrets": ["probe_password", "token"],
    "status": 200,
}


def _probe(services: Any = None, **keys: Any) -> dict[str, Any]:
    """Return the manifest's entry of a probe with these keys."""
    return dict(parcel(services or example(), SECRETS, probes=[{"path": "/", **keys}]).probes[0])


def test_a_simple_probe_stays_simple() -> None:
    assert _probe() == {"path": "/", "status": None, "contains": None}


@pytest.mark.parametrize(
    ("keys", "request_", "method"),
    [
        ({"method": "HEAD"}, None, "HEAD"),
        (
            {"headers": {"Accept": "text/html", "X-N": 1}},
            {"headers": {"Accept": "text/html", "X-N": "1"}, "body": None},
            None,
        ),
        ({"method": "POST", "body": "a=b"}, {"headers": {}, "body": {"text": "a=b"}}, "POST"),
        (
            {"method": "PUT", "body": {"a": [1, {"b": None}]}},
            {"headers": {"Content-Type": "application/json"}, "body": {"json": {"a": [1, {"b": None}]}}},
            "PUT",
        ),
        (
            {"method": "PUT", "body": {}, "headers": {"content-type": "application/vnd.x+json"}},
            {"headers": {"content-type": "application/vnd.x+json"}, "body": {"json": {}}},
            "PUT",
        ),
        (
            {"method": "POST", "body": {"a": 1}, "headers": {"Content-Type": "application/x-www-form-urlencoded"}},
            {"headers": {"Content-Type": "application/x-www-form-urlencoded"}, "body": {"form": {"a": "1"}}},
            "POST",
        ),
        # Braces of another text are no reference to a secret.
        ({"method": "POST", "body": "{token}"}, {"headers": {}, "body": {"text": "{token}"}}, "POST"),
    ],
)
def test_method_headers_and_body(keys: dict[str, Any], request_: Any, method: str | None) -> None:
    found = _probe(**keys)
    assert (found.get("request"), found.get("method")) == (request_, method)


def test_secrets_are_in_the_store_and_nowhere_else() -> None:
    found = parcel(example(), SECRETS, probes=[LOGIN])
    assert found.probes[0]["request"] == {"secret": "SECRET__PROBE_1_0"}
    content = json.dumps(found.content())
    assert "t0k3n" not in content
    assert "a\\\\" not in content
    [file] = [file for file in found.secret_files if file["variable"] == "SECRET__PROBE_1_0"]
    assert (file["name"], file["uid"], file["gid"]) == ("_probe_1", 0, 0)
    values = {"probe_password": 'a"b\\c', "token": "t0k3n"}
    text = "".join(
        part if isinstance(part, str) else json.dumps(values[part["secret"]])[1:-1] for part in file["parts"]
    )
    assert json.loads(text) == {
        "headers": {"Authorization": "Bearer t0k3n", "Content-Type": "application/json"},
        "body": {"json": {"user": "probe", "password": 'a"b\\c', "depth": {"list": ["t0k3n", 1, None]}}},
    }
    assert found.secrets()["token"] == {"value": "t0k3n", "generate": None}
    assert "SECRET__PROBE_1_0" in found.files[".env.example"]


def test_a_secret_that_no_probe_needs_is_not_sent() -> None:
    assert "token" not in parcel(example(), SECRETS, probes=[{"path": "/"}]).secrets()


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("8080", {"host": "127.0.0.1", "port": 8080}),
        (8080, {"host": "127.0.0.1", "port": 8080}),
        ("localhost:8080", {"host": "127.0.0.1", "port": 8080}),
        ("10.0.0.5:80", {"host": "10.0.0.5", "port": 80}),
        ("[::1]:80", {"host": "::1", "port": 80}),
        ("lb.example.com:80", {"host": "lb.example.com", "port": 80}),
        ("web:8000", {"service": "web", "port": 8000}),
    ],
)
def test_an_address_replaces_the_edge(address: Any, expected: dict[str, Any]) -> None:
    assert _probe({"web": plain()}, address=address)["address"] == expected


@pytest.mark.parametrize(
    ("keys", "sentence"),
    [
        ({"address": "wbe:80"}, "key 'address': there is no service 'wbe'; did you mean 'web'?"),
        ({"address": "web"}, "key 'address': 'web' is neither a port nor HOST:PORT nor SERVICE:PORT"),
        ({"address": "http://web:80"}, "key 'address': 'http://web:80' is neither a port"),
        ({"address": "web:0"}, "key 'address': 'web:0' is neither a port"),
        ({"address": "web:70000"}, "key 'address': 'web:70000' is neither a port"),
        ({}, "required key 'address' is missing, because no service is an edge"),
        ({"body": "x"}, "key 'body': a GET request has none"),
        ({"method": "HEAD", "contains": "x"}, "key 'contains': the answer to a HEAD request has no text"),
        ({"method": "TRACE"}, "key 'method': 'TRACE' is not valid"),
        ({"method": "POST", "body": 5}, "key 'body': give a text in quotes, or a mapping"),
        (
            {"method": "POST", "body": [1], "headers": {"Content-Type": "application/x-www-form-urlencoded"}},
            "key 'body': a form is a mapping",
        ),
        (
            {"method": "POST", "body": {"a": []}, "headers": {"Content-Type": "application/x-www-form-urlencoded"}},
            "key 'body.a': give a text in quotes",
        ),
        ({"headers": {"Bad Name": "x"}}, "key 'headers': 'Bad Name' is not a valid name of a header"),
        ({"headers": {"X": "a\r\nY: b"}}, "key 'headers.X': a header has printable ASCII characters only"),
        ({"headers": {"X": ["a"]}}, "key 'headers.X': give a text in quotes"),
        ({"headers": {"content-length": "5"}}, "key 'headers.content-length': the probe itself sets this header"),
        ({"headers": {"Authorization": "Bearer t0k3n"}}, "key 'headers.Authorization' is plain text that everybody"),
        ({"headers": {"X-Api-Key": "t0k3n"}}, "key 'headers.X-Api-Key' is plain text"),
        (
            {"method": "POST", "body": {"user": {"password": "t0k3n"}}},
            "key 'body.password' is plain text that everybody could read in the release",
        ),
        ({"secrets": ["tokn"]}, "key 'secrets': there is no secret 'tokn'; did you mean 'token'?"),
        ({"secrets": ["token"]}, "key 'secrets': nothing contains 'token'; write {token} in a header or the body"),
        ({"secrets": [{"name": "token"}]}, "key 'secrets': give names of stack_secrets only"),
    ],
)
def test_a_wrong_probe_is_refused_in_a_sentence(keys: dict[str, Any], sentence: str) -> None:
    given = {"path": "/", **({"address": "web:8000"} if keys else {}), **keys}
    with pytest.raises(ValueError, match=r"^stack_probes, entry 1: ") as caught:
        parcel({"web": plain()}, SECRETS, probes=[given])
    assert sentence in str(caught.value)
    assert "t0k3n" not in str(caught.value)


def test_the_model_knows_secrets_that_no_service_has() -> None:
    stack = model(example(), SECRETS)
    assert "token" in stack.known_secrets
    assert "token" not in stack.secrets


def test_a_probe_may_be_for_another_host_name_of_the_edge() -> None:
    services = example(edge={"domains": ["*.example.org"]})
    assert _probe(services, host="API.example.org")["host"] == "api.example.org"
    assert error_of(lambda: _probe(services, host="a.test")) == (
        "stack_probes, entry 1: key 'host': the edge does not answer to 'a.test'; valid values: *.example.org, "
        "shop.example.com"
    )
    assert _probe(services, host="a.test", address="8080")["host"] == "a.test"

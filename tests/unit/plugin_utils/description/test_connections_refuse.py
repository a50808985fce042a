"""References to nothing, and what two services cannot both have: each with the whole sentence."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.descriptions import SECRETS, example, model, parcel, plain
from tests.support.errors import error_of

NO_DURATION = "is not a duration; write a number with its unit, such as 30s or 1m30s"
NO_PORT = "is not HOST:CONTAINER or ADDRESS:HOST:CONTAINER, each port from 1 to 65535"
ASK_FOR_PREFIX = "give one of them another prefix: {service: …, prefix: …}"


def _one(**keys: Any) -> dict[str, Any]:
    return {"web": plain(**keys)}


def _edge(*routes: Any, **keys: Any) -> dict[str, Any]:
    return {"web": plain(port=80), "edge": {"kind": "nginx", "routes": list(routes), **keys}}


WRITTEN = [
    # References to others.
    (
        {"web": {"kind": "fastapi", "like": "wb"}},
        "service 'web': key 'like': there is no service 'wb'",
    ),
    (
        example(worker={"like": "backnd"}),
        "service 'worker': key 'like': there is no service 'backnd'; did you mean 'backend'?",
    ),
    (_one(like="web"), "service 'web': key 'like' is a circle: web -> web"),
    (
        {"a": plain(like="b"), "b": plain(like="c"), "c": plain(like="a")},
        "service 'c': key 'like' is a circle: a -> b -> c -> a",
    ),
    (
        example(backend={"needs": ["storage"]}),
        (
            "service 'backend': key 'needs': there is no other service 'storage'; "
            "valid values: beat, db, edge, frontend, redis, worker"
        ),
    ),
    (
        example(backend={"needs": ["dbb"]}),
        "service 'backend': key 'needs': there is no other service 'dbb'; did you mean 'db'?",
    ),
    (_one(needs=["web"]), "service 'web': key 'needs': there is no other service 'web'"),
    (
        example(seed={"kind": "job", "image": "a:1", "needs": ["db", "backend"]}),
        (
            "service 'seed': key 'needs': a one-shot runs before any service rolls, 'backend' included; "
            "it may need data "
            "services and other one-shots"
        ),
    ),
    (_one(needs="db"), "service 'web': key 'needs': 'db' is not a list"),
    (
        _one(needs=[{"name": "db"}]),
        "service 'web', key 'needs': unknown key 'name'; valid values: prefix, scheme, service, url",
    ),
    (
        {"a": plain(needs=["b"]), "b": plain(needs=["c"]), "c": plain(needs=["b"])},
        "service 'b': key 'needs' is a circle: b -> c -> b",
    ),
    (
        {"a": plain(), "web": plain(needs=[{"service": "a", "prefix": "A"}])},
        "service 'web': key 'needs': kind 'custom' of 'a' provides no variables",
    ),
    (
        {"api": {"kind": "fastapi", "image": "a:1"}, "web": plain(needs=[{"service": "api", "url": "API"}])},
        "service 'web': key 'needs': kind 'fastapi' of 'api' provides no URL",
    ),
    (
        {"db": {"kind": "postgres"}, "users": {"kind": "postgres"}, "web": plain(needs=["db", "users"])},
        f"service 'web': key 'needs': service 'users' and service 'db' both set POSTGRES_HOST; {ASK_FOR_PREFIX}",
    ),
    (
        {
            "db": {"kind": "postgres"},
            "redis": {"kind": "redis"},
            "web": plain(needs=[{"service": "db", "url": "URL"}, {"service": "redis", "url": "URL"}]),
        },
        (
            "service 'web': key 'needs': service 'redis' and service 'db' both set URL; "
            "give one of them another variable"
        ),
    ),
    (
        {"db": {"kind": "postgres"}, "web": plain(needs=[{"service": "db", "url": "DATABASE URL"}])},
        "service 'web': key 'needs': 'DATABASE URL' is not a valid name for an environment variable",
    ),
    # Secrets.
    (
        example(backend={"secrets": ["secret_kee"]}),
        (
            "service 'backend': key 'secrets': secret 'secret_kee' has no source; did you mean 'secret_key'?; "
            "set stack_secrets.secret_kee to a vaulted value, or to {generate: 50} to generate it on the host"
        ),
    ),
    (_one(secrets="secret_key"), "service 'web': key 'secrets': 'secret_key' is not a list"),
    (
        _one(secrets=[{"name": "secret_key", "path": "/x"}]),
        (
            "service 'web', key 'secrets': unknown key 'path'; valid values: env, mode, name, owner, previous, "
            "target, text"
        ),
    ),
    (
        _one(secrets=[{"name": "secret_key", "env": "SECRET KEY"}]),
        "service 'web': key 'secrets': 'SECRET KEY' is not a valid name for an environment variable",
    ),
    (
        _one(secrets=[{"name": "secret_key", "env": "KEY"}], environment={"KEY": "x"}),
        "service 'web': key 'environment.KEY': secret 'secret_key' sets it already",
    ),
    (
        {
            "db": {"kind": "postgres"},
            "web": plain(needs=["db"], secrets=[{"name": "secret_key", "target": "/run/secrets/db_password"}]),
        },
        ("service 'web': key 'secrets': 'secret_key' and 'db_password' have the same target /run/secrets/db_password"),
    ),
    # Published ports.
    (_one(publish=["80"]), f"service 'web': published port '80' {NO_PORT}"),
    (_one(publish=["0:80"]), f"service 'web': published port '0:80' {NO_PORT}"),
    (_one(publish=["80:70000"]), f"service 'web': published port '80:70000' {NO_PORT}"),
    (_one(publish=["localhost:80:80"]), f"service 'web': published port 'localhost:80:80' {NO_PORT}"),
    (
        _one(publish=["8080:80"], replicas=2),
        (
            "service 'web': 2 replicas cannot share the published port 8080; publish it through the edge, "
            "or set 'replicas' to 1"
        ),
    ),
]


@pytest.mark.parametrize(("services", "sentence"), WRITTEN, ids=[sentence[:90] for _, sentence in WRITTEN])
def test_description(services: Any, sentence: str) -> None:
    assert error_of(parcel, services, SECRETS) == sentence


@pytest.mark.parametrize(
    ("routes", "sentence"),
    [
        (
            [{"path": "/", "to": "wbe"}],
            "service 'edge': key 'routes': path '/' goes to 'wbe', which is no service; did you mean 'web'?",
        ),
        (
            [{"path": "/", "to": "edge"}],
            "service 'edge': key 'routes': path '/' goes to 'edge', which is no service; valid values: web",
        ),
        ([{"path": "/", "to": "web"}] * 2, "service 'edge': key 'routes': path '/' is there twice"),
        ([{"path": "api/", "to": "web"}], "service 'edge': key 'routes': path 'api/' does not begin with /"),
        (
            [{"path": "/"}],
            "service 'edge': key 'routes': path '/' needs either 'to', a service, or 'static', a directory",
        ),
        (
            [{"path": "/", "headres": "web"}],
            "service 'edge', key 'routes', path '/': unknown key 'headres'; did you mean 'headers'?",
        ),
        (
            [{"path": "/", "to": "web", "timeout": 60}],
            f"service 'edge', key 'routes', path '/': key 'timeout': 60 {NO_DURATION}",
        ),
        (["/"], "service 'edge', key 'routes': '/' is not a mapping of keys to values"),
    ],
)
def test_route(routes: list[Any], sentence: str) -> None:
    assert error_of(parcel, _edge(*routes)) == sentence


ROUTE = {"path": "/", "to": "web"}


@pytest.mark.parametrize(
    ("services", "sentence"),
    [
        (
            {"edge": {"kind": "nginx"}},
            (
                "service 'edge': required key 'routes' is missing (Which service answers which path; the longest "
                "path counts - `{path, to}`, optionally `host`, `port` and others)"
            ),
        ),
        (
            {**_edge(ROUTE), "web": plain()},
            "service 'edge': key 'routes': service 'web' has no port; set its 'port', or one for the route",
        ),
        (
            {**_edge(ROUTE), "second": {"kind": "nginx", "routes": [ROUTE], "http_port": 81}},
            "service 'second': the stack has an edge already, service 'edge'",
        ),
        (
            {**_edge(ROUTE), "web": plain(port=80, needs=["edge"])},
            "service 'web': key 'needs' is a circle: web -> edge -> web",
        ),
        (
            _edge(ROUTE, version="1.26.3"),
            "service 'edge': key 'version': nginx 1.26.3 would fail requests during a rollout; use 1.27.4 or later",
        ),
        (
            _edge(ROUTE, drain="60s", stop_grace="60s"),
            (
                "service 'edge': key 'stop_grace': 60s is not longer than 'drain', 60s, so requests in flight would "
                "be cut off; make it a few seconds longer"
            ),
        ),
        (
            {**_edge(ROUTE), "edge-pod": plain()},
            "service 'edge-pod': this is the name of the pod of the edge 'edge'; choose another name",
        ),
        (_edge(ROUTE, http_port=0), f"service 'edge': published port '0:8080' {NO_PORT}"),
        (
            _edge(ROUTE, max_body="ten"),
            "service 'edge': key 'max_body': 'ten' is not a size; write a number with its unit, such as 512m or 2g",
        ),
    ],
)
def test_edge(services: Any, sentence: str) -> None:
    assert error_of(parcel, services) == sentence


@pytest.mark.parametrize(
    ("first", "second", "clash"),
    [
        ("8080:80", "8080:90", True),
        ("8080:80", "127.0.0.1:8080:90", True),
        ("0.0.0.0:8080:80", "10.0.0.1:8080:90", True),
        ("10.0.0.1:8080:80", "10.0.0.1:8080:90", True),
        ("[::]:8080:80", "127.0.0.1:8080:80", True),
        ("8080:80", "8080:80/tcp", True),
        ("10.0.0.1:8080:80", "10.0.0.2:8080:80", False),
        ("8080:80", "8080:80/udp", False),
        ("8080:80", "8081:80", False),
    ],
)
def test_port_published_twice(first: str, second: str, clash: bool) -> None:
    services = {"one": plain(publish=[first]), "two": plain(publish=[second])}
    if not clash:
        assert model(services).services["two"].ports == (second,)
        return
    number = second.rpartition(":")[0].rpartition(":")[2]
    assert error_of(model, services) == (
        f"service 'two': port {number}/tcp of the host is published twice, here and by service 'one'"
    )


def test_port_of_the_overlay_published_twice() -> None:
    services = {
        "one": plain(publish=["80:80"]),
        "two": plain(environments={"production": {"ports": ["80:80"]}, "staging": {"ports": ["81:80"]}}),
    }
    assert error_of(model, services) == (
        "service 'two': port 80/tcp of the host is published twice, here and by service 'one'"
    )
    assert model(services, environment="staging").services["two"].overlay == {"ports": ["81:80"]}


def test_all_secrets_without_a_source_are_named_at_once() -> None:
    services = {
        "web": plain(secrets=["token", "secret_key", {"name": "mail", "env": "MAIL"}]),
        "worker": plain(secrets=["token"]),
    }
    lines = error_of(parcel, services, SECRETS).splitlines()
    named = [
        f"service {service!r}: key 'secrets': secret {name!r} has no source; valid values: secret_key; set "
        f"stack_secrets.{name} to a vaulted value, or to {{generate: 50}} to generate it on the host"
        for service, name in [("web", "token"), ("web", "mail")]
    ]
    assert lines == named

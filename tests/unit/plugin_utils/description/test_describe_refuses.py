"""What a description may not say: each with the whole sentence that the person at the terminal reads."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.descriptions import KINDS as SHIPPED
from tests.support.descriptions import SECRETS, example, model, parcel, plain
from tests.support.errors import error_of

KINDS = ", ".join(sorted(SHIPPED))
NO_DURATION = "is not a duration; write a number with its unit, such as 30s or 1m30s"

NO_IMAGE = "is not an image reference, such as registry.example.com/shop/backend:1.4.2"
NO_REPLICAS = "a rollout would not know of it; set the service's own key 'replicas' instead"

NO_DOMAIN = (
    "is not one host name, such as shop.example.com or localhost:8443; leave it empty if the stack answers to any name"
)


def _one(**keys: Any) -> dict[str, Any]:
    return {"web": plain(**keys)}


def _without(services: dict[str, dict[str, Any]], name: str, key: str) -> dict[str, dict[str, Any]]:
    return {**services, name: {known: value for known, value in services[name].items() if known != key}}


WRITTEN = [
    # The key itself.
    (_one(replica=2), "service 'web': unknown key 'replica'; did you mean 'replicas'?"),
    (example(db={"verison": 17}), "service 'db': unknown key 'verison'; did you mean 'version'?"),
    ({"web": "custom"}, "service 'web': 'custom' is not a mapping of keys to values"),
    ({"web": None}, "service 'web': None is not a mapping of keys to values"),
    ({}, "stack_services: name at least one service"),
    (None, "stack_services: name at least one service"),
    (["web"], "stack_services: name at least one service"),
    (
        {"Web": plain()},
        (
            "service 'Web': 'Web' is not a valid name; use lower-case letters, digits, - and _, the first one "
            "a letter or digit"
        ),
    ),
    # Its kind.
    ({"web": {"image": "app:1"}}, f"service 'web': required key 'kind' is missing; valid values: {KINDS}"),
    (example(db={"kind": "postgress"}), "service 'db': unknown kind 'postgress'; did you mean 'postgres'?"),
    (example(db={"kind": "oracle"}), f"service 'db': unknown kind 'oracle'; valid values: {KINDS}"),
    (example(db={"kind": ["postgres"]}), "service 'db': unknown kind ['postgres']; did you mean 'postgres'?"),
    # Values.
    (
        _without(example(), "frontend", "image"),
        "service 'frontend': required key 'image' is missing; kind 'spa' has no default image",
    ),
    (
        _without(_one(), "web", "health"),
        "service 'web': required key 'health' is missing; say how to tell that it works, as {test: [CMD, …]}",
    ),
    (_one(stop_grace="30"), f"service 'web': key 'stop_grace': '30' {NO_DURATION}"),
    (_one(stop_grace=30), f"service 'web': key 'stop_grace': 30 {NO_DURATION}"),
    (
        _one(memory="half"),
        "service 'web': key 'memory': 'half' is not a size; write a number with its unit, such as 512m or 2g",
    ),
    (
        _one(memory=512),
        (
            "service 'web': key 'memory': 512 is less than Docker's minimum of 6m; write a number with its unit, "
            "such as 512m"
        ),
    ),
    (_one(cpus=-1), "service 'web': key 'cpus': -1 is not a number of processors above 0, such as 0.5"),
    (_one(port=70000), "service 'web': key 'port': 70000 is not a port; ports are numbers from 1 to 65535"),
    (_one(replicas=0), "service 'web': key 'replicas': at least 1, not 0"),
    (_one(replicas="two"), "service 'web': key 'replicas': 'two' is not a whole number"),
    (
        example(beat={"replicas": 2}),
        "service 'beat': key 'replicas': a singleton service has exactly 1, not 2",
    ),
    (example(db={"replicas": 2}), "service 'db': key 'replicas': a stateful service has exactly 1, not 2"),
    (
        example(backend={"class": "singleton"}),
        "service 'backend': key 'replicas': a singleton service has exactly 1, not 2",
    ),
    (
        _one(**{"class": "rollin"}),
        "service 'web': key 'class': 'rollin' is not valid; valid values: rolling, drain, singleton, stateful, oneshot",
    ),
    (
        _one(user="www-data"),
        "service 'web': key 'user': 'www-data' is not numeric; write uid:gid, because its secret files get that owner",
    ),
    (
        _one(user="1000:www"),
        "service 'web': key 'user': '1000:www' is not numeric; write uid:gid, because its secret files get that owner",
    ),
    (
        _one(user="1:2:3"),
        "service 'web': key 'user': '1:2:3' is not numeric; write uid:gid, because its secret files get that owner",
    ),
    (_one(command=""), "service 'web': key 'command': the command is empty; name a program, or leave the key out"),
    (_one(release=[]), "service 'web': key 'release': the command is empty; name a program, or leave the key out"),
    (
        _one(release="sh -c 'x"),
        "service 'web': key 'release': \"sh -c 'x\" cannot be split into arguments: No closing quotation",
    ),
    (_one(health=5), "service 'web': key 'health': 5 is neither a path nor a Compose healthcheck"),
    (
        _one(health="/up"),
        (
            "service 'web': key 'health': kind 'custom' is not asked for a path; give a Compose healthcheck "
            "with its 'test'"
        ),
    ),
    (example(backend={"health": "up"}), "service 'backend': key 'health': path 'up' does not begin with /"),
    (
        _one(health={"test": ["CMD", "true"], "interval": 10}),
        f"service 'web': key 'health.interval': 10 {NO_DURATION}",
    ),
    (
        _one(environment={"DEBUG": None}),
        "service 'web': key 'environment.DEBUG': None is neither a text nor a number; write '' for an empty value",
    ),
    (
        _one(environment={"HOSTS": ["a"]}),
        "service 'web': key 'environment.HOSTS': ['a'] is neither a text nor a number; write '' for an empty value",
    ),
    (
        _one(environment={"A B": "c"}),
        "service 'web': key 'environment': 'A B' is not a valid name for an environment variable",
    ),
    (
        _one(environment={"A": "x\0y"}),
        (
            "service 'web': key 'environment': environment variable 'A': an environment variable cannot contain a NUL "
            "character"
        ),
    ),
    (
        _one(files={"etc/app": {"content": ""}}),
        "service 'web': key 'files': 'etc/app' is not the absolute path of a file in the container",
    ),
    (
        _one(files={"/etc/app/": {"content": ""}}),
        "service 'web': key 'files': '/etc/app/' is not the absolute path of a file in the container",
    ),
    (_one(files={"/a": {}}), "service 'web', key 'files', file '/a': give 'content' or 'src'"),
    (_one(files={"/a": "text"}), "service 'web', key 'files', file '/a': 'text' is not a mapping of keys to values"),
    (
        _one(volumes=[{"type": "bind", "source": "/srv/x", "target": "/x"}]),
        (
            "service 'web': key 'volumes': {'type': 'bind', 'source': '/srv/x', 'target': '/x'} is not in Compose's "
            "short notation, such as web-data:/path or /srv/web:/path:ro"
        ),
    ),
    (
        _one(environments={"production": ["x"]}),
        "service 'web': key 'environments.production': ['x'] is not a mapping of keys to values",
    ),
    (
        _one(environments={"production": {"ports": "80:80"}}),
        "service 'web': key 'environments.production.ports': '80:80' is not a list",
    ),
    (
        _one(compose={"labels": ["a=b"]}),
        "service 'web': key 'compose.labels': ['a=b'] is not a mapping of keys to values",
    ),
    (_one(compose={"ports": 80}), "service 'web': key 'compose.ports': 80 is not a list"),
    (
        _one(compose={"image": None}),
        f"service 'web': key 'compose.image': None {NO_IMAGE}",
    ),
    (
        _one(compose={"networks": "app"}),
        "service 'web': key 'compose.networks': 'app' is neither a list of names nor a mapping by name",
    ),
    (
        _one(compose={"deploy": {"resources": ["x"]}}),
        "service 'web': key 'compose.deploy.resources': ['x'] is not a mapping of keys to values",
    ),
    (
        _one(compose={"healthcheck": {"timeout": "soon"}}),
        f"service 'web': key 'compose.healthcheck.timeout': 'soon' {NO_DURATION}",
    ),
    (
        _one(environments={"production": {"healthcheck": {"retries": 0}}}),
        "service 'web': key 'environments.production.healthcheck.retries': 0 is not a whole number from 1 up",
    ),
    (
        _one(health={"test": ["CMD", "true"], "retries": "often"}),
        "service 'web': key 'health.retries': 'often' is not a whole number from 1 up",
    ),
    (
        _one(compose={"user": "5:6"}),
        (
            "service 'web': key 'compose.user': its secret files would belong to another uid; "
            "set the service's own key 'user' instead"
        ),
    ),
    (
        _one(environments={"production": {"user": None}}),
        (
            "service 'web': key 'environments.production.user': its secret files would belong to another uid; "
            "set the service's own key 'user' instead"
        ),
    ),
    (_one(compose={"deploy": {"replicas": 3}}), f"service 'web': key 'compose.deploy.replicas': {NO_REPLICAS}"),
    (_one(compose={"scale": 3}), f"service 'web': key 'compose.scale': {NO_REPLICAS}"),
    (
        _one(environments={"production": {"deploy": {"replicas": 3}}}),
        f"service 'web': key 'environments.production.deploy.replicas': {NO_REPLICAS}",
    ),
    (
        _one(build={"context": "."}, image=None),
        "service 'web': required key 'image' is missing; kind 'custom' has no default image",
    ),
]


@pytest.mark.parametrize(("services", "sentence"), WRITTEN, ids=[sentence[:90] for _, sentence in WRITTEN])
def test_description(services: Any, sentence: str) -> None:
    assert error_of(parcel, services, SECRETS) == sentence


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        (
            {"name": "My Shop"},
            (
                "stack_name: 'My Shop' is not a valid name; use lower-case letters, digits, - and _, the "
                "first one a letter or digit"
            ),
        ),
        (
            {"name": None},
            (
                "stack_name: None is not a valid name; use lower-case letters, digits, - and _, the first one "
                "a letter or digit"
            ),
        ),
        (
            {"environment": "../x"},
            (
                "stack_environment: '../x' is not a valid name; use lower-case letters, digits, - and _, the "
                "first one a letter or digit"
            ),
        ),
        ({"domain": "https://shop.example.com"}, f"stack_domain: 'https://shop.example.com' {NO_DOMAIN}"),
        ({"domain": "shop.example.com,example.com"}, f"stack_domain: 'shop.example.com,example.com' {NO_DOMAIN}"),
        ({"domain": "shop.example.com; x"}, f"stack_domain: 'shop.example.com; x' {NO_DOMAIN}"),
        ({"domain": "shop.example.com\n"}, f"stack_domain: 'shop.example.com\\n' {NO_DOMAIN}"),
        ({"domain": None}, f"stack_domain: None {NO_DOMAIN}"),
    ],
)
def test_stack(values: dict[str, Any], sentence: str) -> None:
    assert error_of(model, {"web": plain()}, **values) == sentence


@pytest.mark.parametrize("domain", ["", "localhost", "shop.example.com", "Shop.example.com:8443", "127.0.0.1:8420"])
def test_a_domain_is_a_host(domain: str) -> None:
    assert model({"web": plain()}, domain=domain).domain == domain


def test_probes_without_an_edge() -> None:
    assert error_of(parcel, {"web": plain()}, probes="/") == "stack_probes: '/' is not a list"
    assert error_of(parcel, {"web": plain()}, probes=[{"path": "/"}]) == (
        "stack_probes, entry 1: required key 'address' is missing, because no service is an edge of kind nginx or "
        "traefik; give the port that your proxy publishes, such as 8080, or SERVICE:PORT"
    )


@pytest.mark.parametrize(
    ("probe", "sentence"),
    [
        ({"path": "/", "stauts": 200}, "stack_probes, entry 2: unknown key 'stauts'; did you mean 'status'?"),
        ({"status": 200}, "stack_probes, entry 2: required key 'path' is missing (path to request)"),
        ({"path": "health"}, "stack_probes, entry 2: key 'path': 'health' does not begin with /"),
        (
            {"path": "/a\r\nX: y"},
            (
                "stack_probes, entry 2: key 'path': '/a\\r\\nX: y' has characters that a URL cannot have as they are; "
                "write them in percent-encoding, such as %20 for a space"
            ),
        ),
        ({"path": "/", "status": "ok"}, "stack_probes, entry 2: key 'status': 'ok' is not a whole number"),
    ],
)
def test_probe(probe: object, sentence: str) -> None:
    assert error_of(parcel, example(), probes=[{"path": "/"}, probe]) == sentence

"""What a description becomes: the kind's values, the service's own, and the environment's."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.slipway.stack.plugins.plugin_utils.description import kinds

from tests.support.descriptions import KINDS, example, model, plain


def _web(environment: str = "production", **keys: Any) -> Any:
    return model({"web": plain(**keys)}, environment=environment).services["web"]


def test_a_short_description_is_whole() -> None:
    backend = model(example()).services["backend"]
    assert (backend.service_class, backend.port, backend.user, backend.stop_grace) == (
        "rolling",
        8000,
        "10001:10001",
        "30s",
    )
    assert (backend.memory, backend.cpus, backend.replicas) == ("512m", 1.0, 2)
    assert backend.health == {
        "interval": "10s",
        "timeout": "5s",
        "retries": 3,
        "start_period": "30s",
        "start_interval": "1s",
        "test": [
            "CMD",
            "python",
            "-c",
            "import urllib.request as r; r.urlopen('http://127.0.0.1:8000/health', timeout=4)",
        ],
    }


@pytest.mark.parametrize(
    ("key", "value", "result"),
    [
        ("memory", "1g", "1g"),
        ("cpus", 2, 2.0),
        ("stop_grace", "5m", "5m"),
        ("user", "1:2", "1:2"),
        ("class", "drain", "drain"),
        ("port", 9000, 9000),
        ("image", "other:2", "other:2"),
    ],
)
def test_the_service_goes_before_its_kind(key: str, value: object, result: object) -> None:
    service = model(example(backend={key: value})).services["backend"]
    assert getattr(service, {"class": "service_class"}.get(key, key)) == result


def test_port_and_health_path_reach_the_check() -> None:
    keys = {"port": 9000, "health": "/up"}
    assert "http://127.0.0.1:9000/up" in model(example(backend=keys)).services["backend"].health["test"][3]
    keys = {"health_path": "/ready"}
    assert "http://127.0.0.1:8000/ready" in model(example(backend=keys)).services["backend"].health["test"][3]


def test_a_check_of_its_own_keeps_the_pace_of_the_kind() -> None:
    health = model(example(worker={"health": {"test": ["CMD", "true"], "retries": 9}})).services["worker"].health
    assert (health["test"], health["retries"], health["start_period"]) == (["CMD", "true"], 9, "60s")


def test_a_oneshot_is_not_asked_whether_it_is_healthy() -> None:
    assert model({"job": {"kind": "custom", "image": "a:1", "class": "oneshot"}}).services["job"].health == {}


@pytest.mark.parametrize(
    ("command", "arguments"),
    [
        ("alembic upgrade head", ["alembic", "upgrade", "head"]),
        ("sh -c 'echo \"$HOME\" $$'", ["sh", "-c", 'echo "$$HOME" $$$$']),
        (["sh", "-c", "echo $HOME"], ["sh", "-c", "echo $$HOME"]),
        (["sleep", 5], ["sleep", "5"]),
        (None, None),
    ],
)
def test_command_is_taken_literally(command: object, arguments: object) -> None:
    service = _web(command=command, release=command)
    assert service.command == arguments
    assert service.release == arguments


def test_options_are_taken_literally_and_their_defaults_evaluated() -> None:
    flow = {"kind": "langflow", "superuser": "{{ name }}", "needs": ["a"]}
    stack = model({"a": {"kind": "postgres"}, "b": flow}, name="my-shop")
    assert stack.services["a"].options["database"] == "my_shop"
    assert stack.services["b"].options["superuser"] == "{{ name }}"


@pytest.mark.parametrize(
    ("version", "image", "volume"),
    [
        ("17", "postgres:17", "db-data:/var/lib/postgresql/data"),
        (17, "postgres:17", "db-data:/var/lib/postgresql/data"),
        ("17.6-alpine", "postgres:17.6-alpine", "db-data:/var/lib/postgresql/data"),
        ("18", "postgres:18", "db-data:/var/lib/postgresql"),
        ("18.1", "postgres:18.1", "db-data:/var/lib/postgresql"),
    ],
)
def test_where_a_version_of_postgres_keeps_its_data(version: object, image: str, volume: str) -> None:
    database = model(example(db={"version": version})).services["db"]
    assert (database.image, database.volumes) == (image, (volume,))


@pytest.mark.parametrize(
    ("keys", "ports"),
    [
        ({}, ("80:8080",)),
        ({"http_port": 8420}, ("8420:8080",)),
        ({"http_address": "127.0.0.1", "port": 8081}, ("127.0.0.1:80:8081",)),
        ({"publish": ["9000:9000/udp"]}, ("80:8080", "9000:9000/udp")),
    ],
)
def test_what_the_edge_publishes(keys: dict[str, Any], ports: tuple[str, ...]) -> None:
    assert model(example(edge=keys)).services["edge"].ports == ports


def test_an_environment_adds_to_the_kind_and_takes_away() -> None:
    database = {"environments": {"development": {"ports": None, "command": ["postgres", "-d", "2"]}}}
    services = example(db=database)
    assert model(services, environment="development").services["db"].overlay == {
        "command": ["postgres", "-d", "2"],
        "ports": None,
    }
    assert model(example(), environment="development").services["db"].overlay == {"ports": ["127.0.0.1:5432:5432"]}
    assert model(services).services["db"].overlay == {}


@pytest.mark.parametrize(("replicas", "overlay"), [(1, {"ports": ["127.0.0.1:8000:8000"]}), (2, {})])
def test_a_debug_port_is_for_one_replica(replicas: int, overlay: dict[str, Any]) -> None:
    services = example(backend={"replicas": replicas})
    assert model(services, environment="development").services["backend"].overlay == overlay


def test_compose_keys_are_merged_key_by_key() -> None:
    service = _web(compose={"tmpfs": ["/tmp", "/cache"], "sysctls": {"net.core.somaxconn": 1024}, "read_only": None})
    assert service.compose == {
        "tmpfs": ["/tmp", "/cache"],
        "sysctls": {"net.core.somaxconn": 1024},
        "pids_limit": 256,
        "read_only": None,
    }


def test_a_kind_of_ones_own() -> None:
    own = kinds.parse(
        "search",
        {
            "description": "A search engine",
            "class": "stateful",
            "image": "search:{{ version }}",
            "options": {"version": {"type": "str", "default": "3", "description": "Tag"}},
            "networks": ["search"],
            "secrets": {"key": {"generate": 64}},
            "environment": {
                "KEY_FILE": "{{ secret_path('key') }}",
                "WHERE": "{{ stack }}/{{ environment }}/{{ domain }}",
            },
            "health": {"test": ["CMD", "true"]},
            "provides": {"prefix": "SEARCH", "environment": {"URL": "http://{{ name }}"}},
        },
    )
    stack = model(
        {"find": {"kind": "search"}, "web": plain(needs=["find"])}, secrets={}, kinds={**KINDS, "search": own}
    )
    assert stack.services["find"].image == "search:3"
    assert stack.services["find"].environment == {
        "KEY_FILE": "/run/secrets/find_key",
        "WHERE": "shop/production/shop.example.com",
    }
    assert stack.services["web"].environment == {"SEARCH_URL": "http://find"}
    assert stack.services["web"].networks == ("app", "search")
    assert stack.secrets["find_key"].generate == 64


def test_the_directory_on_the_host() -> None:
    assert model(example(), root="/srv/").home == "/srv/shop"


def test_alike_services_share_the_user_of_a_kind_as_well() -> None:
    """The secrets that they share belong to it, and nobody else can read them."""
    like = plain(like="backend")
    del like["image"]
    services = model({**example(), "flower": like, "second": {**like, "like": "flower"}}).services
    for name in ("flower", "second"):
        assert services[name].user == services["backend"].user == "10001:10001"
        assert {mount.file.uid for mount in services[name].secret_mounts} == {10001}


@pytest.mark.parametrize(
    ("keys", "user"),
    [({"user": "5:6"}, "5:6"), ({"user": None}, None), ({"image": "other:1"}, None), ({"kind": "spa"}, "101:101")],
)
def test_an_own_user_or_an_own_image_is_not_taken_over(keys: dict[str, Any], user: str | None) -> None:
    like = {key: value for key, value in plain(like="backend").items() if key != "image"}
    services = model({**example(), "flower": {**like, **keys}}).services
    assert services["flower"].user == user

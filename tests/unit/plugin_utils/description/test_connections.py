"""What services are told of each other."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.descriptions import KINDS, example, model, plain
from tests.support.errors import error_of

DATABASE = {
    "POSTGRES_HOST": "db",
    "POSTGRES_PORT": "5432",
    "POSTGRES_DB": "shop",
    "POSTGRES_USER": "shop",
    "POSTGRES_PASSWORD_FILE": "/run/secrets/db_password",
}
REDIS = {"REDIS_HOST": "redis", "REDIS_PORT": "6379", "REDIS_PASSWORD_FILE": "/run/secrets/redis_password"}


def _service(service: str, services: dict[str, Any], **values: Any) -> Any:
    return model(services, **values).services[service]


def _mounts(service: Any) -> dict[str, tuple[str, int, int]]:
    return {mount.target: (mount.file.name, mount.file.uid, mount.file.gid) for mount in service.secret_mounts}


def test_a_need_gives_address_account_and_password_file() -> None:
    backend = _service("backend", example())
    own = {"FORWARDED_ALLOW_IPS": "*", "SECRET_KEY_FILE": "/run/secrets/secret_key"}
    assert backend.environment == {**own, **DATABASE, **REDIS}
    assert _mounts(backend) == {
        "/run/secrets/db_password": ("db_password", 10001, 10001),
        "/run/secrets/redis_password": ("redis_password", 10001, 10001),
        "/run/secrets/secret_key": ("secret_key", 10001, 10001),
    }


def test_a_need_gives_the_network_and_the_order() -> None:
    stack = model(example())
    assert {name: service.networks for name, service in stack.services.items()} == {
        "db": ("data",),
        "redis": ("data",),
        "backend": ("app", "data"),
        "worker": ("app", "data"),
        "beat": ("app", "data"),
        "frontend": ("app",),
        "edge": ("app",),
    }
    assert stack.services["backend"].depends_on == ("db", "redis")
    assert stack.services["edge"].depends_on == ("backend", "frontend")
    assert [service.name for service in stack.in_order()] == [
        "db",
        "redis",
        "backend",
        "worker",
        "beat",
        "frontend",
        "edge",
    ]


def test_order_does_not_follow_the_description_but_the_needs() -> None:
    services = {"web": plain(needs=["db"]), "api": plain(needs=["web"]), "db": {"kind": "postgres"}}
    assert [service.name for service in model(services).in_order()] == ["db", "web", "api"]


def test_a_service_knows_its_own_password_as_its_own_user() -> None:
    database = _service("db", example())
    assert database.environment["POSTGRES_PASSWORD_FILE"] == "/run/secrets/db_password"
    assert _mounts(database) == {"/run/secrets/db_password": ("db_password", 999, 999)}


def test_like_shares_what_makes_the_container_and_not_what_it_does() -> None:
    shared = {
        "backend": {
            "environment": {"A": "1", "B": "2"},
            "volumes": ["uploads:/uploads"],
            "files": {"/etc/app.toml": {"content": "x"}},
            "user": "5:6",
            "compose": {"init": True},
            "memory": "1g",
        },
        "worker": {"environment": {"B": "3"}, "concurrency": 4},
    }
    stack = model(example(**shared))
    backend, worker = stack.services["backend"], stack.services["worker"]
    assert (worker.image, worker.user, worker.needs) == (backend.image, "5:6", backend.needs)
    assert (worker.volumes, worker.files) == (("uploads:/uploads",), {"/etc/app.toml": "x"})
    assert _mounts(worker) == _mounts(backend)
    assert {**KINDS["fastapi"].body["environment"], **worker.environment} == {**backend.environment, "B": "3"}
    assert (worker.release, worker.replicas, worker.memory, worker.compose.get("init")) == (None, 1, "512m", None)


def test_like_takes_lists_of_its_own_in_place_of_the_others() -> None:
    worker = _service("worker", example(worker={"needs": ["redis"], "secrets": []}))
    assert worker.environment == REDIS
    assert worker.depends_on == ("redis",)


def test_like_of_like() -> None:
    services = {"a": plain(user="7"), "b": {"kind": "celery_worker", "like": "a"}, "c": {"kind": "custom", "like": "b"}}
    assert error_of(model, services).startswith("service 'c': required key 'health' is missing")
    services["c"]["health"] = {"test": ["CMD", "true"]}
    assert (_service("c", services).image, _service("c", services).user) == ("app:1", "7")


def test_prefix_keeps_two_databases_apart() -> None:
    services = {
        "db": {"kind": "postgres"},
        "users": {"kind": "postgres", "database": "people", "port": 5433},
        "web": plain(needs=["db", {"service": "users", "prefix": "USERS"}]),
    }
    assert _service("web", services).environment == {
        **DATABASE,
        "USERS_HOST": "users",
        "USERS_PORT": "5433",
        "USERS_DB": "people",
        "USERS_USER": "shop",
        "USERS_PASSWORD_FILE": "/run/secrets/users_password",
    }


def test_url_is_a_line_that_only_the_host_completes() -> None:
    services = {"my-db": {"kind": "postgres"}, "web": plain(needs=[{"service": "my-db", "url": "DATABASE_URL"}])}
    web = _service("web", services, name="my-shop")
    assert "DATABASE_URL" not in web.environment
    assert (web.secret_env.name, web.secret_env.uid) == ("web_env", 0)
    assert web.secret_env.parts == (
        'DATABASE_URL="postgresql://my_shop:',
        {"secret": "my-db_password", "quote": "url"},
        '@my-db:5432/my_shop"\n',
    )


def test_a_service_of_the_application_gives_its_address() -> None:
    services = {"price-api": {"kind": "fastapi", "image": "a:1", "port": 9000}, "web": plain(needs=["price-api"])}
    assert _service("web", services).environment == {"PRICE_API_URL": "http://price-api:9000"}


def test_a_service_that_provides_nothing_is_waited_for_all_the_same() -> None:
    web = _service("web", {"a": plain(), "web": plain(needs=["a"])})
    assert (web.environment, web.depends_on, web.networks) == ({}, ("a",), ("app",))


def test_what_the_description_says_of_a_variable_counts() -> None:
    backend = _service("backend", example(backend={"environment": {"POSTGRES_HOST": "elsewhere", "LOG": ""}}))
    assert backend.environment["POSTGRES_HOST"] == "elsewhere"
    assert backend.environment["LOG"] == ""


@pytest.mark.parametrize(
    ("value", "text"), [("$x", "$x"), (5, "5"), (0.5, "0.5"), (True, "true"), (False, "false"), ("", "")]
)
def test_value_of_a_variable(value: object, text: str) -> None:
    assert _service("web", {"web": plain(environment={"V": value})}).environment == {"V": text}


@pytest.mark.parametrize(
    ("use", "variable", "target"),
    [
        ("api-key", "API_KEY_FILE", "/run/secrets/api-key"),
        ({"name": "api-key"}, "API_KEY_FILE", "/run/secrets/api-key"),
        ({"name": "api-key", "target": "/etc/key"}, "API_KEY_FILE", "/etc/key"),
    ],
)
def test_secret_as_a_file(use: object, variable: str, target: str) -> None:
    web = _service("web", {"web": plain(user="10:20", secrets=[use])}, secrets={"api-key": "v"})
    assert web.environment == {variable: target}
    assert _mounts(web) == {target: ("api-key", 10, 20)}


@pytest.mark.parametrize(("user", "owner"), [("10:20", (10, 20)), ("10", (10, 10)), (10, (10, 10)), (None, (0, 0))])
def test_owner_of_secret_files(user: object, owner: tuple[int, int]) -> None:
    web = _service("web", {"web": plain(user=user, secrets=["k"])}, secrets={"k": "v"})
    assert _mounts(web) == {"/run/secrets/k": ("k", *owner)}


def test_secret_as_a_variable_is_in_a_file_of_its_own() -> None:
    web = _service("web", {"web": plain(secrets=[{"name": "k", "env": "API_KEY"}])}, secrets={"k": "v"})
    assert (web.environment, web.secret_mounts) == ({}, ())
    assert web.secret_env.parts == ('API_KEY="', {"secret": "k", "quote": "dotenv"}, '"\n')


def test_only_secrets_in_use_travel() -> None:
    secrets = {"secret_key": "a", "unused": "b", "redis_password": "c"}
    found = model(example(), secrets).secrets
    assert sorted(found) == ["db_password", "redis_password", "secret_key"]
    # A given secret goes before one that would be made; a kind's own is made where none is given.
    assert found["redis_password"].value == "c"
    assert (found["db_password"].value, found["db_password"].generate) == (None, 32)


def test_routes_know_the_port_of_their_service() -> None:
    routes = [
        {"path": "/api/", "to": "backend", "timeout": "2m"},
        {"path": "/", "to": "frontend", "port": 81},
        {"path": "/x", "to": "backend"},
    ]
    found = _service("edge", example(edge={"routes": routes})).routes
    assert [(route.path, route.to, route.port, route.timeout) for route in found] == [
        ("/api/", "backend", 8000, 120.0),
        ("/", "frontend", 81, 60.0),
        ("/x", "backend", 8000, 60.0),
    ]


@pytest.mark.parametrize(
    ("needs", "given", "once"),
    [
        (["db", "redis"], {}, False),
        (["redis"], {}, True),
        ([], {}, True),
        (["db"], {"release_once": True}, True),
        ([], {"release_once": False}, False),
        (["broker"], {}, True),
        (["mysql"], {}, False),
        (["unknown"], {}, False),
        (["unknown"], {"release_once": True}, True),
    ],
)
def test_a_release_job_is_for_all_hosts_where_its_database_is_elsewhere(
    needs: list[str], given: dict[str, Any], once: bool
) -> None:
    services = example()
    for name, image in (("broker", "library/rabbitmq:4"), ("mysql", "mysql:8"), ("unknown", "store:1")):
        services[name] = plain(image=image, **{"class": "stateful"})
    services["backend"] |= {"needs": needs, "release": "alembic upgrade head", **given}
    assert _service("backend", services).release_once is once

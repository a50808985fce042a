"""The Compose documents of the example, parsed from their text: what all services have, and where they differ."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest
import yaml

from tests.support.descriptions import documents, example, model, parcel, plain

BASE, OVERLAY = documents(example())
SERVICES = ("db", "redis", "backend", "worker", "beat", "frontend", "edge")
RELEASE_JOB = "backend-release"


def _document(environment: str = "production", **services: Any) -> Any:
    return documents(services, environment=environment)[0]


def test_services_are_in_the_order_of_the_description() -> None:
    names = ["db", "redis", "backend", RELEASE_JOB, "worker", "beat", "frontend", "edge-pod", "edge"]
    assert list(BASE["services"]) == names


@pytest.mark.parametrize("name", SERVICES)
def test_every_service_has_a_health_check_and_restarts(name: str) -> None:
    service = BASE["services"][name]
    assert set(service["healthcheck"]) == {"interval", "timeout", "retries", "start_period", "start_interval", "test"}
    assert service["restart"] == "unless-stopped"
    assert service["stop_grace_period"].endswith("s")


@pytest.mark.parametrize("name", [*SERVICES, RELEASE_JOB])
def test_every_container_has_limits_and_no_privileges(name: str) -> None:
    service = BASE["services"][name]
    assert {"cpus", "memory"} <= set(service["deploy"]["resources"]["limits"])
    assert set(service["deploy"]["resources"]["reservations"]) == {"memory"}
    assert service["logging"]["driver"] == "json-file"
    assert service["logging"]["options"].items() >= {"max-size": "10m", "max-file": "5"}.items()
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["cap_drop"] == ["ALL"]
    assert service["read_only"] is True
    assert service["tmpfs"][0].startswith("/tmp")
    assert int(service["user"].split(":")[0]) > 0
    assert "environment" not in service
    assert "latest" not in service["image"]


def test_a_busy_engine_keeps_no_service_waiting_for_its_log() -> None:
    options = {name: service["logging"]["options"].get("mode") for name, service in BASE["services"].items()}
    # A change of a data service is downtime, and the pod prints nothing.
    assert {name for name, mode in options.items() if mode is None} == {"db", "redis", "edge-pod"}
    assert set(options.values()) == {None, "non-blocking"}


def test_a_service_waits_until_its_needs_are_healthy() -> None:
    healthy = {"condition": "service_healthy"}
    waits = {name: service.get("depends_on") for name, service in BASE["services"].items()}
    both = {"db": healthy, "redis": healthy}
    assert waits == {
        "db": None,
        "redis": None,
        "backend": both,
        RELEASE_JOB: both,
        "worker": both,
        "beat": both,
        "frontend": None,
        "edge-pod": None,
        "edge": {
            "edge-pod": {"condition": "service_healthy", "restart": True},
            "backend": healthy,
            "frontend": healthy,
        },
    }


def test_data_services_are_on_an_internal_network() -> None:
    assert BASE["networks"] == {"app": {}, "data": {"internal": True}}
    assert [name for name, one in BASE["services"].items() if one.get("networks") == ["data"]] == ["db", "redis"]


def test_data_is_in_named_volumes() -> None:
    assert BASE["services"]["db"]["volumes"] == ["db-data:/var/lib/postgresql/data"]
    assert BASE["services"]["redis"]["volumes"] == ["redis-data:/data"]
    assert BASE["volumes"] == {"db-data": {}, "redis-data": {}}


def test_only_the_edge_publishes_a_port_in_production() -> None:
    assert {name: s["ports"] for name, s in BASE["services"].items() if "ports" in s} == {"edge-pod": ["80:8080"]}
    assert OVERLAY == {"services": {}}


def test_the_edge_mounts_its_directory_and_not_a_file() -> None:
    assert BASE["services"]["edge"]["volumes"] == ["/opt/stacks/shop/edge:/etc/slipway/edge:ro"]


def test_the_release_job_is_the_service_with_another_command() -> None:
    backend, job = BASE["services"]["backend"], BASE["services"][RELEASE_JOB]
    assert job["command"] == ["alembic", "upgrade", "head"]
    assert job["restart"] == "no"
    # It has a profile: `docker compose up` by hand does not migrate the database.
    assert job["profiles"] == ["release"]
    assert job["labels"]["slipway.class"] == "oneshot"
    own = {"command", "restart", "profiles", "labels", "deploy"}
    not_for_a_job = {"healthcheck", "stop_grace_period"}
    assert {k: v for k, v in job.items() if k not in own} == {
        k: v for k, v in backend.items() if k not in own | not_for_a_job
    }
    assert "replicas" not in job["deploy"]


def test_replicas_and_limits_are_in_deploy() -> None:
    assert BASE["services"]["backend"]["deploy"] == {
        "replicas": 2,
        "resources": {"limits": {"cpus": "1", "memory": "512m", "pids": 256}, "reservations": {"memory": "128m"}},
    }


@pytest.mark.parametrize(("memory", "reserved"), [("1g", "256m"), ("64m", "16m"), ("6m", "6m"), (1073741824, "256m")])
def test_a_quarter_of_the_memory_is_reserved(memory: object, reserved: str) -> None:
    web = _document(web=plain(memory=memory))["services"]["web"]
    assert web["deploy"]["resources"]["reservations"] == {"memory": reserved}


def test_labels_have_the_class_and_the_addresses_of_secrets() -> None:
    assert BASE["services"]["frontend"]["labels"] == {"slipway.kind": "spa", "slipway.class": "rolling"}
    assert BASE["services"]["db"]["labels"] == {
        "slipway.kind": "postgres",
        "slipway.class": "stateful",
        "slipway.secrets": "db_password_999=${SECRET_DB_PASSWORD_999}",
    }


def test_each_uid_has_its_own_file_of_a_secret() -> None:
    files = {key: secret["file"] for key, secret in BASE["secrets"].items()}
    assert files["db_password_999"] == "/opt/stacks/shop/secrets/999/db_password.${SECRET_DB_PASSWORD_999}"
    assert files["db_password_10001"] == "/opt/stacks/shop/secrets/10001/db_password.${SECRET_DB_PASSWORD_10001}"
    assert BASE["services"]["db"]["secrets"] == [{"source": "db_password_999", "target": "/run/secrets/db_password"}]


def test_a_secret_variable_comes_from_the_secret_store() -> None:
    secrets = {"k": "v"}
    web = documents({"web": plain(secrets=[{"name": "k", "env": "K"}], environment={"A": "1"})}, secrets)[0]
    assert web["services"]["web"]["env_file"] == [
        "env/web.env",
        "/opt/stacks/shop/secrets/0/web_env.${SECRET_WEB_ENV_0}",
    ]


def test_a_oneshot_runs_once_and_others_wait_for_its_end() -> None:
    services = {"job": {"kind": "custom", "image": "a:1", "class": "oneshot"}, "web": plain(needs=["job"])}
    document = _document(**services)["services"]
    assert document["job"]["restart"] == "no"
    assert "healthcheck" not in document["job"]
    assert document["web"]["depends_on"] == {"job": {"condition": "service_completed_successfully"}}


def test_compose_keys_of_the_description_take_precedence() -> None:
    keys = {
        "init": True,
        "cap_drop": None,
        "read_only": None,
        "deploy": {"resources": {"limits": {"pids": 100}}},
        "restart": "always",
    }
    web = _document(web=plain(compose={**keys, "labels": {"team": "shop"}}))["services"]["web"]
    assert web["init"] is True
    assert not {"cap_drop", "read_only"} & set(web)
    assert web["restart"] == "always"
    assert web["deploy"]["resources"]["limits"] == {"cpus": "0.5", "memory": "256m", "pids": 100}
    assert web["labels"] == {"slipway.kind": "custom", "slipway.class": "rolling", "team": "shop"}


def test_a_service_can_have_other_networks_or_none() -> None:
    keys = {"networks": None, "network_mode": "none"}
    document = _document(web=plain(compose=keys), api=plain(compose={"networks": {"lan": {"aliases": ["a"]}}}))
    assert "networks" not in document["services"]["web"]
    assert document["networks"] == {"lan": {}}


def test_mounted_files_are_read_only_and_addressed_by_their_content() -> None:
    web = _document(web=plain(files={"/etc/app.toml": {"content": "a = 1\n"}}))["services"]["web"]
    digest = hashlib.sha256(b"a = 1\n").hexdigest()
    assert web["volumes"] == [f"/opt/stacks/shop/files/{digest}/app.toml:/etc/app.toml:ro"]


@pytest.mark.parametrize(
    ("volume", "named"),
    [
        ("data:/data", ["data"]),
        ("data:/data:ro", ["data"]),
        ("/srv/x:/x", []),
        ("${X}:/x", []),
        ("/anonymous", []),
    ],
)
def test_named_volumes_are_declared(volume: str, named: list[str]) -> None:
    assert list(_document(web=plain(volumes=[volume])).get("volumes", {})) == named


def test_development_publishes_the_debug_ports() -> None:
    base, overlay = documents(example(backend={"replicas": 1}), environment="development")
    assert {name: service["ports"] for name, service in overlay["services"].items()} == {
        "db": ["127.0.0.1:5432:5432"],
        "redis": ["127.0.0.1:6379:6379"],
        "backend": ["127.0.0.1:8000:8000"],
    }
    # The base does not change.
    assert base == documents(example(backend={"replicas": 1}))[0]


def test_a_published_port_has_a_network_that_is_not_internal() -> None:
    """Docker publishes no port of a service that is only on internal networks."""
    overlay = documents(example(backend={"replicas": 1}), environment="development")[1]
    assert overlay["networks"] == {"published": {}}
    assert overlay["services"]["db"]["networks"] == ["published"]
    assert "networks" not in overlay["services"]["backend"]
    base = documents(example(db={"publish": ["127.0.0.1:5432:5432"]}))[0]
    assert base["services"]["db"]["networks"] == ["data", "published"]
    assert base["networks"] == {"app": {}, "data": {"internal": True}, "published": {}}


def test_the_header_says_where_the_file_comes_from() -> None:
    text = parcel(example()).files["compose.yaml"]
    assert text.startswith(
        "# Base of the stack 'shop', written by slipway.stack from the inventory.\n"
        "# The next deploy overwrites changes made here.\n"
        "# By hand, on the server: cd /opt/stacks/shop/current && docker compose ps\n"
        "name: shop\n"
        "services:\n"
        "  db:\n"
        "    image: postgres:17\n"
    )


def test_short_lists_are_on_one_line_without_anchors() -> None:
    services = {"web": plain(compose={"a": ["x", 1], "b": [{"c": "d"}], "same": ["x", 1]}, memory="64m")}
    text = parcel(services).files["compose.yaml"]
    assert "    a: [x, 1]\n    b:\n    - c: d\n    same: [x, 1]\n" in text
    assert "&id" not in text
    assert yaml.safe_load(text)["services"]["web"]["b"] == [{"c": "d"}]


def test_only_used_networks_are_declared() -> None:
    document = _document(web=plain())
    assert document["networks"] == {"app": {}}
    assert set(document) == {"name", "services", "networks"}
    assert model({"web": plain()}).edge is None


@pytest.mark.parametrize(
    ("own", "networks"),
    [
        (["app", "mon"], ["app", "data", "mon"]),
        (["mon"], ["app", "data", "mon"]),
        ({"mon": {"aliases": ["www"]}}, {"mon": {"aliases": ["www"]}}),
        (None, None),
    ],
)
def test_a_list_of_networks_adds_to_those_of_the_needs(own: Any, networks: Any) -> None:
    base, _ = documents(example(backend={"compose": {"networks": own}}))
    assert base["services"]["backend"].get("networks") == networks
    assert set(base["networks"]) == {*(networks or []), "app", "data"}


def test_a_release_job_of_a_service_without_labels_has_a_class() -> None:
    services = _document(web=plain(release="migrate", compose={"labels": None}))["services"]
    assert "labels" not in services["web"]
    assert services["web-release"]["labels"] == {"slipway.class": "oneshot"}

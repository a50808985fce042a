"""Check every example stack in every environment, as Compose reads it, against the promises of the environment."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.slipway.stack.plugins.plugin_utils.description.units import parse_size

from tests.contracts.checkout import ROOT
from tests.support import examples, inventories, real_compose, uploaded
from tests.support.descriptions import KINDS
from tests.support.examples import ENVIRONMENTS, STACKS, VERSION

DEPLOYED = ENVIRONMENTS[2:]

every_stack = pytest.mark.parametrize("stack", STACKS)
deployed = pytest.mark.parametrize("environment", DEPLOYED)


@pytest.fixture(scope="module")
def compose(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Return a function that gives the configuration of a stack in an environment. Each one is read once."""

    @functools.cache
    def read(stack: str, environment: str) -> dict[str, Any]:
        folder: Path = tmp_path_factory.mktemp(f"{stack}-{environment}")
        root = {**VERSION, "stack_root": str(folder)}
        release = inventories.parcel(ROOT / "examples/stacks" / stack / environment, root)
        uploaded.services(release, real_compose.SUITES[-1], folder / "release")
        return real_compose.config(real_compose.SUITES[-1], folder / "release", "--profile", "*")

    return read


def _published(document: dict[str, Any]) -> dict[str, list[str]]:
    """Return the host addresses of published ports by service, "" for all addresses."""
    return {
        name: [port.get("host_ip", "") for port in service["ports"]]
        for name, service in document["services"].items()
        if service.get("ports")
    }


def test_every_stack_has_four_environments() -> None:
    found = {
        stack: sorted(path.parent.name for path in (ROOT / "examples/stacks" / stack).glob("*/hosts.yml"))
        for stack in STACKS
    }
    assert {stack: sorted(set(ENVIRONMENTS) - set(names)) for stack, names in found.items()} == {
        stack: [] for stack in STACKS
    }
    assert {"bot", "langflow", "monorepo", "template", "traefik"} <= set(STACKS)


@every_stack
@deployed
def test_only_images_are_deployed(compose: Any, stack: str, environment: str) -> None:
    for name, service in compose(stack, environment)["services"].items():
        assert "build" not in service, name
        assert "develop" not in service, name
        # A bind mount is a read-only file of the release or the edge's configuration.
        mounts = [mount for mount in service.get("volumes", []) if mount["type"] == "bind"]
        assert [mount["target"] for mount in mounts if not mount.get("read_only")] == [], name
        home = examples.release(stack, environment).home.removeprefix("/opt/stacks/")
        assert all(f"/{home}/files/" in mount["source"] or mount["source"].endswith("/edge") for mount in mounts), name


@every_stack
@deployed
def test_only_the_edge_is_published(compose: Any, stack: str, environment: str) -> None:
    assert list(_published(compose(stack, environment))) == ["edge-pod"]


@every_stack
@deployed
def test_every_service_has_limits_and_a_bounded_log(compose: Any, stack: str, environment: str) -> None:
    for name, service in compose(stack, environment)["services"].items():
        resources = service["deploy"]["resources"]
        assert resources["limits"]["cpus"], name
        limit = int(resources["limits"]["memory"])
        assert limit >= 6 * 1024**2, name
        if name != "edge-pod":
            assert 0 < int(resources["reservations"]["memory"]) <= limit, name
        assert service["logging"]["driver"] == "json-file"
        assert parse_size(service["logging"]["options"]["max-size"]) <= 50 * 1024**2


@every_stack
@deployed
def test_data_services_are_only_on_an_internal_network(compose: Any, stack: str, environment: str) -> None:
    document = compose(stack, environment)
    assert document["networks"]["data"]["internal"] is True
    stateful = [
        name for name, spec in examples.release(stack, environment).services.items() if spec["class"] == "stateful"
    ]
    assert stateful
    assert {name: list(document["services"][name]["networks"]) for name in stateful} == {
        name: ["data"] for name in stateful
    }


@every_stack
@deployed
def test_every_long_running_service_has_a_health_check_and_restarts(compose: Any, stack: str, environment: str) -> None:
    for name, service in compose(stack, environment)["services"].items():
        if service["labels"]["slipway.class"] not in ("oneshot", "pod"):
            assert service["healthcheck"]["test"], name
            assert service["restart"] == "unless-stopped", name


@every_stack
def test_no_development_service_is_deployed(compose: Any, stack: str) -> None:
    for environment in DEPLOYED:
        kinds = {service["labels"]["slipway.kind"] for service in compose(stack, environment)["services"].values()}
        assert "vite" not in kinds
        assert "tests" not in compose(stack, environment)["services"]


@every_stack
def test_development_listens_on_the_loopback_address_only(compose: Any, stack: str) -> None:
    published = _published(compose(stack, "development"))
    assert {address for addresses in published.values() for address in addresses} == {"127.0.0.1"}
    assert {"edge-pod", "db", "backend"} <= set(published)


@every_stack
def test_the_environment_test_runs_the_tests(compose: Any, stack: str) -> None:
    """The tests are a oneshot without a restart. `docker compose run tests` and a deploy fail if they fail."""
    document = compose(stack, "test")
    tests = document["services"]["tests"]
    assert tests["image"].endswith("/tests:1.4.2")
    assert (tests["restart"], tests["labels"]["slipway.class"]) == ("no", "oneshot")
    assert "profiles" not in tests
    assert {name: need["condition"] for name, need in tests["depends_on"].items()} == dict.fromkeys(
        tests["depends_on"], "service_healthy"
    )
    # The tests use the database and the settings of the application.
    of_kind = KINDS["fastapi"].body["environment"]
    assert {**of_kind, **tests["environment"]} == document["services"]["backend"]["environment"]
    assert set(_published(document)) <= {"edge-pod"}
    assert "fsync=off" in document["services"]["db"]["command"]


@every_stack
@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_every_variable_of_dotenv_is_documented(stack: str, environment: str) -> None:
    release = examples.release(stack, environment)
    text = release.files[".env.example"]
    assert all(f"\n{file['variable']}=" in text for file in release.secret_files)
    assert release.files["compose.yaml"].startswith("# Base of the stack")


def test_staging_and_production_have_the_same_services() -> None:
    """Only numbers, addresses and names differ, and the demo data."""
    for stack in STACKS:
        staging, production = (set(examples.release(stack, environment).services) for environment in DEPLOYED)
        assert staging - production <= {"seed"}, stack
        assert production - staging == set(), stack


def test_demo_data_is_only_in_development_and_staging() -> None:
    where = {
        environment for environment in ENVIRONMENTS if "seed" in examples.release("langflow", environment).services
    }
    assert where == {"development", "staging"}


def test_only_langflow_uses_its_database() -> None:
    services = examples.release("langflow", "production").services
    assert "langflow-db" in services["langflow"]["depends_on"]
    assert "db" not in services["langflow"]["depends_on"]
    sharing = [name for name, spec in services.items() if "langflow-db" in spec["depends_on"]]
    assert sharing == ["langflow"]


def test_the_template_serves_its_page_from_the_edge_or_in_development_from_vite() -> None:
    assert "alias /srv/www/;" in examples.release("template", "production").files["edge/nginx.conf"]
    development = examples.release("template", "development")
    assert "alias" not in development.files["edge/nginx.conf"]
    assert {upstream["service"] for upstream in development.upstreams} == {"backend", "frontend"}
    ports = {name: spec["ports"] for name, spec in development.services.items() if spec["ports"]}
    assert ports == {
        "edge-pod": ["127.0.0.1:8420:8080"],
        "db": ["127.0.0.1:5420:5432"],
        "frontend": ["127.0.0.1:3420:5173"],
        "backend": ["127.0.0.1:8000:8000"],
    }

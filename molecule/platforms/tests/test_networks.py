"""A network that changes between two deploys: what Compose itself does, and what a deploy does."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from testbed import compose, shell
from tests.support import support_page
from tests.support.stacks import Stack, Visitor

Here = Callable[..., Any]
Services = Callable[..., dict[str, Any]]

CHANGES: dict[str, dict[str, Any]] = {
    "internal": {"internal": True},
    "labels": {"labels": {"owner": "us"}},
    "attachable": {"attachable": True},
    "driver_opts": {"driver_opts": {"com.docker.network.driver.mtu": "1400"}},
}
PROJECT = "/tmp/project"
CREATE = "docker compose up --no-build --pull never --no-start --no-recreate --scale a=2 a"


def _describe(shop: Stack, network: dict[str, Any]) -> None:
    """Write a project of two services in one network, as JSON, which Compose reads as well."""
    service = {"image": "redis:8", "networks": ["back"], "stop_grace_period": "1s"}
    project = {"name": "project", "services": {"a": service, "b": service}, "networks": {"back": network}}
    shop.host.check_output("mkdir -p %s && echo %s > %s/compose.yaml", PROJECT, json.dumps(project), PROJECT)


def _running(shop: Stack) -> set[str]:
    return set(_compose(shop, "docker compose ps --services --status running").stdout.split())


def _compose(shop: Stack, command: str) -> Any:
    return shop.host.run(f"cd {PROJECT} && {command}")


@pytest.fixture
def project(shop: Stack) -> Iterator[Stack]:
    """Describe the project, with a network of which nothing is said."""
    _describe(shop, {})
    yield shop
    shop.host.check_output("cd %s && docker compose down --timeout 1; rm -r %s", PROJECT, PROJECT)


@pytest.fixture
def older_compose(name: str) -> str:
    """Bring Debian 13's Compose to the server, and return the command."""
    with shell.locked("compose"):
        plugin = compose.ensure()["trixie"]
    subprocess.run(["docker", "cp", "--quiet", plugin, f"slipway-{name}:/usr/local/bin/older-compose"], check=True)
    return "/usr/local/bin/older-compose"


@pytest.mark.parametrize("change", CHANGES)
def test_what_compose_does_with_a_changed_network(project: Stack, change: str) -> None:
    """Asked first only to make another container of one service, and to leave the others; then for all."""
    version = tuple(map(int, support_page.promised(project.host)["Compose"].split(".")))
    assert _compose(project, "docker compose up --detach").rc == 0
    _describe(project, CHANGES[change])
    made, running = _compose(project, CREATE), _running(project)
    up, running_then = _compose(project, "docker compose up --detach"), _running(project)
    if version < (2, 32):
        assert (made.rc, running) == (0, {"a", "b"})
        assert (up.rc, running_then) == (0, {"a", "b"})
    else:
        assert (made.rc != 0, running) == (True, {"b"})
        assert "network project_back has active endpoints" in made.stderr
        assert (up.rc != 0, running_then) == (True, set())
        assert "is not connected to the network project_back" in up.stderr


@pytest.mark.parametrize("change", CHANGES)
def test_a_network_that_an_older_compose_made_is_left_alone(project: Stack, older_compose: str, change: str) -> None:
    assert _compose(project, f"{older_compose} up --detach").rc == 0
    _describe(project, CHANGES[change])
    made = _compose(project, CREATE)
    assert (made.rc, _running(project)) == (0, {"a", "b"}), made.stderr


def test_a_changed_network_is_refused(shop: Stack, here: Here) -> None:
    live, containers = shop.live(), shop.containers()
    changed = {key: value for keys in CHANGES.values() for key, value in keys.items()}
    run = here("deploy", stack_networks={"app": changed})
    assert run.code == 2, run.output
    assert "network 'app': attachable, driver_opts, internal, labels changed while containers" in run.output
    assert (shop.live(), shop.containers()) == (live, containers)


def test_a_network_comes_goes_and_comes_back_as_another(shop: Stack, here: Here, services: Services) -> None:
    joined = services(backend={"compose": {"networks": ["back"]}})
    with Visitor(shop, "/api/version") as visitor:
        for variables in (
            {"stack_services": joined},
            {},
            {"stack_services": joined, "stack_networks": {"back": {"internal": True}}},
        ):
            run = here("deploy", **variables)
            assert run.code == 0, run.output
        internal = shop.host.check_output("docker network inspect --format '{{.Internal}}' shop_back")
        run = here("deploy")
    assert run.code == 0, run.output
    assert internal == "true"
    assert {seen[0] for seen in visitor.seen} == {200}
    assert visitor.count > 100

"""All usual changes of a stack behind Traefik, under load. The tests depend on their order."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

from testbed.load.session import Load
from tests.support.chaos import BOOT_TIMEOUT, restart_server, seconds_until_serving, wait_for_login
from tests.support.rollouts import Rollouts
from tests.support.stacks import Stack

Playbook = Callable[..., Any]
Services = Callable[..., dict[str, Any]]
UnderLoad = Callable[[str], AbstractContextManager[Load]]

OLD, NEW = "1.0.0", "1.1.0"
DRAIN = 6


def test_a_new_version_keeps_the_edge(
    stack: Stack, playbook: Playbook, under_load: UnderLoad, rollouts: Rollouts
) -> None:
    edges = stack.containers("edge")
    with under_load("good deploy"):
        run = playbook("deploy", app_version=NEW)
    assert run.code == 0, run.output
    report = rollouts.reports["good deploy"]
    assert {sample.version for sample in report.samples} == {OLD, NEW}
    assert stack.containers("edge") == edges
    # A websocket stays open for the drain time. It is opened again as soon as its container stops.
    switched = report.first(stack.live())
    first, second = report.connections
    assert switched is not None
    assert first.closed is not None
    assert first.closed - switched >= DRAIN - 1
    assert second.opened - first.closed < 2


def test_changed_routes_replace_nothing(
    stack: Stack, playbook: Playbook, services: Services, under_load: UnderLoad, rollouts: Rollouts
) -> None:
    containers = stack.containers()
    routes = [{"path": "/api/", "to": "backend"}, {"path": "/news/", "to": "frontend"}, {"path": "/", "to": "frontend"}]
    with under_load("routes"):
        run = playbook("deploy", app_version=NEW, stack_services=services(routes=routes))
    assert run.code == 0, run.output
    assert "edge reload proxy configuration" in run.output
    assert stack.containers() == containers
    # The websocket stays open, because its container stays.
    assert [connection.closed for connection in rollouts.reports["routes"].connections] == [None]
    assert {sample.release for sample in rollouts.reports["routes"].samples} >= {stack.live()}


def test_another_image_of_traefik_replaces_only_the_edge(
    stack: Stack, playbook: Playbook, services: Services, under_load: UnderLoad
) -> None:
    pod, edges, apps = (stack.containers(name) for name in ("edge-pod", "edge", "backend"))
    with under_load("Traefik image"):
        run = playbook("deploy", app_version=NEW, stack_services=services(version="3-other", request_timeout="90s"))
    assert run.code == 0, run.output
    assert "edge roll command, image" in run.output
    assert (stack.containers("edge-pod"), stack.containers("backend")) == (pod, apps)
    assert set(stack.containers("edge")).isdisjoint(edges)


def test_a_release_that_fails_its_probe_is_reverted(
    stack: Stack, playbook: Playbook, under_load: UnderLoad, rollouts: Rollouts
) -> None:
    """The release is healthy, and another Traefik has switched to it. Both are removed again."""
    live, containers = stack.live(), stack.containers()
    with under_load("revert"):
        run = playbook("deploy", app_version=OLD, stack_probes=[{"path": "/api/version", "status": 418}])
    assert run.code == 2, run.output
    assert "/api/version answered 200, 418 expected" in run.output
    seen = {(sample.release == live, sample.version) for sample in rollouts.reports["revert"].samples}
    assert {(True, NEW), (False, OLD)} <= seen
    assert (stack.live(), stack.containers()) == (live, containers)


def test_a_configuration_that_traefik_refuses_never_goes_live(
    stack: Stack, playbook: Playbook, services: Services
) -> None:
    live, containers = stack.live(), stack.containers()
    command = ["--entryPoints.web.address=:8080", "--entryPoints.web.transport=nowhere"]
    run = playbook("deploy", app_version=NEW, stack_services=services(version="3-other", compose={"command": command}))
    assert run.code == 2, run.output
    assert "service 'edge': Traefik refuses the configuration: " in run.output
    assert "transport cannot be a standalone element" in run.output
    assert (stack.live(), stack.containers()) == (live, containers)


def test_traefik_starts_again_after_a_boot(stack: Stack) -> None:
    """It was signalled to reload, which must not count as stopped by hand."""
    page = stack.get().body.strip()
    restart_server()
    seconds_until_serving(stack, {page}, BOOT_TIMEOUT)
    wait_for_login()

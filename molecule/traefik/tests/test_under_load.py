"""What may become of a stack behind Traefik, one after the other, under load. The tests build upon each other."""

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


def test_a_good_deploy(stack: Stack, playbook: Playbook, under_load: UnderLoad, rollouts: Rollouts) -> None:
    edges = stack.containers("edge")
    with under_load("good deploy"):
        run = playbook("deploy", app_version=NEW)
    assert run.code == 0, run.output
    report = rollouts.reports["good deploy"]
    assert {sample.version for sample in report.samples} == {OLD, NEW}
    assert stack.containers("edge") == edges
    # A websocket may go on for the drain time, and is opened again at once when its container stops.
    switched = report.first(stack.live())
    first, second = report.connections
    assert switched is not None
    assert first.closed is not None
    assert first.closed - switched >= DRAIN - 1
    assert second.opened - first.closed < 2


def test_a_change_of_the_routes(
    stack: Stack, playbook: Playbook, services: Services, under_load: UnderLoad, rollouts: Rollouts
) -> None:
    containers = stack.containers()
    routes = [{"path": "/api/", "to": "backend"}, {"path": "/news/", "to": "frontend"}, {"path": "/", "to": "frontend"}]
    with under_load("routes"):
        run = playbook("deploy", app_version=NEW, stack_services=services(routes=routes))
    assert run.code == 0, run.output
    assert "edge reload proxy configuration" in run.output
    assert stack.containers() == containers
    # What is open goes on: its container stays.
    assert [connection.closed for connection in rollouts.reports["routes"].connections] == [None]
    assert {sample.release for sample in rollouts.reports["routes"].samples} >= {stack.live()}


def test_another_traefik(stack: Stack, playbook: Playbook, services: Services, under_load: UnderLoad) -> None:
    pod, edges, apps = (stack.containers(name) for name in ("edge-pod", "edge", "backend"))
    with under_load("Traefik image"):
        run = playbook("deploy", app_version=NEW, stack_services=services(version="3-other", request_timeout="90s"))
    assert run.code == 0, run.output
    assert "edge roll command, image" in run.output
    assert (stack.containers("edge-pod"), stack.containers("backend")) == (pod, apps)
    assert set(stack.containers("edge")).isdisjoint(edges)


def test_a_release_that_the_public_gets_no_answer_from(
    stack: Stack, playbook: Playbook, under_load: UnderLoad, rollouts: Rollouts
) -> None:
    """It is healthy, and had been switched to with another Traefik: both go again."""
    live, containers = stack.live(), stack.containers()
    with under_load("taken back"):
        run = playbook("deploy", app_version=OLD, stack_probes=[{"path": "/api/version", "status": 418}])
    assert run.code == 2, run.output
    assert "/api/version answered 200, 418 expected" in run.output
    seen = {(sample.release == live, sample.version) for sample in rollouts.reports["taken back"].samples}
    assert {(True, NEW), (False, OLD)} <= seen
    assert (stack.live(), stack.containers()) == (live, containers)


def test_what_traefik_refuses_never_goes_live(stack: Stack, playbook: Playbook, services: Services) -> None:
    live, containers = stack.live(), stack.containers()
    run = playbook("deploy", app_version=NEW, stack_services=services(version="3-other", real_ip_from=["nowhere"]))
    assert run.code == 2, run.output
    assert "service 'edge': Traefik refuses the configuration: " in run.output
    assert "invalid CIDR address: nowhere" in run.output
    assert (stack.live(), stack.containers()) == (live, containers)


def test_it_is_back_when_the_server_has_booted(stack: Stack) -> None:
    """It has been told to reload, which must not count as stopped by hand."""
    page = stack.get().body.strip()
    restart_server()
    seconds_until_serving(stack, {page}, BOOT_TIMEOUT)
    wait_for_login()

"""All usual changes under load. The tests depend on their order."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import pytest

from testbed.load.session import Load, Report
from tests.support.events import max_concurrent
from tests.support.rollouts import Length, Rollouts
from tests.support.stacks import Stack

Playbook = Callable[..., Any]
Services = Callable[..., dict[str, Any]]
UnderLoad = Callable[[str], AbstractContextManager[Load]]

OLD, NEW, BAD = "1.0.0", "1.1.0", "1.2.0-unhealthy"
JOB_SECONDS = 40
OTHER_NGINX = "registry:5000/rollout/nginx:next"
REGISTRY = "172.31.250.2"
# More releases than the scenario deploys, because it rolls back to an early one.
KEEP = 10


@pytest.fixture
def _no_registry(host: Any) -> Any:
    """Block the server's connections to the registry."""
    rule = f"OUTPUT -d {REGISTRY} -j REJECT"
    host.check_output(f"sudo iptables -I {rule}")
    yield
    host.check_output(f"sudo iptables -D {rule}")


def _job(shop: Stack) -> str:
    """Start a job of 40 seconds on the worker, and return its id."""
    job = json.loads(shop.send("POST", "/api/jobs", json.dumps({"n": 100, "seconds": JOB_SECONDS})).body)
    return _wait_for(shop, job["id"], "STARTED", 20)["id"]


def _wait_for(shop: Stack, job_id: str, state: str, seconds: float) -> dict[str, Any]:
    deadline = time.monotonic() + seconds
    while True:
        job: dict[str, Any] = json.loads(shop.get(f"/api/jobs/{job_id}").body)
        if job["state"] == state:
            return job
        assert time.monotonic() < deadline, f"{job} is not {state} after {seconds} s"
        time.sleep(0.5)


def _assert_drained(report: Report, release: str, drain: int) -> None:
    """Assert that the websocket was closed once, not before the drain time after the switch, and opened again."""
    switched = report.first(release)
    first, *later = report.connections
    text = "\n".join(report.lines())
    assert switched is not None, text
    assert first.closed is not None, text
    assert first.closed - switched >= drain - 1, text
    assert len(later) == 1, text
    assert later[0].opened - first.closed < 2, text
    assert later[0].closed is None, text


def _assert_unchanged(report: Report, version: str, release: str) -> None:
    """Assert that the same release and version answered all the time, and that the websocket stayed open."""
    assert {(sample.release, sample.version) for sample in report.samples} == {(release, version)}
    assert [connection.closed for connection in report.connections] == [None]


def test_the_services_of_the_scenario_are_live(shop: Stack, playbook: Playbook, services: Services) -> None:
    run = playbook("deploy", deploy_keep_releases=KEEP, app_version=OLD, stack_services=services())
    assert run.code == 0, run.output
    assert shop.get("/api/version").headers["x-app-version"] == OLD


def test_a_new_version_fails_no_request(
    shop: Stack, playbook: Playbook, services: Services, under_load: UnderLoad, rollouts: Rollouts, length: Length
) -> None:
    job = _job(shop)
    with under_load("good deploy"):
        run = playbook("deploy", deploy_keep_releases=KEEP, app_version=NEW, stack_services=services())
    assert run.code == 0, run.output
    report = rollouts.reports["good deploy"]
    assert {sample.version for sample in report.samples} == {OLD, NEW}
    _assert_drained(report, shop.live(), length.drain)
    done = _wait_for(shop, job, "SUCCESS", JOB_SECONDS)
    # The old worker finished the job, although it was replaced during the job.
    assert (done["result"]["version"], done["completions"]) == (OLD, 1)
    rollouts.jobs.append(job)


def test_an_unhealthy_image_is_reverted(
    shop: Stack, playbook: Playbook, services: Services, under_load: UnderLoad, rollouts: Rollouts
) -> None:
    live, containers = shop.live(), shop.containers()
    # The health check fails after seconds instead of a minute.
    quick = services(backend={"health": {"start_period": "10s", "interval": "1s", "retries": 3}})
    with under_load("unhealthy image"):
        run = playbook("deploy", deploy_keep_releases=KEEP, app_version=BAD, stack_services=quick)
    assert run.code == 2, run.output
    assert "is unhealthy" in run.output
    _assert_unchanged(rollouts.reports["unhealthy image"], NEW, live)
    assert (shop.live(), shop.containers()) == (live, containers)


def test_a_failed_release_job_replaces_nothing(
    shop: Stack, playbook: Playbook, services: Services, under_load: UnderLoad, rollouts: Rollouts
) -> None:
    live, containers = shop.live(), shop.containers()
    failing = services(backend={"release": "alembic upgrade no_such_revision"})
    with under_load("failing release job"):
        run = playbook("deploy", deploy_keep_releases=KEEP, app_version=OLD, stack_services=failing)
    assert run.code == 2, run.output
    assert "its release job failed" in run.output
    _assert_unchanged(rollouts.reports["failing release job"], NEW, live)
    assert (shop.live(), shop.containers()) == (live, containers)


def test_a_changed_configuration_of_the_edge_replaces_nothing(
    shop: Stack, playbook: Playbook, services: Services, under_load: UnderLoad, rollouts: Rollouts, length: Length
) -> None:
    containers = shop.containers()
    with under_load("nginx configuration"):
        run = playbook(
            "deploy", deploy_keep_releases=KEEP, app_version=NEW, stack_services=services(edge={"max_body": "17m"})
        )
    assert run.code == 0, run.output
    assert shop.containers() == containers
    _assert_drained(rollouts.reports["nginx configuration"], shop.live(), length.drain)


def test_another_image_of_the_edge_replaces_only_the_edge(
    shop: Stack, playbook: Playbook, services: Services, under_load: UnderLoad, rollouts: Rollouts, length: Length
) -> None:
    before = {name: shop.containers(name) for name in ("backend", "frontend", "worker", "beat")}
    edges = shop.containers("edge")
    changed = services(edge={"max_body": "17m", "image": OTHER_NGINX})
    with under_load("nginx image"):
        run = playbook("deploy", deploy_keep_releases=KEEP, app_version=NEW, stack_services=changed)
    assert run.code == 0, run.output
    assert not set(shop.containers("edge")) & set(edges)
    assert {name: shop.containers(name) for name in before} == before
    _assert_drained(rollouts.reports["nginx image"], shop.live(), length.drain)


@pytest.mark.usefixtures("_no_registry")
def test_a_rollback_needs_no_registry(
    shop: Stack, playbook: Playbook, under_load: UnderLoad, rollouts: Rollouts, length: Length
) -> None:
    target = _release_of(shop, OLD)
    job = _job(shop)
    with under_load("rollback"):
        run = playbook("rollback", rollback_release=target)
    assert run.code == 0, run.output
    report = rollouts.reports["rollback"]
    assert shop.live() == target
    assert {sample.version for sample in report.samples} == {NEW, OLD}
    # The websocket is closed only once, although the image of nginx changes too.
    _assert_drained(report, target, length.drain)
    done = _wait_for(shop, job, "SUCCESS", JOB_SECONDS)
    assert (done["result"]["version"], done["completions"]) == (NEW, 1)
    rollouts.jobs.append(job)


def test_a_singleton_never_ran_twice(host: Any) -> None:
    lines = host.check_output("sudo cat /var/log/events.jsonl").splitlines()
    assert max_concurrent(lines, "beat") == 1
    # The log does show replicas that ran at the same time: new containers of these services start next to the old ones.
    assert max_concurrent(lines, "worker") == 2
    assert max_concurrent(lines, "backend") == 4


def test_no_job_was_done_twice(shop: Stack, rollouts: Rollouts) -> None:
    assert len(rollouts.jobs) == 2
    assert [json.loads(shop.get(f"/api/jobs/{job}").body)["completions"] for job in rollouts.jobs] == [1, 1]


def test_there_was_enough_load(rollouts: Rollouts, length: Length) -> None:
    total = sum(report.requests for report in rollouts.reports.values())
    assert len(rollouts.reports) == 6
    assert total >= length.requests
    assert sum(report.failed for report in rollouts.reports.values()) == 0


def _release_of(shop: Stack, version: str) -> str:
    """Return the newest release that was live with a version."""
    return next(
        line["release"] for line in reversed(shop.audit()) if (line["outcome"], line["version"]) == ("ok", version)
    )

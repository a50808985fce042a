"""What a rollout waits for, and how each wait ends. The tests depend on their order."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from tests.support.stacks import Stack, wait_until

Playbook = Callable[..., Any]
#: What a service does that is live: its command, which tells the releases apart.
GOOD = "sleep 2000"
#: The settings of the inventory.
SETTINGS = {name: {"min_uptime": "3s", "proxy": "other"} for name in ("web", "page")}
#: A file that one release leaves behind, as a migration leaves a schema.
MARK = f"/marks/{time.time_ns()}"
PROBE = {
    "method": "POST",
    "path": "/login",
    "headers": {"Authorization": "Bearer {probe_token}"},
    "body": {"user": "probe"},
    "secrets": ["probe_token"],
    "status": 200,
    "contains": "welcome",
}


@pytest.fixture(scope="module", autouse=True)
def _seconds() -> Any:
    started = time.monotonic()
    yield
    print(f"the tests took {time.monotonic() - started:.0f} s")


def _assert_unchanged(jobs: Stack, playbook: Playbook, before: tuple[str, list[str]]) -> None:
    """Assert that the release and its containers are the same, and that the release does not look broken."""
    assert _live(jobs) == before
    assert jobs.containers("migrate") == []
    verified = playbook("verify")
    assert verified.code == 0, verified.output


def _processes(jobs: Stack) -> str:
    """Return the command lines of all that only waits on the server."""
    return str(jobs.host.check_output("pgrep --list-full sleep || true"))


def _live(jobs: Stack) -> tuple[str, list[str]]:
    return jobs.live(), jobs.containers("web")


def test_a_service_that_keeps_running_is_live(jobs: Stack, playbook: Playbook) -> None:
    run = playbook("deploy", web=GOOD)
    assert run.code == 0, run.output
    assert re.search(r"watching [a-z, ]*web for restarts", run.output), run.output


def test_a_service_that_crashes_is_reverted(jobs: Stack, playbook: Playbook) -> None:
    """It runs for 1.5 seconds, and its restart policy hides that."""
    before = _live(jobs)
    run = playbook("deploy", web="sleep 1.5; echo no database; exit 1")
    assert run.code == 2, run.output
    assert "service 'web': jobs-web-" in run.output
    assert "was restarted once" in run.output
    assert "no database" in run.output
    assert _live(jobs) == before


def test_a_one_shot_that_fails_leaves_nothing(jobs: Stack, playbook: Playbook) -> None:
    before = _live(jobs)
    run = playbook("deploy", web=GOOD, job="exit 4")
    assert run.code == 2, run.output
    assert "service 'migrate': jobs-migrate-1 exited with code 4" in run.output
    _assert_unchanged(jobs, playbook, before)
    status = playbook("status")
    assert "completed; its container was removed" in status.output
    assert "differs from the release" not in status.output, status.output
    assert playbook("deploy", web=GOOD).changed == 0


def test_a_one_shot_that_takes_too_long_is_stopped(jobs: Stack, playbook: Playbook) -> None:
    before = _live(jobs)
    services = {**SETTINGS, "migrate": {"job_timeout": "4s"}}
    run = playbook("deploy", web=GOOD, job="sleep 1001", stack_services=services)
    assert run.code == 2, run.output
    assert "running, for at most 4 s" in run.output
    assert "service 'migrate': not completed after 4 s" in run.output
    _assert_unchanged(jobs, playbook, before)


def test_a_release_job_that_takes_too_long_is_stopped(jobs: Stack, playbook: Playbook) -> None:
    before = _live(jobs)
    services = {**SETTINGS, "web": {**SETTINGS["web"], "release": "sleep 1003", "job_timeout": "4s"}}
    run = playbook("deploy", web="sleep 2003", stack_services=services)
    assert run.code == 2, run.output
    assert "release job running, for at most 4 s" in run.output
    assert "its release job failed: docker compose run did not end within 4 s" in run.output
    assert "sleep 1003" not in _processes(jobs)
    assert _live(jobs) == before


def test_a_registry_that_goes_silent_ends_the_pull(jobs: Stack, playbook: Playbook, silent_registry: str) -> None:
    before = _live(jobs)
    image = f"{silent_registry}/library/python:3.13-slim"
    run = playbook("deploy", web=GOOD, web_image=image, deploy_pull_timeout=4)
    assert run.code == 2, run.output
    assert f"pulling {image}, for at most 4 s without progress" in run.output
    assert "made no progress for 4 s" in run.output
    _assert_unchanged(jobs, playbook, before)


def test_an_abort_makes_a_rollout_revert(jobs: Stack, playbook: Playbook) -> None:
    before = _live(jobs)
    runs: list[Any] = []
    deploy = threading.Thread(target=lambda: runs.append(playbook("deploy", web=GOOD, job="sleep 1002")))
    deploy.start()
    wait_until(lambda: "sleep 1002" in _processes(jobs))
    checked = playbook("abort", "--check")
    assert checked.code == 0, checked.output
    assert "would abort the rollout of" in checked.output
    assert deploy.is_alive()
    started = time.monotonic()
    aborted = playbook("abort")
    # The one-shot would have run for a quarter of an hour.
    assert time.monotonic() - started < 60
    deploy.join()
    assert aborted.code == 0, aborted.output
    assert aborted.changed == 1
    assert f"Release {before[0]} keeps serving" in aborted.output
    assert runs[0].code == 2, runs[0].output
    assert "aborted the rollout" in runs[0].output
    assert "sleep 1002" not in _processes(jobs)
    _assert_unchanged(jobs, playbook, before)


def test_without_a_rollout_nothing_is_aborted(jobs: Stack, playbook: Playbook) -> None:
    tree = jobs.tree()
    run = playbook("abort")
    assert (run.code, run.changed) == (0, 0), run.output
    assert "no rollout is under way" in run.output
    assert jobs.tree() == tree


def test_a_one_shot_does_not_run_on_the_way_back(jobs: Stack, playbook: Playbook) -> None:
    """The older one fails on the newer schema, as a migration does."""
    old = {"web": GOOD, "job": f"test ! -e {MARK}"}
    check = {**SETTINGS, "migrate": {"release_check": ["sh", "-c", f"test ! -e {MARK}"]}}
    assert playbook("deploy", **old, stack_services=check).code == 0
    target = jobs.live()
    assert playbook("deploy", web="sleep 2001", job=f"touch {MARK}").code == 0
    refused = playbook("rollback", rollback_release=target)
    assert refused.code == 2, refused.output
    assert "service 'migrate': nginx:1.30 does not know the current database schema" in refused.output
    back = playbook("rollback", rollback_release=target, rollback_compatible=True)
    assert back.code == 0, back.output
    assert "migrate does not run on the way back to an older release" in back.output
    assert jobs.live() == target


@pytest.mark.parametrize("address", ["8430", "page:8080"])
def test_a_probe_logs_in_without_an_edge_of_ours(jobs: Stack, playbook: Playbook, address: str) -> None:
    given = {"stack_probes": [{**PROBE, "address": address}], "stack_secrets": {"probe_token": "right-token"}}
    run = playbook("deploy", web=GOOD, **given)
    assert run.code == 0, run.output
    found = jobs.host.run("sudo grep -rl right-token %s/releases %s/state %s/current/", *[jobs.home] * 3)
    assert (found.rc, found.stdout) == (1, "")
    assert "right-token" not in run.output


def test_a_login_that_is_broken_is_reverted(jobs: Stack, playbook: Playbook) -> None:
    """The service itself runs, and has no health check."""
    before = _live(jobs)
    secrets = {"probe_token": "wrong-token"}
    run = playbook("deploy", web="sleep 2002", stack_probes=[{**PROBE, "address": "page:8080"}], stack_secrets=secrets)
    assert run.code == 2, run.output
    assert "/login answered 500, 200 expected" in run.output
    assert "wrong-token" not in run.output
    assert _live(jobs) == before

"""A deployed application, as the public and the operator see it."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable
from typing import Any

import pytest
from websockets.sync.client import connect

from tests.support.stacks import Stack, address

Playbook = Callable[..., Any]

CONTAINERS = {"db": 1, "redis": 1, "backend": 2, "worker": 1, "beat": 1, "frontend": 1, "edge-pod": 1, "edge": 1}


@pytest.fixture(autouse=True)
def _at_first_version(at_version: Callable[[str], None]) -> None:
    at_version("1.0.0")


def test_the_page_comes_from_the_live_release(shop: Stack) -> None:
    answer = shop.get("/")
    assert answer.status == 200
    assert '<div id="root">' in answer.body
    assert answer.headers["x-release"] == shop.live()


def test_the_application_reaches_its_database_and_its_cache(shop: Stack) -> None:
    answer = shop.get("/api/health")
    assert answer.status == 200
    health = json.loads(answer.body)
    assert (health["status"], health["database"], health["cache"]) == ("ok", "connected", "connected")
    assert answer.headers["x-release"] == shop.live()


def test_a_websocket_echoes(shop: Stack) -> None:
    with connect(f"ws://{address()}:{shop.port}/api/ws", proxy=None) as socket:
        assert json.loads(socket.recv(timeout=5))["type"] == "welcome"
        socket.send("are you there?")
        assert json.loads(socket.recv(timeout=5)) == {"type": "echo", "text": "are you there?"}


def test_the_worker_finishes_a_job(shop: Stack) -> None:
    job = json.loads(shop.send("POST", "/api/jobs", '{"n": 100}').body)
    deadline = time.monotonic() + 15
    while job["state"] != "SUCCESS" and time.monotonic() < deadline:
        time.sleep(0.2)
        job = json.loads(shop.get(f"/api/jobs/{job['id']}").body)
    assert job["state"] == "SUCCESS"
    assert 25 in job["result"].values()


def test_the_operator_sees_every_service_healthy(host: Any, shop: Stack) -> None:
    assert host.user().name == "deploy"
    listed = host.check_output("cd %s/current && docker compose ps --all --format json", shop.home)
    containers = [json.loads(line) for line in listed.splitlines()]
    # A pod has no health check.
    assert {one["Health"] for one in containers if one["Service"] != "edge-pod"} == {"healthy"}
    services = [one["Service"] for one in containers]
    assert {name: services.count(name) for name in services} == CONTAINERS
    assert host.run_test("cd %s/current && docker compose logs --tail=1 backend", shop.home)


def test_only_the_edge_is_reachable_from_outside(host: Any) -> None:
    listed = host.check_output(
        'docker ps --filter label=com.docker.compose.project=shop --format \'{{.Label "com.docker.compose.service"}} '
        "{{.Ports}}'"
    )
    assert {line.split()[0] for line in listed.splitlines() if "->" in line} == {"edge-pod"}


def test_the_audit_says_who_deployed_what(host: Any, shop: Stack) -> None:
    done = [entry for entry in shop.audit() if entry["outcome"] == "ok"][-1]
    assert done["release"] == shop.live()
    assert "@" in done["owner"]
    assert all("@sha256:" in image for image in done["images"])
    record = json.loads(host.check_output("sudo tail -n 1 %s/state/journal.jsonl", shop.home))
    assert (record["step"], record["state"], record["release"]) == ("end", "done", shop.live())


def test_the_status_playbook_shows_what_runs(shop: Stack, playbook: Playbook) -> None:
    run = playbook("status")
    assert (run.code, run.changed) == (0, 0), run.output
    assert shop.live() in run.output
    assert "backend 2 of 2 healthy" in run.output


def test_a_deploy_with_nothing_to_do_needs_at_most_two_ssh_executions(playbook: Playbook) -> None:
    run = playbook("deploy", "-vvv")
    assert (run.code, run.changed) == (0, 0), run.output
    assert 1 <= len(re.findall("SSH: EXEC", run.output)) <= 2

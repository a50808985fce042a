"""What an operator does between two deploys, with the real playbooks."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.support.long_form import ONLY_LONG
from tests.support.stacks import Stack, Visitor, described, wait_until

Playbook = Callable[..., Any]

DEMO = Path(os.environ["MOLECULE_PROJECT_DIRECTORY"]) / "inventories/demo"


@pytest.fixture(autouse=True)
def _at_first_version(at_version: Callable[[str], None]) -> None:
    at_version("1.0.0")


def _one_offs(host: Any) -> list[str]:
    return host.check_output("docker ps --all --quiet --filter label=com.docker.compose.oneoff=True").split()


def test_the_status_of_all_hosts_is_one_document(playbook: Playbook, shop: Stack, tmp_path: Path) -> None:
    file = tmp_path / "status.json"
    run = playbook("status", status_format="json", status_file=str(file))
    assert (run.code, run.changed) == (0, 0), run.output
    document = json.loads(file.read_text())
    (status,) = document["hosts"].values()
    assert (document["stack"], status["release"]) == ("shop", shop.live())
    assert {one["service"] for one in status["services"]} == {"edge-pod", *described(DEMO)}


def test_the_history_has_the_live_release(playbook: Playbook, shop: Stack, tmp_path: Path) -> None:
    file = tmp_path / "history.json"
    run = playbook("history", status_format="json", status_file=str(file), history=50)
    assert (run.code, run.changed) == (0, 0), run.output
    ((answer),) = json.loads(file.read_text())["hosts"].values()
    last = [one for one in answer["entries"] if one["outcome"] == "ok"][-1]
    assert (last["release"], "@" in last["owner"]) == (shop.live(), True)
    assert f"{last['at']} {last['what']} {last['version']}" in playbook("history", history=50).output


def test_logs_are_masked_and_searched(host: Any, playbook: Playbook, shop: Stack) -> None:
    """A line of the application itself: its first process prints what another process writes there."""
    (backend, *_) = host.check_output("docker ps --quiet --filter label=com.docker.compose.service=backend").split()
    script = 'echo "Needle: $(cat /run/secrets/db_password)" > /proc/1/fd/1'
    host.check_output("docker exec %s sh -c %s", backend, script)
    run = playbook("logs", service="backend", grep="needle", since="5m")
    assert (run.code, run.changed) == (0, 0), run.output
    assert "backend Needle: ***" in run.output
    cut = playbook("logs", lines=1)
    assert "only the newest 1 lines are shown" in cut.output
    unknown = playbook("logs", service="bakend")
    assert unknown.code != 0
    assert "no service 'bakend'; did you mean 'backend'?" in unknown.output


def test_following_the_logs_shows_new_lines_and_ends(playbook: Playbook) -> None:
    run = playbook("logs", service="beat", since="1s", follow=True, follow_for=12)
    assert run.code == 0, run.output
    # The beat of the example sends a task every ten seconds.
    assert "Sending due task tick" in run.output.partition("Show the lines of all hosts")[2]
    assert "followed for 12 s" in run.output


def test_a_command_runs_in_a_container_of_its_own(host: Any, playbook: Playbook) -> None:
    run = playbook("run", service="backend", command="sh -c 'alembic current; cat /run/secrets/db_password; exit 3'")
    assert run.code != 0
    assert "0002 (head)" in run.output
    assert "***" in run.output
    assert "service 'backend': the command exited with 3" in " ".join(run.output.replace("''", "'").split())
    assert playbook("run", service="backend", command="true").code == 0
    assert _one_offs(host) == []


def test_a_command_that_does_not_end_is_stopped_and_removed(host: Any, playbook: Playbook) -> None:
    run = playbook("run", service="backend", command="sleep 600", run_timeout=2)
    assert run.code != 0
    assert "did not end within 2 s" in run.output
    assert _one_offs(host) == []


def test_a_command_for_a_terminal_is_printed_and_works(host: Any, playbook: Playbook) -> None:
    command = "sh -c 'echo \"it is $APP_VERSION\"'"
    assert "would run on" in playbook("run", "--check", service="backend", command=command).output
    run = playbook("run", service="backend", command=command, interactive=True)
    assert (run.code, run.changed) == (0, 0), run.output
    assert _one_offs(host) == []
    line = run.output[run.output.index("ssh -t") :].partition(" TASK ")[0]
    words = shlex.split(line)
    options = ["-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null"]
    argv = ["ssh", "-tt", *options, *words[2:]]
    done = subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, check=False)
    assert "it is 1.0.0" in done.stdout


def _since(host: Any, service: str) -> set[str]:
    return set(host.check_output(f"docker ps --quiet --filter label=com.docker.compose.service={service}").split())


def test_a_restart_replaces_services_without_a_failed_request(host: Any, playbook: Playbook, shop: Stack) -> None:
    release, before = shop.live(), {name: _since(host, name) for name in ("backend", "edge", "worker", "db")}
    planned = playbook("restart", "--check", service="backend,edge")
    assert planned.code == 0, planned.output
    assert "backend roll restart" in planned.output
    assert {name: _since(host, name) for name in before} == before
    with Visitor(shop, "/api/version") as visitor:
        run = playbook("restart", service="backend,edge")
    assert run.code == 0, run.output
    assert (visitor.failed, visitor.count > 50) == (0, True), visitor.seen
    assert shop.live() == release
    after = {name: _since(host, name) for name in before}
    assert after["backend"].isdisjoint(before["backend"])
    assert after["edge"].isdisjoint(before["edge"])
    assert (len(after["backend"]), len(after["edge"])) == (2, 1)
    assert (after["worker"], after["db"]) == (before["worker"], before["db"])
    assert shop.audit()[-1]["for"] == "restart of backend, edge"
    run = playbook("verify")
    assert run.code == 0, run.output


def test_a_stack_is_stopped_behind_a_page_and_started(host: Any, playbook: Playbook, shop: Stack) -> None:
    release = shop.live()
    assert playbook("stop", "--check").changed > 0
    assert shop.get("/api/version").status == 200
    run = playbook("stop")
    assert run.code == 0, run.output
    running = host.check_output("docker ps --format '{{.Label \"com.docker.compose.service\"}}'").split()
    assert set(running) == {"edge", "edge-pod"}
    assert shop.get("/api/version").status == 503
    assert playbook("stop").changed == 0
    run = playbook("status")
    assert "stopped: root@" in run.output
    for name in ("deploy", "rollback", "verify"):
        run = playbook(name)
        assert run.code != 0
        assert "has stopped this stack at" in run.output
    # It stays stopped when the engine starts again.
    host.check_output("sudo systemctl restart docker")
    wait_until(lambda: shop.get("/api/version").status == 503, 60)
    run = playbook("start")
    assert run.code == 0, run.output
    assert (shop.get("/api/version").status, shop.live()) == (200, release)
    assert playbook("start").changed == 0
    run = playbook("verify")
    assert run.code == 0, run.output


@ONLY_LONG
def test_a_data_service_is_restarted_if_its_downtime_is_allowed(host: Any, playbook: Playbook, shop: Stack) -> None:
    before = _since(host, "redis")
    refused = playbook("restart", service="redis")
    assert refused.code != 0
    assert "service 'redis': it holds data and would be down while it is replaced (restart)" in refused.output.replace(
        "''", "'"
    )
    assert _since(host, "redis") == before
    assert (shop.audit()[-1]["for"], shop.audit()[-1]["outcome"]) == ("restart of redis", "failed")
    run = playbook("restart", service="redis", deploy_allow_downtime=["redis"])
    assert run.code == 0, run.output
    assert _since(host, "redis").isdisjoint(before)
    unknown = playbook("restart", service="reddis")
    assert "no service 'reddis'; did you mean 'redis'?" in unknown.output.replace("''", "'")

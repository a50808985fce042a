"""Three hosts switch to a release together, or none of them does."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.stacks import Stack, Visitor, wait_until

Playbook = Callable[..., Any]
ROOT = Path(os.environ["MOLECULE_PROJECT_DIRECTORY"])


def _records(stack: Stack, release: str) -> list[dict[str, Any]]:
    """Return the journal records of a release."""
    text = stack.host.check_output("sudo cat %s/state/journal.jsonl", stack.home)
    return [record for record in map(json.loads, text.splitlines()) if record["release"] == release]


def _at(records: list[dict[str, Any]], step: str, state: str) -> float:
    """Return the time when a step first reached a state."""
    return float(next(record["at"] for record in records if (record["step"], record["state"]) == (step, state)))


def _precedes(records: list[dict[str, Any]], first: tuple[str, str], second: tuple[str, str]) -> bool:
    """Return whether a host reached a step and state before another one. Both may be within a millisecond."""
    reached = [(record["step"], record["state"]) for record in records]
    return reached.index(first) < reached.index(second)


def _under_way(stack: Stack) -> bool:
    return not stack.host.run("flock --nonblock %s/state/lease true", stack.home).succeeded


def _settled(stack: Stack) -> bool:
    return not _under_way(stack) and not stack.host.file(f"{stack.home}/state/transaction.json").exists


def _version(stack: Stack) -> str:
    return stack.get("/").body.strip()


@pytest.fixture
def at_version(trio: list[Stack], playbook: Playbook) -> Callable[[str], None]:
    def deploy(version: str) -> None:
        if {_version(stack) for stack in trio} != {f"trio {version}"}:
            run = playbook("deploy", trio_version=version)
            assert run.code == 0, run.output

    return deploy


@pytest.fixture
def deploying() -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Return a function that starts a deploy in its own process group, so that it can be killed with its children."""
    started: list[subprocess.Popen[str]] = []

    def start(**variables: Any) -> subprocess.Popen[str]:
        argv = ["ansible-playbook", "--inventory", os.environ["MOLECULE_INVENTORY_FILE"]]
        argv += ["--extra-vars", json.dumps(variables), str(ROOT / "playbooks/deploy.yml")]
        started.append(
            subprocess.Popen(
                argv, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True
            )
        )
        return started[-1]

    yield start
    for process in started:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


def test_every_host_has_the_release_and_the_release_job_ran_once(trio: list[Stack], ledger: Any) -> None:
    assert [_version(stack) for stack in trio] == ["trio 1"] * 3
    assert ledger.migrations("1") == 1


def test_every_host_waits_for_the_others_at_each_barrier(
    trio: list[Stack], ledger: Any, playbook: Playbook, at_version: Callable[[str], None]
) -> None:
    at_version("1")
    run = playbook("deploy", trio_version="2", deploy_batch=1, deploy_canary={"for": "5s"})
    assert run.code == 0, run.output
    assert [_version(stack) for stack in trio] == ["trio 2"] * 3
    assert ledger.migrations("2") == 1
    found = [_records(stack, stack.live()) for stack in trio]
    job_done = _at(found[0], "release", "done")
    prepared = [_at(records, "prepared", "waiting") for records in found]
    switched = [_at(records, "switch", "done") for records in found]
    proven = [_at(records, "proven", "waiting") for records in found]
    stopping = [_at(records, "finalize", "started") for records in found]
    assert job_done < min(prepared)
    # Each host tries its own containers, and none switches before all are content.
    assert all(_precedes(records, ("canary", "done"), ("prepared", "waiting")) for records in found)
    assert max(prepared) < min(switched)
    assert max(proven) < min(stopping)
    # One host at a time: deploy_batch is 1.
    assert all(_precedes(records, ("switch", "done"), ("proven", "waiting")) for records in found)
    assert proven[0] < switched[1] < proven[1] < switched[2]


@pytest.mark.parametrize(
    ("fault", "reason"), [("trio_unhealthy", "is unhealthy"), ("trio_unproven", "answered without the text")]
)
def test_all_hosts_revert_if_one_fails(
    fault: str, reason: str, trio: list[Stack], playbook: Playbook, at_version: Callable[[str], None]
) -> None:
    at_version("2")
    before = [(stack.live(), stack.containers()) for stack in trio]
    with Visitor(trio[0], "/") as first, Visitor(trio[2], "/") as last:
        run = playbook("deploy", trio_version="3", **{fault: "step2"})
    assert run.code != 0
    assert reason in run.output, run.output
    # In the result of the failed task of each host.
    assert run.output.count("every host runs its previous release again. step2: ") >= 3, run.output
    assert "another host failed" in run.output
    assert [(stack.live(), stack.containers()) for stack in trio] == before
    assert all(_settled(stack) for stack in trio)
    assert {seen[0] for seen in first.seen | last.seen} == {200}


def test_the_next_deploy_follows_a_rollout_whose_controller_was_killed(
    trio: list[Stack],
    playbook: Playbook,
    at_version: Callable[[str], None],
    deploying: Callable[..., subprocess.Popen[str]],
) -> None:
    at_version("2")
    process = deploying(trio_version="4", trio_slow="step3")
    wait_until(lambda: _under_way(trio[2]), 60)
    os.killpg(process.pid, signal.SIGKILL)
    run = playbook("deploy", trio_version="4", trio_slow="step3")
    assert run.code == 0, run.output
    assert "following it" in run.output
    assert [_version(stack) for stack in trio] == ["trio 4"] * 3
    assert all(_settled(stack) for stack in trio)


def test_all_hosts_revert_if_the_controller_does_not_answer(
    trio: list[Stack], at_version: Callable[[str], None], deploying: Callable[..., subprocess.Popen[str]]
) -> None:
    at_version("2")
    before = [(stack.live(), stack.containers()) for stack in trio]
    process = deploying(trio_version="5", trio_slow="step3", deploy_barrier_timeout=12)
    wait_until(lambda: _under_way(trio[2]), 60)
    os.killpg(process.pid, signal.SIGKILL)
    wait_until(lambda: all(_settled(stack) for stack in trio), 60)
    assert [(stack.live(), stack.containers()) for stack in trio] == before


def test_a_rollback_is_done_on_all_hosts_without_a_release_job(
    trio: list[Stack], ledger: Any, playbook: Playbook, at_version: Callable[[str], None]
) -> None:
    at_version("1")
    at_version("2")
    jobs = ledger.migrations("1")
    run = playbook("rollback")
    assert run.code == 0, run.output
    assert [_version(stack) for stack in trio] == ["trio 1"] * 3
    assert ledger.migrations("1") == jobs

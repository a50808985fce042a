"""The wait for other hosts at barriers, and the permission that ends it."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest
from ansible_collections.slipway.stack.plugins.module_utils.rollout.barrier import (
    BARRIER_OF_VERB,
    BARRIERS,
    Barrier,
    permit,
)
from ansible_collections.slipway.stack.plugins.module_utils.state import abort, journal, permission
from ansible_collections.slipway.stack.plugins.module_utils.state.journal import Journal, RolloutFailed


def _barrier(folder: Path, with_barriers: bool = True, barrier_timeout: float = 5.0) -> Barrier:
    return Barrier(
        folder / "barrier.json", "r1", Journal(folder / "journal.jsonl", "r1"), with_barriers, barrier_timeout
    )


def test_a_rollout_without_barriers_does_not_wait(tmp_path: Path) -> None:
    _barrier(tmp_path, with_barriers=False).wait("ready")
    assert journal.read(tmp_path / "journal.jsonl", 0)[0] == []


@pytest.mark.parametrize("barrier", ["prepared", "proven", "end"])
def test_permission_for_a_later_barrier_ends_the_wait(tmp_path: Path, barrier: str) -> None:
    permit(tmp_path / "barrier.json", "r1", barrier)
    _barrier(tmp_path).wait("ready")
    records, _ = journal.read(tmp_path / "journal.jsonl", 0)
    assert [(record["step"], record["state"]) for record in records] == [("ready", "waiting"), ("ready", "done")]


@pytest.mark.parametrize("barrier", ["ready", "prepared"])
def test_permission_for_an_earlier_barrier_does_not_end_the_wait(tmp_path: Path, barrier: str) -> None:
    permit(tmp_path / "barrier.json", "r1", barrier)
    with pytest.raises(RolloutFailed, match="the controller did not answer within 0 s"):
        _barrier(tmp_path, barrier_timeout=0.1).wait("prepared")


def test_permission_for_another_release_does_not_end_the_wait(tmp_path: Path) -> None:
    permit(tmp_path / "barrier.json", "r0", "end")
    with pytest.raises(RolloutFailed, match="did not answer"):
        _barrier(tmp_path, barrier_timeout=0.1).wait("ready")


def test_a_rollout_waits_for_permission(tmp_path: Path) -> None:
    permit(tmp_path / "barrier.json", "r1", "ready")
    threading.Timer(0.15, permit, (tmp_path / "barrier.json", "r1", "end")).start()
    started = time.monotonic()
    _barrier(tmp_path).wait("proven")
    assert time.monotonic() - started >= 0.1


def test_abort_fails_the_rollout(tmp_path: Path) -> None:
    permit(tmp_path / "barrier.json", "r1", "abort")
    with pytest.raises(RolloutFailed, match="another host failed, or a hook of the deploy"):
        _barrier(tmp_path).wait("prepared")


def test_abort_needs_no_space_on_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_arguments: object) -> None:
        raise OSError(28, "No space left on device")

    permit(tmp_path / "barrier.json", "r1", "ready")
    monkeypatch.setattr(permission, "write", full)
    permit(tmp_path / "barrier.json", "r1", "abort")
    with pytest.raises(RolloutFailed, match="another host failed, or a hook of the deploy"):
        _barrier(tmp_path).wait("prepared")


@pytest.mark.parametrize("with_barriers", [True, False])
def test_a_person_can_abort_at_a_barrier(tmp_path: Path, with_barriers: bool) -> None:
    abort.watch.open(tmp_path / "abort.json", "r1")
    abort.request(tmp_path / "abort.json", "r1", "eve@phone")
    with pytest.raises(RolloutFailed, match="eve@phone aborted the rollout"):
        _barrier(tmp_path, with_barriers).wait("prepared")


def test_every_verb_permits_a_barrier_that_exists() -> None:
    assert set(BARRIER_OF_VERB.values()) == {*BARRIERS, "abort"}

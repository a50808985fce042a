"""Waiting for other hosts at barriers, and the permission that ends it."""

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
from ansible_collections.slipway.stack.plugins.module_utils.state import journal
from ansible_collections.slipway.stack.plugins.module_utils.state.journal import Journal, RolloutFailed


def _barrier(folder: Path, with_barriers: bool = True, barrier_timeout: float = 5.0) -> Barrier:
    return Barrier(
        folder / "barrier.json", "r1", Journal(folder / "journal.jsonl", "r1"), with_barriers, barrier_timeout
    )


def test_alone_there_is_nothing_to_wait_for(tmp_path: Path) -> None:
    _barrier(tmp_path, with_barriers=False).wait("ready")
    assert journal.read(tmp_path / "journal.jsonl", 0)[0] == []


@pytest.mark.parametrize("barrier", ["prepared", "proven", "end"])
def test_a_word_for_later_opens_the_barrier(tmp_path: Path, barrier: str) -> None:
    permit(tmp_path / "barrier.json", "r1", barrier)
    _barrier(tmp_path).wait("ready")
    records, _ = journal.read(tmp_path / "journal.jsonl", 0)
    assert [(record["step"], record["state"]) for record in records] == [("ready", "waiting"), ("ready", "done")]


@pytest.mark.parametrize("barrier", ["ready", "prepared"])
def test_permission_for_an_earlier_barrier_does_not(tmp_path: Path, barrier: str) -> None:
    permit(tmp_path / "barrier.json", "r1", barrier)
    with pytest.raises(RolloutFailed, match="the controller did not answer within 0 s"):
        _barrier(tmp_path, barrier_timeout=0.1).wait("prepared")


def test_permission_for_another_release_does_not_count(tmp_path: Path) -> None:
    permit(tmp_path / "barrier.json", "r0", "end")
    with pytest.raises(RolloutFailed, match="did not answer"):
        _barrier(tmp_path, barrier_timeout=0.1).wait("ready")


def test_it_waits_for_permission(tmp_path: Path) -> None:
    threading.Timer(0.15, permit, (tmp_path / "barrier.json", "r1", "end")).start()
    begun = time.monotonic()
    _barrier(tmp_path).wait("proven")
    assert time.monotonic() - begun >= 0.1


def test_abort_is_a_failure(tmp_path: Path) -> None:
    permit(tmp_path / "barrier.json", "r1", "abort")
    with pytest.raises(RolloutFailed, match="another host failed"):
        _barrier(tmp_path).wait("prepared")


def test_every_verb_permits_a_barrier_that_exists() -> None:
    assert set(BARRIER_OF_VERB.values()) == {*BARRIERS, "abort"}

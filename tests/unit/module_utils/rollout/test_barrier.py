"""Waiting for other hosts, and the words that end it."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest
from ansible_collections.slipway.stack.plugins.module_utils.engine.project_containers import RolloutFailed
from ansible_collections.slipway.stack.plugins.module_utils.rollout.barrier import GATES, WORDS, Gate, give_word
from ansible_collections.slipway.stack.plugins.module_utils.state import journal
from ansible_collections.slipway.stack.plugins.module_utils.state.journal import Journal


def _gate(folder: Path, in_step: bool = True, patience: float = 5.0) -> Gate:
    return Gate(folder / "word.json", "r1", Journal(folder / "journal.jsonl", "r1"), in_step, patience)


def test_alone_there_is_nothing_to_wait_for(tmp_path: Path) -> None:
    _gate(tmp_path, in_step=False).wait("ready")
    assert journal.read(tmp_path / "journal.jsonl", 0)[0] == []


@pytest.mark.parametrize("word", ["prepared", "proven", "end"])
def test_a_word_for_later_opens_the_gate(tmp_path: Path, word: str) -> None:
    give_word(tmp_path / "word.json", "r1", word)
    _gate(tmp_path).wait("ready")
    records, _ = journal.read(tmp_path / "journal.jsonl", 0)
    assert [(record["step"], record["state"]) for record in records] == [("ready", "waiting"), ("ready", "done")]


@pytest.mark.parametrize("word", ["ready", "prepared"])
def test_a_word_for_no_later_leaves_it_closed(tmp_path: Path, word: str) -> None:
    give_word(tmp_path / "word.json", "r1", word)
    with pytest.raises(RolloutFailed, match="no word to go on within 0 s"):
        _gate(tmp_path, patience=0.1).wait("prepared")


def test_the_word_for_another_release_is_not_heard(tmp_path: Path) -> None:
    give_word(tmp_path / "word.json", "r0", "end")
    with pytest.raises(RolloutFailed, match="no word"):
        _gate(tmp_path, patience=0.1).wait("ready")


def test_a_word_that_comes_late_is_heard(tmp_path: Path) -> None:
    threading.Timer(0.15, give_word, (tmp_path / "word.json", "r1", "end")).start()
    begun = time.monotonic()
    _gate(tmp_path).wait("proven")
    assert time.monotonic() - begun >= 0.1


def test_the_word_to_go_back_is_a_failure(tmp_path: Path) -> None:
    give_word(tmp_path / "word.json", "r1", "abort")
    with pytest.raises(RolloutFailed, match="another host failed"):
        _gate(tmp_path).wait("prepared")


def test_every_verb_gives_a_word_that_gates_know() -> None:
    assert set(WORDS.values()) == {*GATES, "abort"}

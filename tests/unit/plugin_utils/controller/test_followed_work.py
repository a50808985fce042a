"""Work on a host is followed until its last record, and its failure is the message of the task."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from ansible_collections.slipway.stack.plugins.plugin_utils.controller import followed_work, terminal


@pytest.fixture(autouse=True)
def shown(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return the lines that are shown."""
    lines: list[str] = []
    monkeypatch.setattr(terminal, "show", lines.append)
    return lines


def _record(step: str, state: str, text: str) -> dict[str, Any]:
    return {"step": step, "state": state, "text": text, "service": None, "elapsed": 1.0, "detail": []}


def _answering(*answers: dict[str, Any]) -> tuple[Callable[[dict[str, Any]], dict[str, Any]], list[dict[str, Any]]]:
    """Return a call that gives these answers one after the other, and the arguments that it got."""
    rest: Iterator[dict[str, Any]] = iter(answers)
    got: list[dict[str, Any]] = []

    def call(arguments: dict[str, Any]) -> dict[str, Any]:
        got.append(dict(arguments))
        return next(rest)

    return call, got


def test_it_goes_on_where_the_answer_before_has_ended(shown: list[str]) -> None:
    first = {"records": [_record("backup", "started", "saving")], "offset": 7, "release": "a"}
    last = {"records": [_record("end", "done", "saved")], "offset": 9, "release": "a", "changed": True}
    call, got = _answering(first, last)
    result = followed_work.follow(call, {"verb": "take"}, "app1")
    assert got == [{"verb": "take"}, {"verb": "take", "offset": 7, "release": "a"}]
    assert [record["text"] for record in result["records"]] == ["saving", "saved"]
    assert (result["changed"], "failed" in result) == (True, False)
    assert [line.startswith("app1  ") for line in shown] == [True, True]


def test_what_only_the_first_answer_knows_is_in_the_result() -> None:
    first = {"records": [], "offset": 7, "release": "a", "closed": True}
    last = {"records": [_record("end", "done", "started")], "offset": 9, "release": "a", "closed": False}
    call, _got = _answering(first, {**first, "closed": False}, last)
    assert followed_work.follow(call, {}, "app1", ["closed"])["closed"] is True


def test_failed_work_fails_with_its_reason_and_its_end(shown: list[str]) -> None:
    records = [_record("rollout", "failed", "it broke"), _record("end", "failed", "Nothing was changed")]
    call, _got = _answering({"records": records, "offset": 9, "release": "a"})
    result = followed_work.follow(call, {}, "app1")
    assert result == {"failed": True, "msg": "it broke. Nothing was changed"}
    # The end is in the message.
    assert [line for line in shown if "Nothing" in line] == []


def test_a_module_that_fails_is_the_result() -> None:
    call, _got = _answering({"failed": True, "msg": "a backup is under way"})
    assert followed_work.follow(call, {}, "app1") == {"failed": True, "msg": "a backup is under way", "records": []}


def test_an_answer_without_a_place_in_the_journal_is_the_end() -> None:
    call, _got = _answering({"changed": True})
    assert followed_work.follow(call, {}, "app1") == {"changed": True, "records": []}


def test_the_time_limit_ends_the_following_and_says_that_the_work_goes_on() -> None:
    call, _got = _answering({"records": [], "offset": 0, "release": "a"})
    result = followed_work.follow(call, {"timeout": 0}, "app1")
    assert result == {"failed": True, "msg": "it has not ended after 0 s, and goes on on the host"}

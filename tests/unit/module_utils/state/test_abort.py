"""The request to abort a rollout, and who notices it."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.slipway.stack.plugins.module_utils.state import abort
from ansible_collections.slipway.stack.plugins.module_utils.state.abort import Watch
from ansible_collections.slipway.stack.plugins.module_utils.state.journal import RolloutFailed


def test_a_process_without_a_rollout_finds_nothing() -> None:
    Watch().check()


def test_a_request_is_noticed_once(tmp_path: Path) -> None:
    """After it, the rollout reverts. Nothing aborts the revert."""
    watch = Watch()
    watch.open(tmp_path / "abort.json", "r1")
    watch.check()
    abort.request(tmp_path / "abort.json", "r1", "ada@laptop")
    with pytest.raises(RolloutFailed, match=r"^ada@laptop aborted the rollout$"):
        watch.check()
    watch.check()


def test_a_closed_watch_finds_nothing(tmp_path: Path) -> None:
    watch = Watch()
    watch.open(tmp_path / "abort.json", "r1")
    abort.request(tmp_path / "abort.json", "r1", "ada@laptop")
    watch.close()
    watch.check()


@pytest.mark.parametrize(
    "text",
    ['{"release": "r0", "owner": "ada@laptop"}', "", "{", "[]", "null", '{"release": "r1"}', "\udcff"],
    ids=["other release", "empty", "incomplete", "list", "null", "no owner", "bytes"],
)
def test_another_request_or_a_damaged_one_aborts_nothing(tmp_path: Path, text: str) -> None:
    (tmp_path / "abort.json").write_bytes(text.encode(errors="surrogateescape"))
    watch = Watch()
    watch.open(tmp_path / "abort.json", "r1")
    watch.check()

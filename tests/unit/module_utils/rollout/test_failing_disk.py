"""A disk that fails at any write of a rollout: afterwards the old or the new release is live, as a whole."""

from __future__ import annotations

import errno
import json
import os
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.slipway.stack.plugins.module_utils.state.layout import Home

from tests.support.failing_disk import FailingDisk
from tests.support.fake_stack import SERVICES, FakeStack

#: The errors of a disk that is full: a rename and a removal still work. And of a disk on which nothing works.
FULL, BROKEN = (errno.ENOSPC, errno.EDQUOT, errno.EPIPE), (errno.EROFS, errno.EIO)
#: More writes than a rollout has.
MAX_WRITES = 400


def _last_record(home: Home) -> dict[str, Any]:
    lines = home.journal.read_text().splitlines() if home.journal.exists() else []
    records: list[dict[str, Any]] = [json.loads(line) for line in lines]
    return records[-1] if records else {"step": "none", "state": "failed", "text": ""}


def _live(stack: FakeStack) -> str:
    """Return the release that is live as a whole.

    :raises AssertionError: if there is none.
    """
    current = stack.home.current_id()
    assert current is not None
    assert stack.loaded["release"] == current
    assert stack.serving() == {current}
    changing = [name for name, spec in SERVICES.items() if name in ("mail", "web", "clock")]
    running = stack.running()
    assert {name: running.get(name) for name in changing} == {name: {current} for name in changing}
    assert {name for name in running if name not in changing} == {"db", "edge-pod", "edge"}
    version = os.readlink(stack.home.edge / "current")
    assert json.loads((stack.home.edge / version / "targets.json").read_text()) == stack.loaded
    return current


def test_the_rollout_and_its_revert_on_a_good_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "state").mkdir()
    stack = FakeStack(Home(str(tmp_path)), monkeypatch)
    stack.write("r2")
    assert _live(stack) == "r1"
    assert not stack.roll_out("r2")
    assert (_live(stack), _last_record(stack.home)["state"]) == ("r2", "done")


@pytest.mark.parametrize("stays", [False, True])
@pytest.mark.parametrize("codes", [FULL, BROKEN])
def test_the_old_or_the_new_release_is_live_after_any_failed_write(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, codes: tuple[int, ...], stays: bool
) -> None:
    disk = FailingDisk(tmp_path, monkeypatch)
    outcomes = set()
    for first in range(1, MAX_WRITES):
        folder = tmp_path / str(first)
        (folder / "state").mkdir(parents=True)
        stack = FakeStack(Home(str(folder)), monkeypatch)
        stack.write("r2")
        with disk.active(first, codes[first % len(codes)], stays=stays):
            raised = stack.roll_out("r2")
        if not disk.failed:
            break
        where = f"write {first}: {_last_record(stack.home)}"
        if stays and codes is BROKEN:
            # Not even a link can be changed any more. The release that gets requests must run.
            assert stack.serving() <= {"r1", "r2"}, where
            live = "r2" if stack.home.current_id() == "r2" else "r1"
        else:
            live = _live(stack)
        outcomes.add(live)
        end = _last_record(stack.home)
        if end["step"] == "end" and not raised:
            assert (end["state"] == "done") == (live == "r2"), where
        # The next deploy repairs what is left.
        assert not stack.roll_out("r2"), where
        assert _live(stack) == "r2", where
        assert not stack.home.transaction.exists()
    assert first < MAX_WRITES - 1
    assert outcomes == {"r1", "r2"}

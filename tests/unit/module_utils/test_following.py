"""A rollout that is followed: by its own records, whatever else the journal has."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.slipway.stack.plugins.module_utils.journal import Journal, size
from ansible_collections.slipway.stack.plugins.module_utils.layout import Home
from ansible_collections.slipway.stack.plugins.module_utils.running import RolloutFailed
from ansible_collections.slipway.stack.plugins.modules.rollout import follow


@pytest.fixture
def home(tmp_path: Path) -> Home:
    (tmp_path / "state").mkdir()
    return Home(str(tmp_path))


def test_the_end_of_another_release_is_not_its_own(home: Home) -> None:
    Journal(home.journal, "r1").write("end", "done", "release r1 is live")
    with pytest.raises(RolloutFailed, match="the rollout's process on the host died"):
        follow(home, "r2", 0)
    Journal(home.journal, "r2").write("end", "failed", "Release r1 serves on")
    records, behind = follow(home, "r2", 0)
    assert [record["text"] for record in records] == ["Release r1 serves on"]
    assert behind == size(home.journal)
    assert len(follow(home, "previous", 0)[0]) == 2

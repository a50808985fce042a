"""One id for a release on all hosts of a play: when this host takes it over from the others."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.slipway.stack.plugins.module_utils.rollout import common_id
from ansible_collections.slipway.stack.plugins.module_utils.state.journal import RolloutFailed
from ansible_collections.slipway.stack.plugins.module_utils.state.layout import Home, link
from ansible_collections.slipway.stack.plugins.module_utils.state.transaction import Transaction

from tests.support.fake_host import write_release

OLD, LIVE, NEW, COMMON = (f"2026112{day}T101500Z-aaaaaaaa" for day in range(4))


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = Home(str(tmp_path))
    for release_id in (OLD, LIVE, NEW):
        write_release(home, release_id)
    link(home.current, f"releases/{LIVE}")
    return home


def test_a_new_release_gets_the_id_of_the_other_hosts(home: Home) -> None:
    chosen = common_id.choose(home, NEW, COMMON)
    common_id.rename(home, NEW, chosen)
    assert home.release_ids() == [OLD, LIVE, COMMON]
    assert (home.manifest(COMMON) or {})["release"] == COMMON


@pytest.mark.parametrize("wanted", ["", NEW, OLD, LIVE, "../elsewhere", ".hidden"])
def test_a_release_keeps_its_id_without_a_later_one(home: Home, wanted: str) -> None:
    assert common_id.choose(home, NEW, wanted) == NEW
    common_id.rename(home, NEW, NEW)
    assert home.release_ids() == [OLD, LIVE, NEW]


def test_the_live_release_keeps_its_id(home: Home) -> None:
    link(home.current, f"releases/{NEW}")
    assert common_id.choose(home, NEW, COMMON) == NEW


def test_the_release_of_an_interrupted_rollout_keeps_its_id(home: Home) -> None:
    home.state.mkdir()
    Transaction(NEW, LIVE, "ada@laptop").save(home.transaction)
    assert common_id.choose(home, NEW, COMMON) == NEW


def test_a_release_that_cannot_be_renamed_is_named(home: Home) -> None:
    with pytest.raises(RolloutFailed, match=f"release r9 cannot become {COMMON} as on the other hosts"):
        common_id.rename(home, "r9", COMMON)

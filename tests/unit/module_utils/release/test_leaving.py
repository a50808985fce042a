"""Containers that a proven release has replaced: they run for a while, and are no part of what is live."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.slipway.stack.plugins.module_utils.engine import docker
from ansible_collections.slipway.stack.plugins.module_utils.release import leaving
from ansible_collections.slipway.stack.plugins.module_utils.state.layout import Home
from ansible_collections.slipway.stack.plugins.module_utils.state.transaction import SWITCHED, Transaction

from tests.support.fake_host import container, spec, write_release

#: A rollout that replaces `web` and removes `gone`, and neither touches `db` nor `job`.
PLAN = {"web": "roll", "db": "unchanged", "single": "recreate", "gone": "remove"}
RUNNING = [
    container("web", 1),
    container("web", 2),
    container("db", 1),
    container("single", 1),
    container("gone", 1),
]
OLD = {"web": ["web1"], "db": ["db1"], "single": ["single0"], "gone": ["gone1"]}


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    result = Home(str(tmp_path))
    services = {"web": spec(), "db": spec(**{"class": "stateful"}), "single": spec(**{"class": "singleton"})}
    write_release(result, "r2", services=services)
    result.state.mkdir(parents=True, exist_ok=True)
    monkeypatch.setattr(docker, "containers", lambda *_: RUNNING)
    return result


def _ids(home: Home) -> list[str]:
    return sorted(one.id for group in leaving.staying(home, "shop").values() for one in group)


def test_replaced_containers_of_a_proven_release_are_left_out(home: Home) -> None:
    Transaction("r2", "r1", "ada", phase=SWITCHED, plan=PLAN, old=OLD).save(home.transaction)
    assert _ids(home) == ["db1", "single1", "web2"]
    assert leaving.is_finishing(home)


@pytest.mark.parametrize("phase", ["preparing", "switching"])
def test_before_that_everything_may_still_be_needed(home: Home, phase: str) -> None:
    Transaction("r2", "r1", "ada", phase=phase, plan=PLAN, old=OLD).save(home.transaction)
    assert len(_ids(home)) == len(RUNNING)
    assert not leaving.is_finishing(home)


def test_without_a_rollout_and_without_its_release_nothing_is_left_out(home: Home) -> None:
    assert len(_ids(home)) == len(RUNNING)
    Transaction("r3", "r2", "ada", phase=SWITCHED, plan=PLAN, old=OLD).save(home.transaction)
    assert len(_ids(home)) == len(RUNNING)
    home.transaction.write_text("{")
    assert len(_ids(home)) == len(RUNNING)
    assert not leaving.is_finishing(home)

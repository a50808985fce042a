"""Telling a rollout to revert: what is told, and what is refused with a remedy."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ansible.module_utils.testing import patch_module_args
from ansible_collections.slipway.stack.plugins.module_utils.rollout import aborting
from ansible_collections.slipway.stack.plugins.module_utils.rollout.aborting import UnderWay
from ansible_collections.slipway.stack.plugins.module_utils.state.journal import Journal, RolloutFailed
from ansible_collections.slipway.stack.plugins.module_utils.state.layout import Home
from ansible_collections.slipway.stack.plugins.module_utils.state.lease import Lease
from ansible_collections.slipway.stack.plugins.module_utils.state.transaction import Transaction
from ansible_collections.slipway.stack.plugins.modules import abort

from tests.support.fake_host import tree


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = Home(str(tmp_path / "shop"))
    home.state.mkdir(parents=True)
    return home


@pytest.fixture
def rollout(home: Home) -> Iterator[Lease]:
    """A rollout of r2 by ada@laptop that is under way."""
    lease = Lease(home.lease, "ada@laptop", "r2", lambda: 0)
    yield lease
    lease.close_own_copy()


def _request(home: Home) -> dict[str, str] | None:
    return json.loads(home.abort.read_text()) if home.abort.exists() else None


def test_without_a_rollout_nothing_is_told(home: Home) -> None:
    assert aborting.begin(home, "eve@phone", dry_run=False) is None
    assert tree(home.path) == []


def test_a_stack_that_does_not_exist_has_no_rollout(tmp_path: Path) -> None:
    assert aborting.begin(Home(str(tmp_path / "nothing")), "eve@phone", dry_run=False) is None
    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("rollout")
@pytest.mark.parametrize("phase", [None, "preparing", "switching"])
def test_a_rollout_of_somebody_else_is_told_to_revert(home: Home, phase: str | None) -> None:
    if phase:
        Transaction("r2", "r1", "ada@laptop", phase=phase).save(home.transaction)
    Journal(home.journal, "r2").write("begin", "started")
    size = home.journal.stat().st_size
    assert aborting.begin(home, "eve@phone", dry_run=False) == UnderWay("r2", "ada@laptop", size)
    assert _request(home) == {"release": "r2", "owner": "eve@phone"}


@pytest.mark.usefixtures("rollout")
def test_a_dry_run_tells_nothing(home: Home) -> None:
    assert aborting.begin(home, "eve@phone", dry_run=True) == UnderWay("r2", "ada@laptop", 0)
    assert _request(home) is None


@pytest.mark.usefixtures("rollout")
def test_a_verified_release_is_not_aborted(home: Home) -> None:
    Transaction("r2", "r1", "ada@laptop", phase="switched").save(home.transaction)
    with pytest.raises(RolloutFailed, match=r"release r2 is verified already.*go back with playbooks/rollback\.yml"):
        aborting.begin(home, "eve@phone", dry_run=False)
    assert _request(home) is None


@pytest.mark.usefixtures("rollout")
def test_a_rollout_that_completes_an_interrupted_one_can_be_aborted(home: Home) -> None:
    Transaction("r0", "r1", "ada@laptop", phase="switched").save(home.transaction)
    assert aborting.begin(home, "eve@phone", dry_run=False) == UnderWay("r2", "ada@laptop", 0)


@pytest.mark.parametrize(
    ("phase", "remedy"), [("preparing", "reverts"), ("switching", "reverts"), ("switched", "completes")]
)
def test_a_dead_rollout_has_a_remedy(home: Home, phase: str, remedy: str) -> None:
    Transaction("r2", "r1", "ada@laptop", phase=phase).save(home.transaction)
    with pytest.raises(RolloutFailed, match=f"r2 by ada@laptop was interrupted.*the next deploy {remedy} it first"):
        aborting.begin(home, "eve@phone", dry_run=False)
    assert _request(home) is None


def test_the_outcome_of_a_revert(home: Home) -> None:
    assert aborting.outcome(home, "r2", "Release r1 keeps serving", "failed") == "Release r1 keeps serving"
    with pytest.raises(RolloutFailed, match=r"release r2 is verified already"):
        aborting.outcome(home, "r2", "release r2 is live", "done")
    Transaction("r2", "r1", "ada@laptop").save(home.transaction)
    with pytest.raises(RolloutFailed, match=r"could not be restored either: no space\. Correct the cause"):
        aborting.outcome(home, "r2", "Release r1 could not be restored either: no space", "failed")


def _run(root: Path, capsys: pytest.CaptureFixture[str], **arguments: Any) -> dict[str, Any]:
    given = {"name": "shop", "root": str(root), "owner": "eve@phone", **arguments}
    with patch_module_args(given), pytest.raises(SystemExit):
        abort.main()
    answer: dict[str, Any] = json.loads(capsys.readouterr().out)
    return answer


def test_the_module_changes_nothing_without_a_rollout(home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    answer = _run(home.path.parent, capsys)
    assert (answer["changed"], answer["msg"], answer["release"]) == (False, "no rollout is under way", "")


@pytest.mark.usefixtures("rollout")
def test_the_module_follows_the_revert(home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    checked = _run(home.path.parent, capsys, _ansible_check_mode=True)
    assert (checked["changed"], checked["msg"]) == (True, "would abort the rollout of r2 by ada@laptop")
    assert _request(home) is None
    first = _run(home.path.parent, capsys)
    assert (first["changed"], first["msg"]) == (True, "aborting the rollout of r2 by ada@laptop")
    journal = Journal(home.journal, "r2")
    journal.write("rollout", "failed", "eve@phone aborted the rollout")
    journal.write("end", "failed", "Release r1 keeps serving")
    last = _run(home.path.parent, capsys, release="r2", offset=first["offset"])
    assert (last["changed"], last["msg"]) == (True, "Release r1 keeps serving")
    assert [record["text"] for record in last["records"]] == [
        "eve@phone aborted the rollout",
        "Release r1 keeps serving",
    ]

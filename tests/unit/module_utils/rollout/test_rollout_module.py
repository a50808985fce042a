"""The module `rollout` in check mode, in which it changes nothing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from ansible.module_utils.testing import patch_module_args
from ansible_collections.slipway.stack.plugins.module_utils.release.preview import Preview
from ansible_collections.slipway.stack.plugins.module_utils.rollout import entering
from ansible_collections.slipway.stack.plugins.module_utils.state.journal import Journal
from ansible_collections.slipway.stack.plugins.module_utils.state.layout import Home
from ansible_collections.slipway.stack.plugins.modules import rollout

from tests.support.fake_host import spec, write_release

#: The release that is live when the tests go back.
NEWER = "20261103T100000Z-aaaaaaaa"


def _run_in_check_mode(root: Path, release: str, capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    arguments = {"name": "shop", "root": str(root), "release": release, "_ansible_check_mode": True}
    with patch_module_args(arguments), pytest.raises(SystemExit):
        rollout.main()
    answer: dict[str, Any] = json.loads(capsys.readouterr().out)
    return answer


def test_a_rollback_without_a_previous_release_fails_in_check_mode_too(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    answer = _run_in_check_mode(tmp_path, "previous", capsys)
    assert answer["failed"]
    assert answer["msg"].startswith("stack 'shop': nothing has been deployed")
    assert not list(tmp_path.iterdir())


def test_a_named_release_that_is_not_there_fails_in_check_mode_too(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    answer = _run_in_check_mode(tmp_path, "20260101T000000Z-0123456789ab", capsys)
    assert answer["msg"] == (
        "stack 'shop': release 20260101T000000Z-0123456789ab is not on this host; releases here, newest first: none"
    )


def test_a_rollback_shows_target_and_plan_in_check_mode(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    found = Preview("1.0", [{"service": "web", "action": "roll", "downtime": False, "because": ["image"]}], [])
    monkeypatch.setattr(rollout, "preview", lambda *_: found)
    answer = _run_in_check_mode(tmp_path, "r1", capsys)
    assert (answer["changed"], answer["release"], answer["version"]) == (True, "r1", "1.0")
    assert answer["plan"] == found.plan


def test_a_host_that_has_reverted_a_restart_does_not_call_it_complete(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The release is live all the same. Without a look into the journal, the next verb would succeed."""
    home, release = Home(str(tmp_path / "shop")), "20261102T100000Z-aaaaaaaa"
    write_release(home, release, services={"web": spec()})
    home.current.symlink_to(f"releases/{release}")
    arguments = {"name": "shop", "root": str(tmp_path), "release": release, "verb": "finalize"}

    def run() -> dict[str, Any]:
        with patch_module_args(arguments), pytest.raises(SystemExit):
            rollout.main()
        answer: dict[str, Any] = json.loads(capsys.readouterr().out)
        return answer

    home.state.mkdir()
    Journal(home.journal, release).write("end", "done", "release is live")
    assert not run().get("failed")
    records = Journal(home.journal, release)
    records.write("rollout", "failed", "web is unhealthy")
    records.write("end", "failed", "it keeps serving")
    assert run()["msg"] == "stack 'shop': web is unhealthy. it keeps serving"


def test_a_restart_does_not_join_other_work_on_the_same_release(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    home, release = Home(str(tmp_path / "shop")), "20261102T100000Z-aaaaaaaa"
    write_release(home, release, services={"web": spec()})
    home.current.symlink_to(f"releases/{release}")
    monkeypatch.setattr(entering, "holder", lambda _: {"release": release, "journal": "0"})
    monkeypatch.setattr(entering, "describe", lambda _: "bob deploys")
    arguments = {"name": "shop", "root": str(tmp_path), "release": "live", "restart": ["web"]}
    with patch_module_args(arguments), pytest.raises(SystemExit):
        rollout.main()
    assert "bob deploys; run the restart again when it has ended" in json.loads(capsys.readouterr().out)["msg"]


@pytest.mark.parametrize(("live", "is_refused"), [(None, True), ("20261101T100000Z-aaaaaaaa", True), (NEWER, False)])
def test_a_canary_without_an_edge_is_refused_unless_the_rollout_goes_back(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    live: str | None,
    is_refused: bool,
) -> None:
    home, release = Home(str(tmp_path / "shop")), "20261102T100000Z-aaaaaaaa"
    write_release(home, release, services={"web": spec()}, stack="shop", upstreams=[])
    home.state.mkdir()
    if live:
        write_release(home, live, services={"web": spec()}, stack="shop", upstreams=[])
        home.current.symlink_to(f"releases/{live}")
    started: list[str] = []
    monkeypatch.setattr(entering, "detach", lambda *_: started.append(release))
    canary = {"for": "600", "max_errors": "1"}
    arguments = {"name": "shop", "root": str(tmp_path), "release": release, "canary": canary}
    with patch_module_args(arguments), pytest.raises(SystemExit):
        rollout.main()
    answer = json.loads(capsys.readouterr().out)
    # The process that is not there cannot be followed.
    sentence = f"deploy_canary: release {release} has no edge, so nobody can divide its requests"
    assert (sentence in answer["msg"]) is is_refused, answer
    assert bool(started) is not is_refused

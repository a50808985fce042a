"""The module `rollout` in check mode, in which it changes nothing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from ansible.module_utils.testing import patch_module_args
from ansible_collections.slipway.stack.plugins.module_utils.release.preview import Preview
from ansible_collections.slipway.stack.plugins.modules import rollout


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

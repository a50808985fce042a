"""The status of a stack that is not there, or of which no rollout has succeeded."""

from __future__ import annotations

import json
import urllib.parse
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from ansible.module_utils.testing import patch_module_args
from ansible_collections.slipway.stack.plugins.module_utils.release.status import absence
from ansible_collections.slipway.stack.plugins.module_utils.state.layout import Home, write_text
from ansible_collections.slipway.stack.plugins.modules import edge, prune_images, status, verify

from tests.support.fake_engine import Answer
from tests.support.fake_host import write_release

FAILED = {
    "release": "r1",
    "outcome": "failed",
    "reason": "web exited with 1",
    "at": "2026-11-21T10:00:00Z",
    "owner": "ada@laptop",
    "version": "1.0",
    "seconds": 3.0,
}


def test_a_stack_that_is_not_there_is_named_with_those_that_are(tmp_path: Path) -> None:
    home = Home(str(tmp_path / "shpo"))
    assert absence(home) == (
        f"there is no {home.path} on this host; run playbooks/deploy.yml, or correct stack_name or stack_root; in "
        f"{tmp_path}, there is no stack"
    )
    write_release(Home(str(tmp_path / "shop")), "r1")
    write_release(Home(str(tmp_path / "blog")), "r1")
    assert str(absence(home)).endswith(f"in {tmp_path}, the stacks there are blog, shop")
    assert absence(Home(str(tmp_path / "shop"))) is None


def test_secrets_alone_are_no_deployed_stack(tmp_path: Path) -> None:
    write_text(tmp_path / "shop/secrets/salt", "x")
    home = Home(str(tmp_path / "shop"))
    assert absence(home) == "nothing has been deployed on this host; run playbooks/deploy.yml"
    write_text(home.audit, "{}\n")
    assert absence(home) is None


@pytest.mark.parametrize("module", [edge, prune_images, status, verify], ids=lambda one: one.__name__.split(".")[-1])
@pytest.mark.parametrize("check", [False, True])
def test_every_module_refuses_a_stack_that_is_not_there(
    module: Any, check: bool, tmp_path: Path, answer: Answer, capsys: pytest.CaptureFixture[str]
) -> None:
    answer({_containers("shpo"): (200, [])})
    found = _run(module.main, {"name": "shpo", "root": str(tmp_path), "_ansible_check_mode": check}, capsys)
    assert found["failed"]
    assert found["msg"].startswith(f"stack 'shpo': there is no {tmp_path}/shpo on this host")
    assert not list(tmp_path.glob("shpo"))


def test_after_a_failed_first_rollout_the_status_has_its_reason(
    tmp_path: Path, answer: Answer, capsys: pytest.CaptureFixture[str]
) -> None:
    home = Home(str(tmp_path / "shop"))
    write_release(home, "r1")
    write_text(home.audit, json.dumps(FAILED) + "\n")
    answer({_containers("shop"): (200, [])})
    found = _run(status.main, {"name": "shop", "root": str(tmp_path)}, capsys)
    assert (found.get("failed"), found["release"], found["rollouts"]) == (None, None, [FAILED])


def _containers(project: str) -> str:
    filters = urllib.parse.quote(json.dumps({"label": [f"com.docker.compose.project={project}"]}))
    return f"/v1.44/containers/json?all=1&filters={filters}"


def _run(main: Callable[[], None], arguments: dict[str, Any], capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    with patch_module_args(arguments), pytest.raises(SystemExit):
        main()
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found

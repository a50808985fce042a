"""No secret leaves the host with a failure: journal, audit, log of the process, results of the modules."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from ansible.module_utils.testing import patch_module_args
from ansible_collections.slipway.stack.plugins.module_utils.engine import docker, health_check
from ansible_collections.slipway.stack.plugins.module_utils.engine.docker import DockerError
from ansible_collections.slipway.stack.plugins.module_utils.rollout.rollout import Rollout
from ansible_collections.slipway.stack.plugins.module_utils.state import audit
from ansible_collections.slipway.stack.plugins.module_utils.state.journal import RolloutFailed
from ansible_collections.slipway.stack.plugins.module_utils.state.layout import Home, link, write_text
from ansible_collections.slipway.stack.plugins.module_utils.state.secret_store import SecretStore
from ansible_collections.slipway.stack.plugins.module_utils.state.transaction import RolloutOptions, Transaction
from ansible_collections.slipway.stack.plugins.modules import status, verify

from tests.support.fake_host import container, spec, write_release

SECRET = "kX9!mQ2#vL7$wR4%tY8&zN1"
#: What an application says when it cannot read its settings: 22 of 23 characters.
LINE = f"pydantic_core.ValidationError: input_value='{SECRET[:22]}...'"
FILE = {"name": "key", "uid": 0, "gid": 0, "variable": "SECRET_KEY_0", "parts": [{"secret": "key", "quote": "raw"}]}


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    home = Home(str(tmp_path / "shop"))
    home.state.mkdir(parents=True)
    addresses = SecretStore(home.path).addresses([FILE], {"key": {"value": SECRET, "generate": None}})
    shared = {"version": "1", "commit": "", "domain": "", "probes": [], "addresses": addresses, "secret_files": [FILE]}
    write_release(home, "r1", services={"web": spec()}, **shared)
    down = container("web", state="exited", exit_code=1, health=None, probe_output=LINE)
    monkeypatch.setattr(docker, "containers", lambda _project, _services=None: [down])
    monkeypatch.setattr(docker, "unused_networks", lambda _project: [])
    monkeypatch.setattr(docker, "run", lambda *_, **__: "")
    monkeypatch.setattr(health_check, "last_lines", lambda *_: ["\x1b[31mstarting\x1b[0m", LINE])
    return home


def _assert_masked(text: str) -> None:
    assert not any(SECRET[start : start + 8] in text for start in range(len(SECRET) - 7))
    assert "***" in text


@pytest.mark.parametrize(
    "error",
    [
        RolloutFailed(f"service 'web': {LINE}", (LINE, f"  {SECRET}")),
        DockerError(LINE, (LINE,)),
        RuntimeError(f"unexpected: {SECRET}"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_a_failed_rollout_writes_no_secret(
    home: Home, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], error: Exception
) -> None:
    def begin(_rollout: Rollout) -> None:
        raise error

    monkeypatch.setattr(Rollout, "_begin", begin)
    Rollout(home, RolloutOptions("r1", 5, "ada@laptop")).run()
    _assert_masked(home.journal.read_text())
    _assert_masked(json.dumps(audit.read(home)))
    if isinstance(error, RuntimeError):
        _assert_masked(capsys.readouterr().err)


def _result(main: Callable[[], None], home: Home, capsys: pytest.CaptureFixture[str], **values: Any) -> dict[str, Any]:
    arguments = {"name": home.path.name, "root": str(home.path.parent), **values}
    with patch_module_args(arguments), pytest.raises(SystemExit):
        main()
    answer: dict[str, Any] = json.loads(capsys.readouterr().out)
    return answer


def test_verify_returns_no_secret(home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    link(home.current, "releases/r1")
    answer = _result(verify.main, home, capsys, timeout=0)
    assert answer["failed"]
    _assert_masked(json.dumps(answer["detail"]))
    assert "  starting" in answer["detail"]


def test_status_shows_no_secret_that_an_older_version_wrote(home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    link(home.current, "releases/r1")
    manifest = {"version": "1", "commit": "", "services": {}}
    audit.write(home, manifest, Transaction("r1", None, "ada@laptop"), "failed", 1.0, LINE)
    write_text(home.lease, "")
    _assert_masked(json.dumps(_result(status.main, home, capsys)["rollouts"]))

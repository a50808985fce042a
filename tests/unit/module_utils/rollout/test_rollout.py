"""A rollout whose steps fail in ways that nobody thought of."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.slipway.stack.plugins.module_utils.edge import configuration
from ansible_collections.slipway.stack.plugins.module_utils.engine import docker
from ansible_collections.slipway.stack.plugins.module_utils.engine.docker import Container
from ansible_collections.slipway.stack.plugins.module_utils.engine.project_containers import ProjectContainers
from ansible_collections.slipway.stack.plugins.module_utils.rollout.recovery import recover
from ansible_collections.slipway.stack.plugins.module_utils.rollout.rollout import Rollout
from ansible_collections.slipway.stack.plugins.module_utils.state.journal import Journal
from ansible_collections.slipway.stack.plugins.module_utils.state.layout import Home
from ansible_collections.slipway.stack.plugins.module_utils.state.transaction import RolloutOptions, Transaction

from tests.support.on_host import container, lay_down, spec


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = Home(str(tmp_path))
    home.state.mkdir()
    for release in ("r1", "r2"):
        lay_down(home, release, stack="shop", version="1", commit="", upstreams=[], services={"web": spec()})
    return home


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> list[Container]:
    there = [container("web")]
    monkeypatch.setattr(docker, "containers", lambda _project, _services=None: list(there))
    monkeypatch.setattr(docker, "run", lambda arguments, **_: _run(there, arguments))
    return there


def _run(there: list[Container], arguments: list[str]) -> str:
    if arguments[0] == "rm":
        there[:] = [one for one in there if one.id not in arguments]
    return ""


def _told(home: Home) -> list[dict[str, Any]]:
    return [json.loads(line) for line in home.journal.read_text().splitlines()]


def test_a_full_disk_is_taken_back_from(
    home: Home, engine: list[Container], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def prepare(rollout: Rollout) -> None:
        engine.append(container("web", 2))
        raise OSError(28, "No space left on device")

    tx = Transaction("r2", "r1", "ada@laptop", plan={"web": "roll"}, old={"web": ["web1"]})
    monkeypatch.setattr(Rollout, "_begin", lambda rollout: setattr(rollout, "_tx", tx) or tx.save(home.transaction))
    monkeypatch.setattr(Rollout, "_prepare", prepare)
    Rollout(home, RolloutOptions("r2", 5, "ada@laptop")).run()
    assert [one.id for one in engine] == ["web1"]
    assert not home.transaction.exists()
    failed, *_, end = [record for record in _told(home) if record["state"] == "failed"]
    assert failed["text"] == "broke off: [Errno 28] No space left on device"
    assert (end["step"], end["text"]) == ("end", "Release r1 keeps serving")
    # Where it happened is in the log of the rollout's process.
    assert "in prepare" in capsys.readouterr().err


@pytest.mark.parametrize(("plan", "asked"), [("unchanged", True), ("roll", False)])
def test_an_edge_that_is_new_itself_is_asked_for_nothing_while_it_starts(
    home: Home, engine: list[Container], monkeypatch: pytest.MonkeyPatch, plan: str, asked: bool
) -> None:
    """It may be one that dies, and then that is what there is to say."""
    services = {"web": spec(), "edge": spec(edge=True, pod="edge-pod")}
    lay_down(home, "r3", stack="shop", version="1", commit="", upstreams=[], services=services)
    engine += [container("web", 2), container("edge"), container("edge", 2)]
    checked: list[str] = []
    monkeypatch.setattr(configuration, "test_ahead", lambda *_: checked.append("accept") or set())
    monkeypatch.setattr(Rollout, "_aim", lambda *_: "aim")
    rollout = Rollout(home, RolloutOptions("r3", 5, "ada@laptop"))
    old = {"web": ["web1"], "edge": ["edge1"]}
    rollout._tx = Transaction("r3", "r1", "ada@laptop", plan={"web": "roll", "edge": plan}, old=old)
    rollout._start("prepare", ["web"], ahead=True)
    assert checked == (["accept"] if asked else [])


def test_a_proven_release_whose_directory_has_gone_takes_nothing_with_it(home: Home, engine: list[Container]) -> None:
    Transaction("r0", "r1", "ada@laptop", phase="switched", old={"web": ["web1"]}).save(home.transaction)
    journal = Journal(home.journal, "r2")
    recover(home, ProjectContainers("shop", journal), journal)
    assert [one.id for one in engine] == ["web1"]
    assert _told(home)[-1]["text"] == "release r0 is not on this host any more; its containers are left as they are"

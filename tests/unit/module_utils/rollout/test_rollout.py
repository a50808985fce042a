"""Unexpected failures of a rollout, and the steps of the edge."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.slipway.stack.plugins.module_utils.edge import configuration
from ansible_collections.slipway.stack.plugins.module_utils.engine import docker
from ansible_collections.slipway.stack.plugins.module_utils.engine.docker import Container
from ansible_collections.slipway.stack.plugins.module_utils.engine.project_containers import ProjectContainers
from ansible_collections.slipway.stack.plugins.module_utils.release import data_loss, preflight
from ansible_collections.slipway.stack.plugins.module_utils.rollout.proxy_switch import EdgeSwitch
from ansible_collections.slipway.stack.plugins.module_utils.rollout.recovery import recover
from ansible_collections.slipway.stack.plugins.module_utils.rollout.rollout import Rollout
from ansible_collections.slipway.stack.plugins.module_utils.state import abort, audit, transaction
from ansible_collections.slipway.stack.plugins.module_utils.state.journal import Journal
from ansible_collections.slipway.stack.plugins.module_utils.state.layout import Home
from ansible_collections.slipway.stack.plugins.module_utils.state.transaction import RolloutOptions, Transaction

from tests.support.fake_host import container, spec, write_release


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = Home(str(tmp_path))
    home.state.mkdir()
    for release in ("r1", "r2"):
        write_release(home, release, stack="shop", version="1", commit="", upstreams=[], services={"web": spec()})
    return home


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> list[Container]:
    existing = [container("web")]
    monkeypatch.setattr(docker, "containers", lambda _project, _services=None: list(existing))
    monkeypatch.setattr(docker, "unused_networks", lambda _project: [])
    monkeypatch.setattr(docker, "run", lambda arguments, **_: _run(existing, arguments))
    return existing


def _run(existing: list[Container], arguments: list[str]) -> str:
    if arguments[0] == "rm":
        existing[:] = [one for one in existing if one.id not in arguments]
    return ""


def _records(home: Home) -> list[dict[str, Any]]:
    return [json.loads(line) for line in home.journal.read_text().splitlines()]


def _fill_transaction(rollout: Rollout, plan: dict[str, str], old: dict[str, list[str]]) -> None:
    rollout._tx.previous, rollout._tx.plan, rollout._tx.old = "r1", plan, old
    rollout._tx.save(rollout._home.transaction)


def test_a_full_disk_reverts_the_rollout(
    home: Home, engine: list[Container], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def prepare(rollout: Rollout) -> None:
        engine.append(container("web", 2))
        raise OSError(28, "No space left on device")

    def begin(rollout: Rollout) -> None:
        _fill_transaction(rollout, {"web": "roll"}, {"web": ["web1"]})

    monkeypatch.setattr(Rollout, "_begin", begin)
    monkeypatch.setattr(Rollout, "_prepare", prepare)
    Rollout(home, RolloutOptions("r2", 5, "ada@laptop")).run()
    assert [one.id for one in engine] == ["web1"]
    assert not home.transaction.exists()
    failed, *_, end = [record for record in _records(home) if record["state"] == "failed"]
    assert failed["text"] == "the rollout cannot go on: [Errno 28] No space left on device"
    assert (end["step"], end["text"]) == ("end", "Release r1 keeps serving")
    # The log of the rollout process has the traceback.
    assert "in prepare" in capsys.readouterr().err


@pytest.mark.parametrize(("action", "tested"), [("unchanged", True), ("roll", False)])
def test_only_an_edge_that_is_not_replaced_tests_the_configuration_ahead(
    home: Home, engine: list[Container], monkeypatch: pytest.MonkeyPatch, action: str, tested: bool
) -> None:
    """A new edge may crash at its start. Then the rollout must report the crash, not the failed test."""
    services = {"web": spec(), "edge": spec(edge=True, pod="edge-pod")}
    write_release(home, "r3", stack="shop", version="1", commit="", upstreams=[], services=services)
    engine += [container("web", 2), container("edge"), container("edge", 2)]
    tests: list[str] = []
    monkeypatch.setattr(configuration, "test_ahead", lambda *_: tests.append("test") or set())
    monkeypatch.setattr(EdgeSwitch, "_write_version", lambda *_: "version")
    rollout = Rollout(home, RolloutOptions("r3", 5, "ada@laptop"))
    _fill_transaction(rollout, {"web": "roll", "edge": action}, {"web": ["web1"], "edge": ["edge1"]})
    rollout._start_containers("prepare", ["web"], test_edge=True)
    assert tests == (["test"] if tested else [])


def _with_one_shot(home: Home, monkeypatch: pytest.MonkeyPatch, live: str) -> tuple[Rollout, list[list[str]]]:
    """Return a rollout of r2 with a migrating one-shot, and its commands. *live* is the live release."""
    services = {"prestart": spec(**{"class": "oneshot", "release_check": ["alembic", "current"]})}
    write_release(home, "r2", stack="shop", version="1", commit="", upstreams=[], services=services)
    commands: list[list[str]] = []
    monkeypatch.setattr(docker, "run", lambda arguments, **_: commands.append(arguments) or "")
    done = [container("prestart", state="exited", health=None)]
    monkeypatch.setattr(docker, "containers", lambda _project, _services=None: done)
    rollout = Rollout(home, RolloutOptions("r2", 5, "ada@laptop"))
    _fill_transaction(rollout, {"prestart": "roll"}, {"prestart": ["prestart1"]})
    rollout._tx.previous = live
    return rollout, commands


def test_a_one_shot_runs_on_the_way_forward(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    rollout, commands = _with_one_shot(home, monkeypatch, live="r1")
    rollout._replace_in_place("prepare", late=False)
    rollout._run_release_jobs()
    assert commands == [["compose", "up", "--no-build", "--pull", "never", "--no-deps", "--detach", "prestart"]]
    assert "running, for at most 30 min" in [record["text"] for record in _records(home)]


@pytest.mark.parametrize("compatible", [False, True])
def test_a_one_shot_is_asked_for_its_check_on_the_way_back(
    home: Home, monkeypatch: pytest.MonkeyPatch, compatible: bool
) -> None:
    """It may migrate: the older one would fail on the newer schema."""
    rollout, commands = _with_one_shot(home, monkeypatch, live="r3")
    rollout._options = RolloutOptions("r2", 5, "ada@laptop", compatible=compatible)
    rollout._replace_in_place("prepare", late=False)
    rollout._run_release_jobs()
    check = ["compose", "run", "--rm", "--no-deps", "-T", "prestart", "alembic", "current"]
    assert commands == ([] if compatible else [check])
    assert "does not run on the way back to an older release" in [record["text"] for record in _records(home)]


@pytest.mark.parametrize("step", ["_begin", "_prepare", "_switch"])
def test_a_rollout_that_is_aborted_reverts(
    home: Home, engine: list[Container], monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    def begin(rollout: Rollout) -> None:
        _fill_transaction(rollout, {"web": "roll"}, {"web": ["web1"]})
        engine.append(container("web", 2))

    def requested(_rollout: Rollout) -> None:
        abort.request(home.abort, "r2", "eve@phone")

    for name in ("_prepare", "_switch"):
        monkeypatch.setattr(Rollout, name, lambda _rollout: None)
    monkeypatch.setattr(Rollout, "_begin", begin)
    original = getattr(Rollout, step)
    monkeypatch.setattr(Rollout, step, lambda rollout: (original(rollout), requested(rollout)))
    Rollout(home, RolloutOptions("r2", 5, "ada@laptop")).run()
    assert [one.id for one in engine] == ["web1"]
    assert not home.transaction.exists()
    texts = [record["text"] for record in _records(home) if record["state"] == "failed"]
    assert texts == ["eve@phone aborted the rollout", "Release r1 keeps serving"]


def test_a_verified_rollout_cannot_be_aborted(
    home: Home, engine: list[Container], monkeypatch: pytest.MonkeyPatch
) -> None:
    def finalize(rollout: Rollout) -> None:
        abort.request(home.abort, "r2", "eve@phone")
        abort.watch.check()

    for name in ("_begin", "_prepare", "_switch"):
        monkeypatch.setattr(Rollout, name, lambda _rollout: None)
    monkeypatch.setattr(Rollout, "_finalize", finalize)
    Rollout(home, RolloutOptions("r2", 5, "ada@laptop")).run()
    assert _records(home)[-1]["text"].startswith("release r2 is live")


def test_a_verified_release_without_its_directory_removes_no_container(home: Home, engine: list[Container]) -> None:
    Transaction("r0", "r1", "ada@laptop", phase="switched", old={"web": ["web1"]}).save(home.transaction)
    journal = Journal(home.journal, "r2")
    recover(home, ProjectContainers("shop", journal), journal)
    assert [one.id for one in engine] == ["web1"]
    assert _records(home)[-1]["text"] == "release r0 is no longer on this host; its containers are left as they are"


def test_a_rollout_that_was_refused_leaves_the_containers_of_an_interrupted_one_alone(
    home: Home, engine: list[Container], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its recovery failed, and then the next release was refused: only the interrupted rollout knows what to revert."""
    interrupted = Transaction("r1", "r0", "ada@laptop", plan={"web": "roll"}, old={"web": ["web1"]})
    interrupted.save(home.transaction)
    monkeypatch.setattr(f"{Rollout.__module__}.recover", lambda *_: None)
    monkeypatch.setattr(preflight, "check_data", lambda *_: ["service 'db': data of another version"])
    monkeypatch.setattr(data_loss, "refusals", lambda *_: [])
    Rollout(home, RolloutOptions("r2", 5, "ada@laptop")).run()
    assert [one.id for one in engine] == ["web1"]
    assert transaction.read(home.transaction).value == interrupted
    assert [record["text"] for record in _records(home)[-2:]] == [
        "service 'db': data of another version",
        "The interrupted rollout of r1 is still unfinished; the next deploy reverts it",
    ]


def test_a_restart_that_was_refused_is_one_in_the_audit(
    home: Home, engine: list[Container], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(f"{Rollout.__module__}.recover", lambda *_: None)
    monkeypatch.setattr(preflight, "check_data", lambda *_: ["service 'web': it holds data"])
    Rollout(home, RolloutOptions("r2", 5, "ada@laptop", restart=("web",))).run()
    (line,) = audit.read(home)
    assert (line["for"], line["outcome"]) == ("restart of web", "failed")

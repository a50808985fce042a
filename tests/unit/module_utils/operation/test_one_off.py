"""A command in a container of its own: started, followed, stopped in time, and removed whatever happens."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.slipway.stack.plugins.module_utils.engine import docker
from ansible_collections.slipway.stack.plugins.module_utils.engine.docker import Container, DockerError
from ansible_collections.slipway.stack.plugins.module_utils.operation import one_off
from ansible_collections.slipway.stack.plugins.module_utils.operation.one_off import OneOff
from ansible_collections.slipway.stack.plugins.module_utils.state.journal import RolloutFailed
from ansible_collections.slipway.stack.plugins.module_utils.state.layout import Home

from tests.support.fake_host import container, spec, write_release
from tests.support.own_time import give_time

RELEASE = "20261102T100000Z-aaaaaaaa"
RUNNING = container(oneoff=True, name="shop-web-run-1", health=None)


class Engine:
    """One container, the commands that it got, and a clock that each look moves on."""

    def __init__(self) -> None:
        self.container: Container | None = None
        self.commands: list[list[str]] = []
        self.now = 1000.0
        self.ends_at = 10**9
        self.lines: list[tuple[str, str]] = []
        self.refused = ""

    def inspect(self, _name: str) -> Container | None:
        self.now += 1.0
        if self.container and self.container.state == "running" and self.now >= self.ends_at:
            self.container = replace(self.container, state="exited", exit_code=3)
        return self.container

    def run(self, arguments: list[str], cwd: str | None = None, timeout: float = 0) -> str:
        self.commands.append(arguments)
        if arguments[0] == "compose":
            self.container = RUNNING
            if self.refused:
                raise DockerError(self.refused)
        if arguments[0] == "stop" and self.container:
            self.container = replace(self.container, state="exited", exit_code=137)
        if arguments[0] == "rm":
            self.container = None
        return ""

    def read(self, _id: str, since: float, until: float, tail: int, _limit: Any) -> Iterator[tuple[str, str]]:
        yield from self.lines


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> Engine:
    fake = Engine()
    monkeypatch.setattr(docker, "inspect", fake.inspect)
    monkeypatch.setattr(docker, "run", fake.run)
    monkeypatch.setattr(one_off.log_stream, "read", fake.read)
    give_time(monkeypatch, one_off, time=lambda: fake.now)
    give_time(monkeypatch, one_off, monotonic=lambda: fake.now)
    give_time(monkeypatch, one_off, sleep=lambda seconds: setattr(fake, "now", fake.now + seconds))
    return fake


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = Home(str(tmp_path / "shop"))
    write_release(home, RELEASE, services={"web": spec()})
    home.current.symlink_to(f"releases/{RELEASE}")
    return home


def test_a_command_is_started_in_the_background_from_the_live_release(home: Home, engine: Engine) -> None:
    run = one_off.begin(home, "web", ["alembic", "current"], 60)
    (command,) = engine.commands
    assert command[:6] == ["compose", "run", "--detach", "--no-deps", "-T", "--name"]
    assert command[6] == run.container
    assert command[7:] == ["web", "alembic", "current"]
    assert (run.began, run.deadline) == (1000.0, 1060.0)


def test_nothing_is_left_of_a_command_that_cannot_be_started(home: Home, engine: Engine) -> None:
    engine.refused = "no such executable"
    with pytest.raises(DockerError, match="no such executable"):
        one_off.begin(home, "web", ["nonsense"], 60)
    assert engine.container is None


@pytest.mark.parametrize(
    ("service", "seconds", "sentence"),
    [
        ("wbe", 60, "has no service 'wbe'"),
        ("web", 0, "run_timeout: 0 is not a number of seconds from 1 to 86400"),
        ("web", 10**6, "run_timeout: 1e\\+06 is not"),
    ],
)
def test_a_wrong_argument_is_refused(home: Home, engine: Engine, service: str, seconds: int, sentence: str) -> None:
    with pytest.raises(RolloutFailed, match=sentence):
        one_off.begin(home, service, ["true"], seconds)
    assert engine.commands == []


def test_without_a_live_release_there_is_nothing_to_run(tmp_path: Path, engine: Engine) -> None:
    with pytest.raises(RolloutFailed, match="there is no"):
        one_off.begin(Home(str(tmp_path / "none")), "web", ["true"], 60)


def test_output_is_shown_while_the_command_runs(engine: Engine) -> None:
    engine.container, engine.lines = RUNNING, [("t1", "hello secret")]
    found = one_off.progress(OneOff("r", 1000.0, 2000.0), 1000.0, lambda text: text.replace("secret", "***"))
    assert (found.lines, found.code) == (["hello ***"], None)
    assert 1000.0 < found.until < engine.now
    assert engine.container == RUNNING


def test_at_its_end_there_is_an_exit_code_and_no_container(engine: Engine) -> None:
    engine.container, engine.ends_at = RUNNING, 1003
    found = one_off.progress(OneOff("r", 1000.0, 2000.0), 1000.0, str)
    assert (found.code, found.timed_out, engine.container) == (3, False, None)


def test_a_silent_command_is_asked_for_again(engine: Engine) -> None:
    engine.container = RUNNING
    found = one_off.progress(OneOff("r", 1000.0, 2000.0), 1000.0, str)
    assert (found.code, found.lines) == (None, [])
    assert engine.now < 1010


def test_a_command_is_stopped_when_its_time_is_over(engine: Engine) -> None:
    engine.container = RUNNING
    run = OneOff("r", 900.0, 960.0)
    found = one_off.progress(run, 1000.0, str)
    assert (found.code, found.timed_out, engine.container) == (137, True, None)
    assert [command[0] for command in engine.commands] == ["stop", "rm"]
    assert one_off.limit_sentence(run) == "the command did not end within 1 min, so it was stopped and removed"


def test_a_container_that_somebody_removed_has_no_exit_code(engine: Engine) -> None:
    with pytest.raises(RolloutFailed, match="removed by somebody else"):
        one_off.progress(OneOff("r", 1000.0, 2000.0), 1000.0, str)


def test_much_output_is_cut_and_it_is_said(engine: Engine) -> None:
    engine.container, engine.lines = RUNNING, [("t", str(number)) for number in range(2001)]
    found = one_off.progress(OneOff("r", 1000.0, 2000.0), 1000.0, str)
    assert (found.lines[0], len(found.lines), len(found.notes)) == ("1", 2000, 1)


@pytest.mark.parametrize(("ends_at", "removed_at"), [(1005, 1066), (10**9, 1121)])
def test_the_guard_removes_what_the_controller_has_left(engine: Engine, ends_at: int, removed_at: int) -> None:
    engine.container, engine.ends_at = RUNNING, ends_at
    one_off.guard(OneOff("r", 1000.0, 1100.0))
    assert engine.container is None
    assert removed_at <= engine.now <= removed_at + 5


def test_the_guard_ends_with_the_container(engine: Engine) -> None:
    one_off.guard(OneOff("r", 1000.0, 1100.0))
    assert (engine.commands, engine.now) == ([], 1001.0)

"""A canary within a rollout: on a fake engine with a fake proxy, and a log that says who has answered."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.slipway.stack.plugins.module_utils.edge import configuration
from ansible_collections.slipway.stack.plugins.module_utils.edge.endpoint import EdgeError
from ansible_collections.slipway.stack.plugins.module_utils.engine import docker
from ansible_collections.slipway.stack.plugins.module_utils.engine.docker import DockerError
from ansible_collections.slipway.stack.plugins.module_utils.rollout import canary
from ansible_collections.slipway.stack.plugins.module_utils.rollout.canary import divisible
from ansible_collections.slipway.stack.plugins.module_utils.state.abort import watch
from ansible_collections.slipway.stack.plugins.module_utils.state.journal import RolloutFailed
from ansible_collections.slipway.stack.plugins.module_utils.state.layout import Home
from ansible_collections.slipway.stack.plugins.module_utils.state.transaction import CanarySettings

from tests.support.fake_stack import FakeStack
from tests.support.own_time import give_time

SETTINGS = CanarySettings(10, 60, "who", max_errors=1, max_slowdown=3, min_requests=20)


class Log:
    """The log of the edge: in each look, *requests* answers of the new containers and of the old ones.

    ``failed``: how many of the new ones fail. ``seen``: what the proxy had loaded at each look. ``broken``: the looks
    that the engine does not answer.
    """

    def __init__(self, stack: FakeStack) -> None:
        self.stack = stack
        self.requests, self.failed, self.broken = 100, 0, set[int]()
        self.seen: list[dict[str, Any]] = []
        self.at_look: Callable[[], None] = lambda: None

    def read(self, _id: str, _since: float, _until: float, _tail: int, _limit: Any) -> Iterator[tuple[str, str]]:
        self.seen.append(self.stack.loaded)
        self.at_look()
        if len(self.seen) in self.broken:
            raise DockerError("the engine restarts")
        [new, *_], [old, *_] = self.stack.loaded["canary"]["targets"]["web"], self.stack.loaded["targets"]["web"]
        for name, failed in ((new, self.failed), (old, 0)):
            for number in range(self.requests):
                status = 500 if number < failed else 200
                line = {"time": "2026-11-28T08:00:00Z", "status": status, "upstream": f"{name}:80"}
                yield "", json.dumps({**line, "upstream_seconds": "0.010"})


@pytest.fixture
def stack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeStack:
    home = Home(str(tmp_path / "shop"))
    home.state.mkdir(parents=True)
    result = FakeStack(home, monkeypatch)
    result.write("r2")
    return result


@pytest.fixture
def log(stack: FakeStack, monkeypatch: pytest.MonkeyPatch) -> Log:
    result = Log(stack)
    now = [1000.0]
    give_time(
        monkeypatch, canary,
        time=lambda: now[0], monotonic=lambda: now[0], sleep=lambda seconds: now.__setitem__(0, now[0] + seconds),
    )  # fmt: skip
    monkeypatch.setattr(canary.log_stream, "read", result.read)
    monkeypatch.setattr(docker, "get", lambda _path: {})
    return result


def _said(stack: FakeStack, step: str = "canary") -> list[str]:
    records = map(json.loads, stack.home.journal.read_text().splitlines())
    return [record["text"] for record in records if record["step"] == step and record["text"]]


def test_new_containers_that_answer_well_get_all_requests(stack: FakeStack, log: Log) -> None:
    stack.roll_out("r2", SETTINGS)
    assert stack.home.current_id() == "r2"
    # Meanwhile the configuration was that of the live release, with the new containers beside.
    assert {(one["release"], one["canary"]["weight"]) for one in log.seen} == {("r1", 10)}
    assert log.seen[0]["targets"]["web"] == ["shop-web-4", "shop-web-5"]
    assert list(log.seen[0]["canary"]["targets"]) == ["web"]
    assert stack.loaded["release"] == "r2"
    assert "canary" not in stack.loaded
    begun, tells, *_, last = _said(stack)
    assert begun == "10 % of the requests go to the new containers of web for 1 min"
    assert tells.endswith("; 30 s to go")
    assert last == (
        "new containers: 0 of 3100 failed, 95 % within 10 ms; old ones: 0 of 3100 failed, 95 % within 10 ms"
    )


def test_a_proxy_that_looks_names_up_knows_them_before_a_request_goes_there(
    stack: FakeStack, log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(FakeStack, "NAME_LOOKUP_SECONDS", 0.3)
    loaded: list[float] = []
    load = FakeStack.reload

    def reload(proxy: FakeStack, *arguments: Any) -> None:
        load(proxy, *arguments)
        loaded.append(proxy.loaded.get("canary", {}).get("weight", 100))

    monkeypatch.setattr(FakeStack, "reload", reload)
    stack.roll_out("r2", SETTINGS)
    assert loaded == [0, 10, 100, 100]


def test_new_containers_that_fail_get_none(stack: FakeStack, log: Log) -> None:
    log.failed = 5
    live = configuration.live_version(stack.home)
    assert not stack.roll_out("r2", SETTINGS)
    assert stack.home.current_id() == "r1"
    assert configuration.live_version(stack.home) == live
    assert stack.serving() == {"r1"}
    assert stack.running()["web"] == {"r1"}
    assert len(log.seen) == 1
    [reason] = _said(stack, "rollout")
    assert reason.startswith("service 'web': 5 % of 100 requests to the new containers failed")


def test_few_failures_are_judged_at_the_end(stack: FakeStack, log: Log) -> None:
    """Of 62 requests 62 fail, but two at a time are chance: so each look has too few for an early end."""
    log.requests, log.failed = 1, 1
    stack.roll_out("r2", CanarySettings(10, 60, "who", max_errors=90, max_slowdown=3, min_requests=20))
    assert stack.home.current_id() == "r1"
    assert len(log.seen) > 20


def test_too_few_requests_are_said(stack: FakeStack, log: Log) -> None:
    log.requests = 0
    stack.roll_out("r2", SETTINGS)
    assert stack.home.current_id() == "r2"
    assert _said(stack)[-1] == "its new containers got 0 requests, too few to judge it (min_requests)"


def test_an_engine_that_restarts_is_asked_again(stack: FakeStack, log: Log) -> None:
    log.broken = {1, 2, 3}
    stack.roll_out("r2", SETTINGS)
    assert stack.home.current_id() == "r2"


def test_without_the_last_lines_there_is_no_verdict(stack: FakeStack, log: Log) -> None:
    log.broken = set(range(100))
    stack.roll_out("r2", SETTINGS)
    assert stack.home.current_id() == "r1"


def test_an_abort_ends_it(stack: FakeStack, log: Log, monkeypatch: pytest.MonkeyPatch) -> None:
    def check() -> None:
        if log.seen:
            raise RolloutFailed("ada@laptop aborted the rollout")

    monkeypatch.setattr(watch, "check", check)
    stack.roll_out("r2", SETTINGS)
    assert (len(log.seen), stack.home.current_id(), stack.serving()) == (1, "r1", {"r1"})


def test_a_killed_one_is_reverted_by_the_next_deploy(stack: FakeStack, log: Log) -> None:
    def killed() -> None:
        raise SystemExit("killed")

    log.at_look = killed
    with pytest.raises(SystemExit):
        stack.roll_out("r2", SETTINGS)
    assert "canary" in stack.loaded
    log.at_look = lambda: None
    stack.write("r3")
    log.failed = 100
    stack.roll_out("r3", SETTINGS)
    assert (stack.home.current_id(), stack.serving()) == ("r1", {"r1"})
    assert stack.running()["web"] == {"r1"}


def test_a_rollback_has_none(stack: FakeStack, log: Log) -> None:
    stack.roll_out("r2")
    stack.roll_out("r1", SETTINGS)
    assert (stack.home.current_id(), log.seen) == ("r1", [])


def test_an_edge_that_cannot_divide_requests_is_refused_before_anything_changes(
    stack: FakeStack, log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_arguments: Any) -> None:
        raise EdgeError("release r1 was deployed before canaries")

    monkeypatch.setattr(FakeStack, "canary_files", refuse)
    before = list(stack.containers)
    stack.roll_out("r2", SETTINGS)
    assert stack.containers == before
    assert _said(stack, "rollout") == ["release r1 was deployed before canaries"]


def test_requests_are_divided_where_both_releases_take_them_in_the_same_way() -> None:
    def manifest(**ports: int) -> dict[str, Any]:
        return {"upstreams": [{"service": name, "port": port} for name, port in ports.items()]}

    elsewhere = {"service": "api", "port": 80, "servers": [["app2", "10.0.0.2", 8480]]}
    old, new = manifest(web=80, bot=81, gone=82), manifest(web=80, bot=8081, news=83)
    old["upstreams"].append(elsewhere)
    new["upstreams"].append(elsewhere)
    assert divisible(old, new) == {"web"}

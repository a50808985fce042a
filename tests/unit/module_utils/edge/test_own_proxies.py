"""A team's own proxies: which are reloaded when services behind them were replaced, and how."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from ansible_collections.slipway.stack.plugins.module_utils.edge import own_proxies
from ansible_collections.slipway.stack.plugins.module_utils.engine import container_exec
from ansible_collections.slipway.stack.plugins.module_utils.engine.docker import Container, DockerError
from ansible_collections.slipway.stack.plugins.module_utils.release.plan import plan
from ansible_collections.slipway.stack.plugins.module_utils.release.replacement import (
    IN_PLACE,
    RUN_ONCE,
    START_FIRST,
    STOP_FIRST,
    replacement,
)
from ansible_collections.slipway.stack.plugins.module_utils.state.journal import Journal, RolloutFailed

from tests.support.fake_host import container


def _container(service: str, state: str = "running") -> Container:
    return container(service, id=f"id-{service}", name=f"s-{service}-1", state=state, health=None)


class _Running:
    def __init__(self, *containers: Container) -> None:
        self._found = {one.service: [one] for one in containers}

    def find(self) -> dict[str, list[Container]]:
        return self._found


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    return Journal(tmp_path / "journal.jsonl", "r1")


def _written(tmp_path: Path) -> list[tuple[str, str, str]]:
    records = map(json.loads, (tmp_path / "journal.jsonl").read_text().splitlines())
    return [(record["part"], record["state"], record["text"]) for record in records]


@pytest.fixture
def processes(monkeypatch: pytest.MonkeyPatch) -> dict[int, str]:
    """The processes of the proxy, by process id. A test changes them."""
    running = {1: "nginx: master process nginx -g daemon off;"}
    monkeypatch.setattr(container_exec, "processes", lambda _id: dict(running))
    monkeypatch.setattr(container_exec, "command_line", lambda pid: running.get(pid, ""))
    return running


@pytest.mark.usefixtures("processes")
@pytest.mark.parametrize(
    ("program", "command"),
    [
        ("nginx", ["id-proxy", "nginx", "-s", "reload"]),
        ("haproxy", ["id-proxy"]),
        ("httpd", ["id-proxy", "httpd", "-k", "graceful"]),
    ],
)
def test_a_proxy_that_resolves_names_once_is_reloaded(
    monkeypatch: pytest.MonkeyPatch, journal: Journal, tmp_path: Path, program: str, command: list[str]
) -> None:
    commands: list[list[str]] = []
    monkeypatch.setattr(container_exec, "execute", lambda one, command: commands.append([one, *command]))
    monkeypatch.setattr(container_exec, "send_sighup", lambda one: commands.append([one]))
    running: Any = _Running(_container("proxy"), _container("web"))
    own_proxies.reload_proxies(
        {"proxy": {"own_proxy": program}, "web": {"own_proxy": None}}, running, journal, "switch"
    )
    assert commands == [command]
    assert _written(tmp_path) == [
        ("reload", "started", ""),
        ("reload", "done", "reloaded; resolves the names in its configuration again"),
    ]


@pytest.mark.parametrize(
    ("program", "worker"),
    [
        ("nginx", "nginx: worker process"),
        ("openresty", "nginx: worker process"),
        ("httpd", "/usr/local/apache2/bin/httpd -DFOREGROUND"),
        ("haproxy", "haproxy -W -db -f /usr/local/etc/haproxy/haproxy.cfg"),
    ],
)
def test_workers_from_before_the_reload_end_before_anything_else_happens(
    monkeypatch: pytest.MonkeyPatch, journal: Journal, processes: dict[int, str], program: str, worker: str
) -> None:
    processes |= {2: worker, 3: worker, 4: "rotatelogs /var/log/access"}
    asked: list[int] = []

    def command_line(pid: int) -> str:
        asked.append(pid)
        if len(asked) == 5:
            # A worker that was started by the reload counts as little as the logger.
            processes.update({5: worker})
            del processes[2], processes[3]
        return processes.get(pid, "")

    monkeypatch.setattr(container_exec, "execute", lambda one, command: "")
    monkeypatch.setattr(container_exec, "send_sighup", lambda one: None)
    monkeypatch.setattr(container_exec, "command_line", command_line)
    running: Any = _Running(_container("proxy"))
    own_proxies.reload_proxies({"proxy": {"own_proxy": program}}, running, journal, "switch")
    assert set(asked) == {2, 3}
    assert set(processes) == {1, 4, 5}
    asked.clear()
    own_proxies.reload_proxies({"proxy": {"own_proxy": program}}, running, journal, "finalize", wait_for_workers=False)
    assert asked == []


def test_a_worker_with_a_long_request_is_waited_for_ten_seconds(
    monkeypatch: pytest.MonkeyPatch, journal: Journal, processes: dict[int, str]
) -> None:
    processes[2] = "nginx: worker process is shutting down"
    slept: list[float] = []
    clock = SimpleNamespace(monotonic=lambda: sum(slept), sleep=slept.append)
    monkeypatch.setattr(own_proxies, "time", clock)
    monkeypatch.setattr(container_exec, "execute", lambda one, command: "")
    running: Any = _Running(_container("proxy"))
    own_proxies.reload_proxies({"proxy": {"own_proxy": "nginx"}}, running, journal, "switch")
    assert sum(slept) == pytest.approx(10, abs=0.1)


@pytest.mark.parametrize("program", ["caddy", "traefik", "other", "", None])
def test_a_proxy_that_resolves_names_again_by_itself_is_not_reloaded(
    monkeypatch: pytest.MonkeyPatch, journal: Journal, program: str | None
) -> None:
    monkeypatch.setattr(container_exec, "execute", lambda _id, command: pytest.fail(f"ran {command}"))
    monkeypatch.setattr(container_exec, "send_sighup", lambda _id: pytest.fail("sent SIGHUP"))
    running: Any = _Running(_container("proxy"))
    own_proxies.reload_proxies({"proxy": {"own_proxy": program}}, running, journal, "switch")


@pytest.mark.usefixtures("processes")
def test_a_proxy_that_refuses_its_configuration_fails_the_rollout(
    monkeypatch: pytest.MonkeyPatch, journal: Journal, tmp_path: Path
) -> None:
    def refuse(*_: Any, **__: Any) -> str:
        raise DockerError("host not found in upstream", ("line",))

    monkeypatch.setattr(container_exec, "execute", refuse)
    running: Any = _Running(_container("proxy"))
    with pytest.raises(
        RolloutFailed, match="service 'proxy': the proxy cannot be reloaded: host not found in upstream"
    ):
        own_proxies.reload_proxies({"proxy": {"own_proxy": "nginx"}}, running, journal, "switch")
    assert _written(tmp_path) == [("reload", "started", "")]


def _spec(**keys: Any) -> dict[str, Any]:
    defaults = {"class": "rolling", "ports": [], "edge": False, "pod": None, "replicas": 1, "start_seconds": 0}
    settings = {"image": keys.pop("image", "a:1"), "environment": {}}
    return {**defaults, "secrets": {}, "pinned": settings["image"], "settings": settings, "own_proxy": None, **keys}


def test_the_plan_contains_the_reload_of_a_proxy() -> None:
    proxy = _spec(own_proxy="nginx", ports=["80:80"])
    old = {"services": {"proxy": proxy, "web": _spec()}, "addresses": {}}
    new = {"services": {"proxy": proxy, "web": _spec(image="a:2")}, "addresses": {}}
    running = {"proxy": [_container("proxy")], "web": [_container("web")]}
    entries = {entry["service"]: entry for entry in plan(old, new, running, edge_changed=False)}
    assert entries["web"]["action"] == "roll"
    assert (entries["proxy"]["action"], entries["proxy"]["downtime"]) == ("reload", False)
    assert entries["proxy"]["because"] == ["replacement of web"]
    again = plan(new, new, running, edge_changed=False)
    assert {entry["action"] for entry in again} == {"unchanged"}


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        (_spec(), START_FIRST),
        (_spec(alone="container_name"), IN_PLACE),
        (_spec(alone="container_name", **{"class": "singleton"}), IN_PLACE),
        (_spec(**{"class": "singleton"}), STOP_FIRST),
        (_spec(alone="network_mode", edge=True), START_FIRST),
        (_spec(alone="container_name", **{"class": "oneshot"}), RUN_ONCE),
    ],
)
def test_a_service_that_can_run_only_once_is_replaced_in_place(spec: dict[str, Any], expected: str) -> None:
    assert replacement(spec) == expected


def test_a_one_shot_with_the_image_of_a_proxy_is_not_reloaded() -> None:
    spec = {"own_proxy": "nginx", "class": "oneshot"}
    assert own_proxies.needs_reload({**spec, "class": "rolling"})
    assert not own_proxies.needs_reload(spec)

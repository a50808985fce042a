"""nginx that leaves its port to another one, and comes back to it."""

from __future__ import annotations

import pytest
from ansible_collections.slipway.stack.plugins.module_utils.edge import nginx
from ansible_collections.slipway.stack.plugins.module_utils.edge.endpoint import EdgeError
from ansible_collections.slipway.stack.plugins.module_utils.engine import container_exec
from ansible_collections.slipway.stack.plugins.module_utils.engine.docker import DockerError
from ansible_collections.slipway.stack.plugins.module_utils.state.layout import Home

from tests.support.on_host import container, spec


class Master:
    """An nginx whose reload shows only at the third look at its worker of before."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.commands: list[list[str]] = []
        self.since_reload = 0
        monkeypatch.setattr(container_exec, "execute", lambda _id, command: self.commands.append(command))
        monkeypatch.setattr(container_exec, "send_sighup", lambda _id: self.commands.append(["HUP"]))
        monkeypatch.setattr(container_exec, "processes", lambda _id: self._processes())
        monkeypatch.setattr(container_exec, "command_line", self._words)
        monkeypatch.setattr(nginx.time, "sleep", lambda _seconds: None)

    def _words(self, number: int) -> str:
        self.since_reload += any("HUP" in command for command in self.commands)
        return self._processes()[number]

    def _processes(self) -> dict[int, str]:
        if self.since_reload > 2:
            worker = "nginx: worker process"
            return {1: "nginx: master process", 7: f"{worker} is shutting down", 9: worker}
        return {1: "nginx: master process", 7: "nginx: worker process"}


@pytest.fixture
def master(monkeypatch: pytest.MonkeyPatch) -> Master:
    return Master(monkeypatch)


def test_several_configurations_are_tested_at_once(master: Master) -> None:
    manifest = {"services": {"edge": spec(edge=True)}}
    nginx.test(Home(""), manifest, ["a", "b"], [container("edge")])
    versions = "/etc/slipway/edge/versions"
    script = f"nginx -t -q -c {versions}/a/nginx.conf && nginx -t -q -c {versions}/b/nginx.conf"
    assert master.commands == [["sh", "-c", script]]


def test_it_is_told_what_nginx_complains_of(monkeypatch: pytest.MonkeyPatch) -> None:
    said = 'nginx: [emerg] unknown directive "servr" in /etc/slipway/edge/versions/a/nginx.conf:7'
    last = "nginx: configuration file /etc/slipway/edge/versions/a/nginx.conf test failed"

    def refuse(_id: str, _command: list[str]) -> str:
        raise DockerError(last, (said, last))

    monkeypatch.setattr(container_exec, "execute", refuse)
    manifest = {"services": {"edge": spec(edge=True)}}
    with pytest.raises(
        EdgeError, match=r"service 'edge': nginx refuses the configuration: unknown directive .*conf:7$"
    ):
        nginx.test(Home(""), manifest, ["a"], [container("edge")])


def test_one_that_keeps_its_workers_is_named(master: Master, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nginx, "_WORKERS_SECONDS", 0.0)
    manifest = {"services": {"edge": spec(edge=True)}}
    with pytest.raises(EdgeError, match="goes on with the configuration of before"):
        nginx.reload(Home(""), manifest, [container("edge")])


def test_it_leaves_the_port_by_a_reload(master: Master) -> None:
    nginx.stop_accepting({}, [], [container("edge")])
    assert master.commands == [
        ["rm", "-f", "/tmp/listen.conf"],
        ["HUP"],
    ]


def test_it_is_back_only_once_it_has_workers_for_it(master: Master) -> None:
    nginx.resume_accepting({}, [], [container("edge")])
    assert master.since_reload == 3
    assert nginx.has_old_connections(Home(""), {}, [container("edge")])

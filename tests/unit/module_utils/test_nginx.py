"""nginx that leaves its port to another one, and comes back to it."""

from __future__ import annotations

import pytest
from ansible_collections.slipway.stack.plugins.module_utils import docker, nginx
from ansible_collections.slipway.stack.plugins.module_utils.layout import Home

from tests.support.on_host import container


class Master:
    """An nginx whose reload shows only at the third look at its processes."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.commands: list[list[str]] = []
        self.since_reload = 0
        monkeypatch.setattr(docker, "run", self._run)
        monkeypatch.setattr(nginx.time, "sleep", lambda _seconds: None)

    def _run(self, arguments: list[str], timeout: float | None = None) -> str:
        self.commands.append(arguments)
        if arguments[0] != "top":
            return ""
        self.since_reload += any("reload" in command for command in self.commands)
        lines = ["PID  COMMAND", "1  nginx: master process", "7  nginx: worker process"]
        if self.since_reload > 2:
            lines[2] = "7  nginx: worker process is shutting down"
            lines.append("9  nginx: worker process")
        return "\n".join(lines)


@pytest.fixture
def master(monkeypatch: pytest.MonkeyPatch) -> Master:
    return Master(monkeypatch)


def test_it_leaves_the_port_by_a_reload(master: Master) -> None:
    nginx.close_port({}, [], [container("edge")])
    assert master.commands == [
        ["exec", "edge1", "rm", "-f", "/tmp/listen.conf"],
        ["exec", "edge1", "nginx", "-s", "reload", "-c", "/etc/slipway/edge/current/nginx.conf"],
    ]


def test_it_is_back_only_once_it_has_workers_for_it(master: Master) -> None:
    nginx.open_port({}, [], [container("edge")])
    assert master.since_reload == 3
    assert nginx.leaving(Home(""), {}, [container("edge")])

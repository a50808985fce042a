"""nginx on the host: its test, its reload, and its port."""

from __future__ import annotations

import pytest
from ansible_collections.slipway.stack.plugins.module_utils.edge import nginx
from ansible_collections.slipway.stack.plugins.module_utils.edge.endpoint import EdgeError
from ansible_collections.slipway.stack.plugins.module_utils.engine import container_exec, docker, restart
from ansible_collections.slipway.stack.plugins.module_utils.engine.docker import Container, DockerError
from ansible_collections.slipway.stack.plugins.module_utils.state.layout import Home

from tests.support.fake_host import container, spec
from tests.support.own_time import give_time


class Master:
    """A fake nginx whose old worker shuts down at the third look at it after a reload."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.commands: list[list[str]] = []
        self.since_reload = 0
        monkeypatch.setattr(container_exec, "execute", lambda _id, command: self.commands.append(command))
        monkeypatch.setattr(container_exec, "send_sighup", lambda _id: self.commands.append(["HUP"]))
        monkeypatch.setattr(container_exec, "processes", lambda _id: self._processes())
        monkeypatch.setattr(container_exec, "command_line", self._command_line)
        give_time(monkeypatch, nginx, sleep=lambda _seconds: None)

    def _command_line(self, pid: int) -> str:
        self.since_reload += any("HUP" in command for command in self.commands)
        return self._processes()[pid]

    def _processes(self) -> dict[int, str]:
        if self.since_reload > 2:
            worker = "nginx: worker process"
            return {1: "nginx: master process", 7: f"{worker} is shutting down", 9: worker}
        return {1: "nginx: master process", 7: "nginx: worker process"}


@pytest.fixture
def master(monkeypatch: pytest.MonkeyPatch) -> Master:
    return Master(monkeypatch)


def test_a_port_that_speaks_two_protocols_is_two_upstreams() -> None:
    upstreams = [{"service": "web", "port": 80}, {"service": "web", "port": 80, "protocol": "grpc"}]
    files = nginx.host_files({"release": "r1", "upstreams": upstreams}, {"web": ["shop-web-1"]}, None)
    server = "server shop-web-1:80 resolve max_fails=0;\n"
    assert (files["upstreams/web_80.conf"], files["upstreams/web_80_grpc.conf"]) == (server, server)


def test_hosts_that_do_not_answer_or_are_drained_get_nothing() -> None:
    upstream = {"service": "web", "port": 80, "servers": [["app1", "10.0.0.3", 8480], ["app2", "fd00::4", 8480]]}
    files = nginx.host_files({"release": "r1", "upstreams": [upstream]}, {}, None, {"app2"})
    assert files["upstreams/web_80.conf"] == (
        "server 10.0.0.3:8480 max_fails=1 fail_timeout=5s;\nserver [fd00::4]:8480 max_fails=1 fail_timeout=5s down;\n"
    )


def test_several_configurations_are_tested_in_one_command(master: Master) -> None:
    manifest = {"services": {"edge": spec(edge=True)}}
    nginx.test(Home(""), manifest, ["a", "b"], [container("edge")])
    versions = "/etc/slipway/edge/versions"
    script = f"nginx -t -q -c {versions}/a/nginx.conf && nginx -t -q -c {versions}/b/nginx.conf"
    assert master.commands == [["sh", "-c", script]]


@pytest.mark.parametrize(
    ("pods", "first"),
    [
        ([], [["compose", "up", "--no-build", "--pull", "never", "--no-deps", "--detach", "edge-pod"]]),
        # The live edge may be in it, so it is not replaced.
        ([container("edge-pod")], []),
        ([container("edge-pod", state="exited")], [["start", "edge-pod1"]]),
    ],
)
def test_an_edge_without_a_container_is_tested_in_its_pod(
    monkeypatch: pytest.MonkeyPatch, pods: list[Container], first: list[list[str]]
) -> None:
    commands: list[list[str]] = []
    monkeypatch.setattr(docker, "containers", lambda *_: pods)
    monkeypatch.setattr(restart, "run", lambda arguments, **_: commands.append(arguments))
    services = {"edge-pod": spec(), "edge": spec(edge=True, pod="edge-pod")}
    nginx.test(Home("/opt/shop"), {"release": "r1", "stack": "shop", "services": services}, ["a"], [])
    assert commands[:-1] == first
    assert commands[-1][:5] == ["compose", "run", "--rm", "--no-deps", "-T"]


def test_the_error_of_nginx_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    error = 'nginx: [emerg] unknown directive "servr" in /etc/slipway/edge/versions/a/nginx.conf:7'
    last = "nginx: configuration file /etc/slipway/edge/versions/a/nginx.conf test failed"

    def refuse(_id: str, _command: list[str]) -> str:
        raise DockerError(last, (error, last))

    monkeypatch.setattr(container_exec, "execute", refuse)
    manifest = {"services": {"edge": spec(edge=True)}}
    with pytest.raises(
        EdgeError, match=r"service 'edge': nginx refuses the configuration: unknown directive .*conf:7$"
    ):
        nginx.test(Home(""), manifest, ["a"], [container("edge")])


def test_an_nginx_that_keeps_its_workers_is_named(master: Master, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nginx, "_WORKERS_SECONDS", 0.0)
    manifest = {"services": {"edge": spec(edge=True)}}
    with pytest.raises(EdgeError, match="shop-edge-1 still uses its previous configuration"):
        nginx.reload(Home(""), manifest, [container("edge")])


def test_nginx_stops_listening_with_a_reload(master: Master) -> None:
    nginx.stop_accepting({}, [], [container("edge")])
    assert master.commands == [
        ["rm", "-f", "/tmp/listen.conf"],
        ["HUP"],
    ]


def test_nginx_listens_again_when_its_old_workers_shut_down(master: Master) -> None:
    nginx.resume_accepting({}, [], [container("edge")])
    assert master.since_reload == 3
    assert nginx.has_old_connections(Home(""), {}, [container("edge")])

"""Whether services reach what they need on other hosts."""

from __future__ import annotations

import os
import socket

import pytest
from ansible_collections.slipway.stack.plugins.module_utils.edge import reaching
from ansible_collections.slipway.stack.plugins.module_utils.engine import container_exec

from tests.support.fake_host import container, spec


@pytest.fixture(autouse=True)
def _own_network(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(container_exec, "main_pid", lambda _: os.getpid())


def test_a_port_that_answers_is_reached() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        found = {"services": {"web": spec(reaches={"db": ["127.0.0.1", port]}), "page": spec()}}
        assert list(reaching.problems(found, {"web": [container("web")], "page": [container("page")]})) == []
    # The same port, closed.
    assert list(reaching.problems(found, {"web": [container("web")]})) == [
        f"service 'web': cannot reach 'db' at 127.0.0.1, port {port}: Connection refused"
    ]


def test_a_service_that_does_not_run_is_not_asked() -> None:
    found = {"services": {"web": spec(reaches={"db": ["127.0.0.1", 1]})}}
    for running in ({}, {"web": [container("web", state="exited")]}):
        assert list(reaching.problems(found, running)) == []


def test_an_edge_reaches_the_hosts_that_take_its_requests() -> None:
    servers = [["app1", "127.0.0.1", 1], ["app2", "127.0.0.1", 1]]
    found = {
        "services": {"edge": spec(edge=True, pod="edge-pod"), "edge-pod": spec()},
        "upstreams": [{"service": "web", "port": 8000, "servers": servers}],
    }
    running = {"edge-pod": [container("edge-pod")]}
    said = "service 'edge': cannot reach host {} at 127.0.0.1, port 1: Connection refused"
    assert list(reaching.problems(found, running)) == [said.format("app1"), said.format("app2")]
    # Nobody sends anything to a host that is drained.
    assert list(reaching.problems(found, running, {"app1"})) == [said.format("app2")]

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
        services = {"web": spec(reaches={"db": ["127.0.0.1", port]}), "page": spec()}
        assert list(reaching.problems(services, {"web": [container("web")], "page": [container("page")]})) == []
    # The same port, closed.
    assert list(reaching.problems(services, {"web": [container("web")]})) == [
        f"service 'web': cannot reach 'db' at 127.0.0.1, port {port}: Connection refused"
    ]


def test_a_service_that_does_not_run_is_not_asked() -> None:
    services = {"web": spec(reaches={"db": ["127.0.0.1", 1]})}
    for running in ({}, {"web": [container("web", state="exited")]}):
        assert list(reaching.problems(services, running)) == []

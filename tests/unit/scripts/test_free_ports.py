"""Ports of this machine that an example needs: taken ones are named before the engine refuses them."""

from __future__ import annotations

import io
import json
import socket
import sys
from collections.abc import Iterator

import pytest

from scripts import free_ports
from tests.contracts.checkout import ROOT


@pytest.fixture(name="taken")
def _taken() -> Iterator[int]:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield listener.getsockname()[1]


def test_a_taken_port_is_named(taken: int, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    sentence = f"error: port {taken} of this machine is taken by another process; stop it, and run this again\n"
    assert free_ports.main([f"127.0.0.1:{taken}"]) == 1
    assert capsys.readouterr().err == sentence
    ports = [{"host_ip": "127.0.0.1", "published": str(taken), "target": 80}, {"target": 81}]
    monkeypatch.setattr(sys, "stdin", io.StringIO(json.dumps({"services": {"web": {"ports": ports}, "job": {}}})))
    assert free_ports.main([]) == 1
    assert capsys.readouterr().err == sentence


def test_the_container_that_has_it_is_named(taken: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(free_ports, "_holder", lambda _port: "the container example")
    assert free_ports.problems([("127.0.0.1", taken)]) == [
        f"port {taken} of this machine is taken by the container example; stop it, and run this again"
    ]


def test_a_free_port_is_accepted(taken: int) -> None:
    assert free_ports.problems([("127.0.0.2", taken)]) == []


def test_an_example_on_a_server_and_one_on_this_machine_have_ports_of_their_own() -> None:
    server = (ROOT / "scripts/example.sh").read_text()
    here = (ROOT / "scripts/example_here.sh").read_text()
    assert '--publish "127.0.0.1:8424:$port"' in server
    assert "EDGE_PORT=8425" in here
    assert "scripts.free_ports" in server
    assert here.index("scripts.free_ports") < here.index("docker compose up --detach")

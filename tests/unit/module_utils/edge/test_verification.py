"""A verification whose probes are not answered, or whose health checks begin anew."""

from __future__ import annotations

import http.server
import threading
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.slipway.stack.plugins.module_utils.edge import probe, verification
from ansible_collections.slipway.stack.plugins.module_utils.engine.docker import Container
from ansible_collections.slipway.stack.plugins.module_utils.state.abort import watch
from ansible_collections.slipway.stack.plugins.module_utils.state.journal import RolloutFailed
from ansible_collections.slipway.stack.plugins.module_utils.state.layout import Home

from tests.support.fake_host import container, spec
from tests.support.hostile_server import serving, within
from tests.support.own_time import give_time


def test_a_rollout_can_be_aborted_between_probes_that_wait(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    checks = []

    def check() -> None:
        checks.append(1)
        if len(checks) == 2:
            raise RolloutFailed("somebody aborted the rollout")

    monkeypatch.setattr(watch, "check", check)
    monkeypatch.setattr(probe.probe, "__defaults__", (0.3, probe.GET, None, None))
    with serving(lambda: [(60.0, b"")]) as port, within(2.0):
        manifest = {
            "release": "r1",
            "domain": "",
            "services": {"edge": spec(edge=True, ports=[f"127.0.0.1:{port}:8080"])},
            "probes": [{"path": f"/{number}", "status": None, "contains": None} for number in range(20)],
        }
        with pytest.raises(RolloutFailed, match="aborted"):
            verification.verify(Home(str(tmp_path)), manifest, 60.0, dict)


class _Echo(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200 if self.path == "/" else 500)
        self.send_header("X-Release", "r1")
        self.end_headers()
        self.wfile.write(str(self.headers["Host"]).encode())

    def log_message(self, *_arguments: Any) -> None:
        """Log nothing."""


def test_a_probe_asks_for_the_host_name_of_its_route(tmp_path: Path) -> None:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Echo) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        port = server.server_address[1]
        probes = [
            {"path": "/", "status": None, "contains": "shop.example.com"},
            {"path": "/", "status": None, "contains": "api.example.com", "host": "api.example.com"},
            {"path": "/a", "status": None, "contains": None, "host": "api.example.com"},
        ]
        manifest = {
            "release": "r1",
            "domain": "shop.example.com",
            "services": {"edge": spec(edge=True, ports=[f"127.0.0.1:{port}:8080"])},
            "probes": probes,
        }
        found = verification.verify(Home(str(tmp_path)), manifest, 0.0, lambda: {"edge": [container(health="healthy")]})
        server.shutdown()
    assert found.problems == [f"service 'edge': http://127.0.0.1:{port}/a for api.example.com answered 500"]


def _verify(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, healthy_after: float, starting: bool, health: str = "starting"
) -> tuple[list[str], float]:
    """Verify for 1 s a service that is healthy after some seconds; return the problems and the seconds that passed."""
    now = [1000.0]
    give_time(monkeypatch, verification, monotonic=lambda: now[0])
    give_time(monkeypatch, verification, sleep=lambda seconds: now.__setitem__(0, now[0] + seconds))
    monkeypatch.setattr(verification.health_check, "diagnostics", lambda _verdict: ())

    def find() -> dict[str, list[Container]]:
        return {"web": [container(health="healthy" if now[0] > 1000.0 + healthy_after else health)]}

    manifest = {"release": "r1", "stack": "shop", "services": {"web": spec(start_seconds=60.0)}, "probes": []}
    found = verification.verify(Home(str(tmp_path)), manifest, 1.0, find, starting=starting)
    return found.problems, now[0] - 1000.0


def test_a_health_check_that_begins_anew_gets_the_time_of_a_start(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    problems, seconds = _verify(monkeypatch, tmp_path, healthy_after=40.0, starting=True)
    assert problems == []
    assert 40 < seconds < 41


def test_it_gets_no_more_than_that(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    problems, seconds = _verify(monkeypatch, tmp_path, healthy_after=1000.0, starting=True)
    assert problems == ["service 'web': 0 of 1 up, shop-web-1 is starting"]
    # 60 s of its health check, and the margin.
    assert 90 < seconds < 91


@pytest.mark.parametrize(("health", "starting"), [("unhealthy", True), ("starting", False)])
def test_other_problems_have_the_time_of_the_verification(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, health: str, starting: bool
) -> None:
    problems, seconds = _verify(monkeypatch, tmp_path, healthy_after=1000.0, starting=starting, health=health)
    assert len(problems) == 1
    assert 1 < seconds < 2

"""A verification whose probes are not answered, or whose health checks begin anew."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.slipway.stack.plugins.module_utils.edge import probe, verification
from ansible_collections.slipway.stack.plugins.module_utils.engine.docker import Container
from ansible_collections.slipway.stack.plugins.module_utils.state.abort import watch
from ansible_collections.slipway.stack.plugins.module_utils.state.journal import RolloutFailed
from ansible_collections.slipway.stack.plugins.module_utils.state.layout import Home

from tests.support.fake_host import container, spec
from tests.support.hostile_server import serving, within


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


def _verify(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, healthy_after: float, starting: bool, health: str = "starting"
) -> tuple[list[str], float]:
    """Verify for 1 s a service that is healthy after some seconds; return the problems and the seconds that passed."""
    now = [1000.0]
    monkeypatch.setattr(verification.time, "monotonic", lambda: now[0])
    monkeypatch.setattr(verification.time, "sleep", lambda seconds: now.__setitem__(0, now[0] + seconds))
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

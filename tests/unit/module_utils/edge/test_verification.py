"""A verification whose probes are not answered."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.slipway.stack.plugins.module_utils.edge import probe, verification
from ansible_collections.slipway.stack.plugins.module_utils.state.abort import watch
from ansible_collections.slipway.stack.plugins.module_utils.state.journal import RolloutFailed
from ansible_collections.slipway.stack.plugins.module_utils.state.layout import Home

from tests.support.fake_host import spec
from tests.support.hostile_server import serving, within


def test_a_rollout_can_be_aborted_between_probes_that_wait(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    checks = []

    def check() -> None:
        checks.append(1)
        if len(checks) == 2:
            raise RolloutFailed("somebody aborted the rollout")

    monkeypatch.setattr(watch, "check", check)
    monkeypatch.setattr(probe.probe, "__defaults__", (0.3, probe.GET))
    with serving(lambda: [(60.0, b"")]) as port, within(2.0):
        manifest = {
            "release": "r1",
            "domain": "",
            "services": {"edge": spec(edge=True, ports=[f"127.0.0.1:{port}:8080"])},
            "probes": [{"path": f"/{number}", "status": None, "contains": None} for number in range(20)],
        }
        with pytest.raises(RolloutFailed, match="aborted"):
            verification.verify(Home(str(tmp_path)), manifest, 60.0, dict)

from __future__ import annotations

import pytest
from ansible_collections.slipway.stack.plugins.module_utils.engine.health_check import Verdict, diagnostics

from tests.support.fake_host import container


def test_diagnostics_have_the_log_and_the_output_of_the_health_check(monkeypatch: pytest.MonkeyPatch) -> None:
    log = ["web1, last 20", "Traceback"]
    monkeypatch.setattr(f"{diagnostics.__module__}.last_lines", lambda *asked: log if asked[:2] == ("web1", 20) else [])
    unhealthy = container(health="unhealthy", probe_output="\n".join(f"line {n}" for n in range(8)))
    assert diagnostics(Verdict("down", "shop-web-1 is unhealthy", unhealthy)) == (
        "last log lines of shop-web-1:",
        "  web1, last 20",
        "  Traceback",
        "health check output of shop-web-1:",
        *(f"  line {n}" for n in range(3, 8)),
    )
    assert diagnostics(Verdict("down", "0 of 1 up")) == ()

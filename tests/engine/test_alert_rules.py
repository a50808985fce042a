"""promtool, the checker of Prometheus, reads the metrics, the alert rules and their tests. A few seconds."""

from __future__ import annotations

import re
import subprocess
from dataclasses import replace

import pytest
import yaml
from ansible_collections.slipway.stack.plugins.module_utils.monitoring import exposition
from ansible_collections.slipway.stack.plugins.module_utils.monitoring.measuring import Measured, gauges

from testbed import engine, images, shell
from tests.contracts.checkout import ROOT
from tests.support.measured import measured

PROMETHEUS = "prom/prometheus:v2.53"
EXAMPLES = ROOT / "examples/monitoring"


@pytest.fixture(scope="module", autouse=True)
def prometheus() -> None:
    with shell.locked("images"):
        engine.require()
        images.ensure([PROMETHEUS])


def _promtool(*words: str, text: str = "") -> subprocess.CompletedProcess[str]:
    where = ["--rm", "--interactive", "--network=none", "--entrypoint=promtool", "--workdir=/rules"]
    where += [f"--volume={EXAMPLES}:/rules:ro"]
    command = ["docker", "run", *where, PROMETHEUS, *words]
    return subprocess.run(command, input=text, capture_output=True, text=True, timeout=120, check=False)


@pytest.mark.parametrize("found", [measured(), replace(measured(), status=None, certificate=None)], ids=["all", "few"])
def test_the_metrics_are_clean(found: Measured) -> None:
    checked = _promtool("check", "metrics", text=exposition.text(gauges(found)))
    assert (checked.returncode, checked.stdout, checked.stderr) == (0, "", "")


def test_promtool_would_see_a_metric_without_help() -> None:
    assert _promtool("check", "metrics", text="slipway_engine_up 1\n").returncode != 0


def test_the_rules_are_valid_and_fire_when_they_should() -> None:
    checked = _promtool("check", "rules", "alerts.yml")
    assert checked.returncode == 0, checked.stdout + checked.stderr
    tested = _promtool("test", "rules", "alerts_test.yml")
    assert tested.returncode == 0, tested.stdout + tested.stderr


def test_each_alert_has_a_test_that_it_fires_and_one_that_it_does_not() -> None:
    groups = yaml.safe_load((EXAMPLES / "alerts.yml").read_text())["groups"]
    names = {rule["alert"] for group in groups for rule in group["rules"]}
    cases = yaml.safe_load((EXAMPLES / "alerts_test.yml").read_text())["tests"]
    asked = [one for case in cases for one in case["alert_rule_test"]]
    assert {one["alertname"] for one in asked if one["exp_alerts"]} == names
    # A failed drill is an alert at once; the result of a restore in the same case is none.
    assert {one["alertname"] for one in asked if not one["exp_alerts"]} == names - {"SlipwayBackupFailed"}


def test_rules_and_dashboard_read_metrics_that_there_are() -> None:
    there = {gauge.name for gauge in gauges(measured())}
    for name in ("alerts.yml", "dashboard.json"):
        used = set(re.findall(r"slipway_\w+", (EXAMPLES / name).read_text()))
        assert used, name
        assert used <= there, name

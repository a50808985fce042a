"""The metrics of a stack: what each says, and what a stack that lacks something does not have."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from ansible_collections.slipway.stack.plugins.module_utils.monitoring import exposition
from ansible_collections.slipway.stack.plugins.module_utils.monitoring.exposition import Gauge
from ansible_collections.slipway.stack.plugins.module_utils.monitoring.measuring import Measured, gauges

from tests.support.fake_host import container, spec
from tests.support.measured import NOW, measured

Values = Callable[..., dict[str, float]]


@pytest.fixture
def values() -> Values:
    def read(found: Measured) -> dict[str, float]:
        lines = [line for line in exposition.text(gauges(found)).splitlines() if not line.startswith("#")]
        return {name: float(value) for name, _, value in (line.rpartition(" ") for line in lines)}

    return read


def test_everything_that_a_stack_has(values: Values) -> None:
    found = values(measured())
    assert found == {
        'slipway_metrics_timestamp_seconds{stack="shop"}': NOW,
        'slipway_engine_up{stack="shop"}': 1,
        'slipway_release_info{stack="shop",release="r1",version="1.4",commit="abc"}': 1,
        'slipway_release_live_timestamp_seconds{stack="shop"}': NOW - 60,
        'slipway_service_containers_wanted{stack="shop",service="web"}': 2,
        'slipway_service_containers_wanted{stack="shop",service="seed"}': 1,
        'slipway_service_containers_healthy{stack="shop",service="web"}': 1,
        'slipway_service_containers_healthy{stack="shop",service="seed"}': 1,
        'slipway_drift{stack="shop"}': 1,
        'slipway_damaged_files{stack="shop"}': 0,
        'slipway_rollout_under_way{stack="shop"}': 0,
        'slipway_drained{stack="shop"}': 0,
        'slipway_maintenance{stack="shop"}': 0,
        'slipway_rollout_success{stack="shop"}': 0,
        'slipway_rollout_duration_seconds{stack="shop"}': 12.5,
        'slipway_rollout_timestamp_seconds{stack="shop"}': 1795773600,
        'slipway_certificate_expiry_timestamp_seconds{stack="shop"}': NOW + 86400,
        'slipway_certificate_missing_names{stack="shop"}': 1,
        'slipway_certificate_success{stack="shop"}': 0,
        'slipway_backup_exists{stack="shop"}': 1,
        'slipway_backup_timestamp_seconds{stack="shop"}': NOW - 3600,
        'slipway_backup_size_bytes{stack="shop"}': 2048,
        'slipway_backup_success{stack="shop",verb="take"}': 1,
        'slipway_backup_success{stack="shop",verb="drill"}': 0,
    }


@pytest.mark.parametrize(
    ("changes", "absent"),
    [
        ({"certificate": None}, "certificate"),
        ({"backups": {"services": [], "newest": None}}, "backup"),
        ({"rollouts": []}, "rollout_success"),
        ({"manifest": None}, "release_info"),
        ({"status": None}, "drift"),
    ],
)
def test_what_a_stack_does_not_have_has_no_metric(values: Values, changes: dict[str, Any], absent: str) -> None:
    assert any(absent in name for name in values(measured()))
    assert not any(absent in name for name in values(replace(measured(), **changes)))


def test_an_engine_that_does_not_answer_says_nothing_about_containers(values: Values) -> None:
    found = values(replace(measured(), status=None, containers={}))
    assert found['slipway_engine_up{stack="shop"}'] == 0
    assert not any("containers" in name for name in found)
    assert found['slipway_backup_exists{stack="shop"}'] == 1


@pytest.mark.parametrize(
    ("containers", "healthy"),
    [
        ([container("web"), container("web", 2)], 2),
        ([container("web"), container("web", 2, health="starting")], 1),
        ([container("web"), container("web", 2, state="exited", exit_code=1)], 1),
        ([container("web", restarts=3, health="starting"), container("web", 2)], 1),
        ([], 0),
    ],
)
def test_containers_that_are_up_are_counted(values: Values, containers: list[Any], healthy: int) -> None:
    found = values(replace(measured(), containers={"web": containers}))
    assert found['slipway_service_containers_healthy{stack="shop",service="web"}'] == healthy


def test_a_oneshot_that_has_completed_is_complete_without_its_container(values: Values) -> None:
    manifest = {"release": "r1", "services": {"seed": spec(**{"class": "oneshot"})}}
    found = values(replace(measured(), manifest=manifest, containers={}))
    assert found['slipway_service_containers_healthy{stack="shop",service="seed"}'] == 1
    failed = {"seed": [container("seed", state="exited", exit_code=1)]}
    found = values(replace(measured(), manifest=manifest, containers=failed))
    assert found['slipway_service_containers_healthy{stack="shop",service="seed"}'] == 0


def test_no_text_of_a_person_can_add_a_line_or_end_a_label() -> None:
    odd = 'a"} 1\nslipway_engine_up{stack="x"} \\'
    text = exposition.text([Gauge("slipway_release_info", "Of\nit.", (({"version": odd + "\udcff"}, 1),))])
    assert text.splitlines() == [
        "# HELP slipway_release_info Of\\nit.",
        "# TYPE slipway_release_info gauge",
        r'slipway_release_info{version="a\"} 1\nslipway_engine_up{stack=\"x\"} \\?"} 1',
    ]
    assert len(exposition.text([Gauge("a", "b", (({"version": "x" * 10_000}, 1),))])) < 300

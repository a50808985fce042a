"""The host writes metrics without a controller: on a timer, and when a rollout has ended."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from tests.support.depot import Depot
from tests.support.stacks import wait_until

Playbook = Callable[..., Any]
DIRECTORY = "/var/lib/node-exporter"
FILE = f"{DIRECTORY}/slipway-depot.prom"
#: An hour, so that in these tests it is not the timer that writes.
SETTINGS = {"monitoring_metrics_directory": DIRECTORY, "monitoring_metrics_every": 3600}


def _units(depot: Depot) -> str:
    return depot.stack.host.check_output("ls /etc/systemd/system | grep slipway-metrics || true")


def _metrics(depot: Depot) -> str:
    return depot.stack.host.run("cat %s", FILE).stdout


def test_a_directory_that_is_not_there_is_refused_before_anything_changes(depot: Depot, playbook: Playbook) -> None:
    before = depot.stack.tree()
    run = playbook("deploy", **SETTINGS, depot_version="9")
    assert run.code == 2
    assert f"monitoring_metrics_directory: {DIRECTORY} does not exist on this host" in run.output
    assert (depot.stack.tree(), _units(depot)) == (before, "")


def test_the_timer_writes_what_the_status_says(depot: Depot, playbook: Playbook) -> None:
    depot.stack.host.check_output("sudo mkdir %s", DIRECTORY)
    assert playbook("monitoring", "--check", **SETTINGS).changed == 1
    assert _units(depot) == ""
    run = playbook("monitoring", **SETTINGS)
    assert run.code == 0, run.output
    wait_until(lambda: "slipway_engine_up" in _metrics(depot), 30)
    text = _metrics(depot)
    assert f'slipway_release_info{{stack="depot",release="{depot.stack.live()}"' in text
    for service in ("db", "queue", "app"):
        for kind in ("wanted", "healthy"):
            assert f'slipway_service_containers_{kind}{{stack="depot",service="{service}"}} 1\n' in text
    # An earlier test may have failed one on purpose.
    succeeded = int(depot.stack.audit()[-1]["outcome"] == "ok")
    assert f'slipway_rollout_success{{stack="depot"}} {succeeded}\n' in text
    assert depot.stack.host.check_output("stat -c %%a %s", FILE) == "644"
    assert playbook("monitoring", **SETTINGS).changed == 0


def test_a_rollout_that_has_ended_is_in_the_metrics(depot: Depot, playbook: Playbook) -> None:
    before = depot.stack.live()
    run = playbook("deploy", **SETTINGS, depot_version="3")
    assert run.code == 0, run.output
    assert depot.stack.live() != before
    wait_until(lambda: depot.stack.live() in _metrics(depot), 30)
    seconds = re.search(r'slipway_rollout_duration_seconds{stack="depot"} ([\d.]+)', _metrics(depot))
    assert seconds
    assert float(seconds[1]) == depot.stack.audit()[-1]["seconds"]


def test_without_a_directory_the_units_and_the_metrics_are_gone(depot: Depot, playbook: Playbook) -> None:
    run = playbook("monitoring")
    assert run.code == 0, run.output
    assert (_metrics(depot), _units(depot)) == ("", "")
    assert playbook("monitoring").changed == 0

"""Receivers are told about rollouts and the work of timers; bad ones delay nothing, and the status names them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from tests.support.depot import Depot
from tests.support.long_form import LONG, ONLY_LONG
from tests.support.receiver import Receiver, receiving
from tests.support.stacks import wait_until

Playbook = Callable[..., Any]
EVENTS = ["rollout_started", "rollout_succeeded", "rollout_reverted", "rollout_failed", "backup_succeeded"]


@dataclass(frozen=True)
class Told:
    """A receiver that answers, and the variables with it and with three bad ones."""

    good: Receiver
    bad: dict[str, str]
    variables: dict[str, Any]

    def events(self) -> list[str]:
        """Return the names of the events that the good one got."""
        return [body["event"] for _, body in self.good.got]


@pytest.fixture(scope="module")
def told(host: Any) -> Iterator[Told]:
    here = host.check_output("ip -4 route show default").split()[2]
    with receiving(204, "") as good, receiving(0, "") as hanging, receiving(500, "") as failing:
        bad = {
            f"{here}:{hanging.server_port}": "it did not answer within 10 s",
            f"{here}:{failing.server_port}": "it answered 500",
            f"{here}:9": "Connection refused",
        }
        urls = [good.url_at(here), *(f"http://{one}/services/T0SECRETPATH" for one in bad)]
        receivers = [{"url": url, "events": EVENTS} for url in urls]
        yield Told(good, bad, {"monitoring_receivers": receivers})


def test_a_receiver_that_cannot_be_is_refused_before_anything_changes(depot: Depot, playbook: Playbook) -> None:
    before = depot.stack.tree()
    wrong = [{"url": "https://hooks.example.com/T0SECRETPATH", "events": ["rollout_faild"]}]
    run = playbook("deploy", monitoring_receivers=wrong, depot_version="9")
    assert run.code == 2
    assert "monitoring_receivers, entry 1, key 'events': there is no event 'rollout_faild'; did you mean" in run.output
    assert "T0SECRETPATH" not in run.output
    run = playbook("deploy", monitoring_receivers=[{"command": "/missing/page --now"}], depot_version="9")
    assert run.code == 2
    assert "monitoring_receivers, command /missing/page: /missing/page is no program of this host" in run.output
    assert depot.stack.tree() == before


def test_bad_receivers_do_not_delay_a_rollout(depot: Depot, playbook: Playbook, told: Told) -> None:
    usual = max(line["seconds"] for line in depot.stack.audit() if line["outcome"] == "ok")
    run = playbook("deploy", **told.variables, depot_version=f"told-{told.good.server_port}")
    assert run.code == 0, run.output
    last = depot.stack.audit()[-1]
    # One receiver alone hangs for three times ten seconds.
    assert last["seconds"] < usual + 15
    wait_until(lambda: len(told.good.got) == 2)
    (_, began), (path, ended) = told.good.got
    assert (path, began["event"], ended["event"]) == (
        "/services/T0SECRETPATH",
        "rollout_started",
        "rollout_succeeded",
    )
    assert [ended[key] for key in ("release", "owner", "stack")] == [last["release"], last["owner"], "depot"]
    # It was told when the release was proven, and the old containers stopped afterwards.
    assert 0 < ended["seconds"] <= last["seconds"]


@ONLY_LONG
def test_a_rollout_that_is_reverted_says_why_and_no_secret(depot: Depot, playbook: Playbook, told: Told) -> None:
    told.good.got.clear()
    run = playbook("deploy", **told.variables, depot_version="6'), (1/0::text) --")
    assert run.code == 2
    wait_until(lambda: "rollout_reverted" in told.events())
    reason = told.good.got[-1][1]["reason"]
    assert "app" in reason
    assert reason.endswith("keeps serving")
    password = depot.stack.host.check_output("sudo sh -c %s", f"cat {depot.stack.home}/secrets/generated/*")
    assert not any(line in str(told.good.got) for line in password.split())


def test_the_timer_of_backups_tells_how_it_ended(depot: Depot, told: Told) -> None:
    depot.stack.host.check_output("sudo systemctl start slipway-backup-depot.service")
    wait_until(lambda: "backup_succeeded" in told.events())


def test_the_status_names_the_bad_ones_without_their_secrets(depot: Depot, playbook: Playbook, told: Told) -> None:
    state = f"{depot.stack.home}/state"
    # The one that hangs takes three times ten seconds.
    for address, reason in list(told.bad.items())[0 if LONG else 1 :]:
        line = rf"webhook http://{address}/\*\*\* last failed at \S+ \(\w+\) because {reason}"
        wait_until(lambda line=line: re.search(line, playbook("status").output) is not None, 120)
    output = playbook("status", "-vvv").output
    assert "/*** last told at" in output
    assert "T0SECRETPATH" not in output
    # The journal has the commands of sudo, this one among them.
    search = f"grep -rl 'T0SECRET[P]ATH' {state} /etc/systemd /var/log || true"
    found = depot.stack.host.check_output("sudo sh -c %s", search)
    assert found == f"{state}/monitoring.json"
    assert depot.stack.host.check_output("sudo stat -c %%a %s", found) == "600"


def test_a_second_run_changes_nothing_and_without_receivers_all_is_gone(
    depot: Depot, playbook: Playbook, told: Told
) -> None:
    run = playbook("monitoring", "-vvv", **told.variables)
    assert run.changed == 0
    assert playbook("monitoring").changed == 1
    check = depot.stack.host.check_output
    assert check("ls /etc/systemd/system | grep slipway-notify || true") == ""
    assert check("sudo sh -c %s", f"grep -rl 'T0SECRET[P]ATH' {depot.stack.home}/state || true") == ""
    assert "receivers:" not in playbook("status").output

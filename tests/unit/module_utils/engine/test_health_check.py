from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

import pytest
from ansible_collections.slipway.stack.plugins.module_utils.engine import docker
from ansible_collections.slipway.stack.plugins.module_utils.engine.docker import Container
from ansible_collections.slipway.stack.plugins.module_utils.engine.health_check import (
    MAX_RESTARTS,
    Verdict,
    by_service,
    diagnostics,
    judge,
    wait_until_up,
)

from tests.support.on_host import FakeClock, container, spec

STARTING = container(health="starting")
UNCHECKED = container(health=None)


@pytest.mark.parametrize(
    ("changes", "containers", "state", "reason"),
    [
        ({}, [container()], "up", "1 of 1 healthy"),
        ({"replicas": 2}, [container(), container(number=2)], "up", "2 of 2 healthy"),
        ({"start_seconds": 0.0}, [UNCHECKED], "up", "1 of 1 running"),
        ({}, [], "waiting", "0 of 1 up"),
        ({}, [STARTING], "waiting", "0 of 1 up, shop-web-1 is starting"),
        ({}, [container(state="created", health=None)], "waiting", "0 of 1 up, shop-web-1 is created"),
        ({}, [container(state="restarting", health=None)], "waiting", "0 of 1 up, shop-web-1 is restarting"),
        # Healthy once, but not now.
        ({}, [container(state="restarting")], "waiting", "0 of 1 up, shop-web-1 is restarting"),
        ({"replicas": 2}, [container()], "waiting", "1 of 2 up"),
        (
            {"replicas": 2},
            [container(), container(number=2, health="starting")],
            "waiting",
            "1 of 2 up, shop-web-2 is starting",
        ),
        ({}, [container(), container(number=2)], "waiting", "2 containers, 1 expected"),
        ({}, [container(health="unhealthy")], "down", "shop-web-1 is unhealthy"),
        ({}, [container(state="exited", exit_code=137, health=None)], "down", "shop-web-1 exited with code 137"),
        ({}, [container(state="exited", exit_code=0, health=None)], "down", "shop-web-1 exited with code 0"),
        ({}, [container(state="dead", exit_code=1, health=None)], "down", "shop-web-1 exited with code 1"),
        ({}, [container(state="paused")], "down", "shop-web-1 is paused"),
        # As Docker has those it stopped or paused: unhealthy besides.
        ({}, [container(state="paused", health="unhealthy")], "down", "shop-web-1 is paused"),
        ({}, [container(state="exited", health="unhealthy")], "down", "shop-web-1 exited with code 0"),
        ({}, [container(state="restarting", health="unhealthy")], "waiting", "0 of 1 up, shop-web-1 is restarting"),
        ({}, [container(restarts=MAX_RESTARTS, health=None)], "down", "shop-web-1 was restarted 3 times"),
        ({}, [container(restarts=MAX_RESTARTS, health="starting")], "down", "shop-web-1 was restarted 3 times"),
        # They may have been months ago.
        ({}, [container(restarts=MAX_RESTARTS)], "up", "1 of 1 healthy"),
        ({}, [container(restarts=MAX_RESTARTS - 1)], "up", "1 of 1 healthy"),
        ({"replicas": 2}, [container(), container(number=2, health="unhealthy")], "down", "shop-web-2 is unhealthy"),
        ({"class": "oneshot"}, [], "waiting", "has not run"),
        ({"class": "oneshot"}, [container(health=None)], "waiting", "shop-web-1 is running"),
        ({"class": "oneshot"}, [container(state="exited", health=None)], "up", "completed"),
        (
            {"class": "oneshot"},
            [container(state="exited", exit_code=2, health=None)],
            "down",
            "shop-web-1 exited with code 2",
        ),
    ],
)
def test_verdict(changes: dict[str, Any], containers: list[Container], state: str, reason: str) -> None:
    verdict = judge(spec(**changes), containers)
    assert (verdict.state, verdict.reason) == (state, reason)


def test_the_culprit_is_the_container_at_fault() -> None:
    sick = container(number=2, health="unhealthy")
    assert judge(spec(replicas=2), [container(), sick]).culprit is sick
    assert judge(spec(), [STARTING]).culprit is STARTING
    assert judge(spec(), [container()]).culprit is None


def test_release_jobs_are_no_containers_of_their_service() -> None:
    job = container("backend-release", oneoff=True)
    assert by_service([container(), job, container(number=2), container("db")]) == {
        "web": [container(), container(number=2)],
        "db": [container("db")],
    }


class _Watched:
    """Containers that change as the clock goes on, and what was reported of them."""

    def __init__(self, seen: Callable[[float], dict[str, list[Container]]]) -> None:
        self.clock = FakeClock()
        self.begun = self.clock.now()
        #: The services that each look was for.
        self.looks: list[list[str]] = []
        self.reports: list[tuple[str, str, float]] = []
        self._seen = seen

    def wait(self, services: dict[str, Any]) -> dict[str, Verdict]:
        return wait_until_up(services, self._look, self._report, self.clock)

    def _look(self, pending: Collection[str]) -> dict[str, list[Container]]:
        self.looks.append(list(pending))
        return self._seen(self.clock.now() - self.begun)

    def _report(self, name: str, verdict: Verdict, seconds: float) -> None:
        self.reports.append((name, verdict.state, round(seconds, 1)))


def test_waiting_ends_when_all_are_up_and_tells_when_each_was() -> None:
    def seen(seconds: float) -> dict[str, list[Container]]:
        return {
            "web": [container() if seconds > 4.95 else STARTING],
            "db": [container("db", health="healthy" if seconds > 1.95 else "starting")],
        }

    watched = _Watched(seen)
    verdicts = watched.wait({"web": spec(), "db": spec()})
    assert {name: verdict.state for name, verdict in verdicts.items()} == {"web": "up", "db": "up"}
    assert watched.reports == [("db", "up", 2.0), ("web", "up", 5.0)]
    # Every 100 ms, and not a second longer than it takes; what is up is not asked about again.
    assert watched.looks == [["web", "db"]] * 21 + [["web"]] * 30


def test_one_that_is_down_ends_the_waiting_for_all() -> None:
    watched = _Watched(lambda _seconds: {"web": [STARTING], "db": [container("db", health="unhealthy")]})
    verdicts = watched.wait({"web": spec(), "db": spec()})
    assert verdicts["db"] == Verdict("down", "shop-db-1 is unhealthy", container("db", health="unhealthy"))
    assert watched.reports == [("db", "down", 0.0)]
    assert watched.clock.now() == watched.begun


def test_each_service_has_its_own_time() -> None:
    """What Docker itself may take to call it unhealthy, and a margin of 30 seconds."""
    watched = _Watched(lambda seconds: {"slow": [container("slow")] if seconds > 200 else [], "web": [STARTING]})
    verdicts = watched.wait({"slow": spec(start_seconds=300.0), "web": spec(start_seconds=90.0)})
    assert verdicts["web"] == Verdict("down", "not up after 120 s: 0 of 1 up, shop-web-1 is starting", STARTING)
    assert watched.reports == [("web", "down", 120.1)]


def test_nothing_to_wait_for() -> None:
    watched = _Watched(lambda _seconds: {})
    assert watched.wait({}) == {}
    assert watched.looks == []


def test_an_explanation_has_the_log_and_what_the_check_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(docker, "logs", lambda container_id, lines: [f"{container_id}, last {lines}", "Traceback"])
    sick = container(health="unhealthy", probe_output="\n".join(f"line {n}" for n in range(8)))
    assert diagnostics(Verdict("down", "shop-web-1 is unhealthy", sick)) == (
        "shop-web-1, its last lines:",
        "  web1, last 20",
        "  Traceback",
        "shop-web-1, its health check said:",
        *(f"  line {n}" for n in range(3, 8)),
    )
    assert diagnostics(Verdict("down", "0 of 1 up")) == ()

from __future__ import annotations

from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.slipway.stack.plugins.module_utils.engine.docker import Container
from ansible_collections.slipway.stack.plugins.module_utils.engine.health_check import (
    MAX_RESTARTS,
    Verdict,
    by_service,
    judge,
    judge_live,
    wait_until_up,
)
from ansible_collections.slipway.stack.plugins.module_utils.state import abort
from ansible_collections.slipway.stack.plugins.module_utils.state.journal import RolloutFailed

from tests.support.fake_host import FakeClock, container, spec

STARTING = container(health="starting")
UNCHECKED = container(health=None)


@pytest.mark.parametrize(
    ("changes", "containers", "state", "reason"),
    [
        ({}, [container()], "up", "1 of 1 healthy"),
        ({"replicas": 2}, [container(), container(number=2)], "up", "2 of 2 healthy"),
        ({"start_seconds": 0.0}, [UNCHECKED], "up", "1 of 1 running"),
        ({}, [], "waiting", "0 of 1 up"),
        ({"replicas": 0}, [], "up", "no container, as described"),
        ({"replicas": 0, "class": "oneshot"}, [], "up", "no container, as described"),
        ({"replicas": 0}, [container()], "waiting", "1 containers, 0 expected"),
        ({}, [STARTING], "waiting", "0 of 1 up, shop-web-1 is starting"),
        ({}, [container(state="created", health=None)], "waiting", "0 of 1 up, shop-web-1 is created"),
        ({}, [container(state="restarting", health=None)], "waiting", "0 of 1 up, shop-web-1 is restarting"),
        # It was healthy before the restart.
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
        # Docker reports stopped and paused containers as unhealthy, too.
        ({}, [container(state="paused", health="unhealthy")], "down", "shop-web-1 is paused"),
        ({}, [container(state="exited", health="unhealthy")], "down", "shop-web-1 exited with code 0"),
        ({}, [container(state="restarting", health="unhealthy")], "waiting", "0 of 1 up, shop-web-1 is restarting"),
        ({}, [container(restarts=MAX_RESTARTS, health=None, uptime=9.0)], "down", "shop-web-1 was restarted 3 times"),
        ({}, [container(restarts=1, health=None, uptime=9.0)], "down", "shop-web-1 was restarted once"),
        # Its process exits again and again. It may run in the moment of the question.
        (
            {},
            [container(state="restarting", restarts=1, health=None, uptime=0.0)],
            "down",
            "shop-web-1 was restarted once",
        ),
        (
            {},
            [container(health=None, uptime=3.4)],
            "waiting",
            "shop-web-1 has run for 3 of 10 s without a restart",
        ),
        (
            {"min_uptime": 60.0},
            [container(health=None, uptime=59.0)],
            "waiting",
            "shop-web-1 has run for 59 of 60 s without a restart",
        ),
        ({"min_uptime": 0.0}, [container(health=None, uptime=0.0)], "up", "1 of 1 running"),
        # Its health check passes between two crashes.
        (
            {},
            [container(restarts=1, uptime=3.0)],
            "waiting",
            "shop-web-1 has run for 3 of 10 s without a restart",
        ),
        ({}, [container(restarts=1)], "up", "1 of 1 healthy"),
        # A healthy container that was never restarted has nothing more to show.
        ({}, [container(uptime=0.0)], "up", "1 of 1 healthy"),
        (
            {"replicas": 2},
            [container(health=None), container(number=2, health=None, uptime=1.0)],
            "waiting",
            "shop-web-2 has run for 1 of 10 s without a restart",
        ),
        ({}, [container(restarts=MAX_RESTARTS, health="starting")], "down", "shop-web-1 was restarted 3 times"),
        # The restarts can be months ago.
        ({}, [container(restarts=MAX_RESTARTS)], "up", "1 of 1 healthy"),
        ({}, [container(restarts=MAX_RESTARTS, health=None)], "up", "1 of 1 running"),
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
def test_the_verdict_on_a_service(
    changes: dict[str, Any], containers: list[Container], state: str, reason: str
) -> None:
    verdict = judge(spec(**changes), containers)
    assert (verdict.state, verdict.reason) == (state, reason)


def test_a_manifest_without_the_setting_gets_ten_seconds() -> None:
    old = {key: value for key, value in spec().items() if key != "min_uptime"}
    assert judge(old, [container(health=None, uptime=9.9)]).state == "waiting"
    assert judge(old, [container(health=None, uptime=10.0)]).state == "up"


def test_a_service_is_up_before_it_has_settled() -> None:
    assert judge(spec(), [container(health=None, uptime=0.0)], settled=False) == Verdict("up", "1 of 1 running")
    crashed = container(health=None, uptime=0.0, restarts=1)
    assert judge(spec(), [crashed], settled=False).state == "down"


def test_a_verdict_names_the_container_that_causes_it() -> None:
    unhealthy = container(number=2, health="unhealthy")
    assert judge(spec(replicas=2), [container(), unhealthy]).container is unhealthy
    assert judge(spec(), [STARTING]).container is STARTING
    assert judge(spec(), [container()]).container is None


def test_release_jobs_do_not_count_as_containers_of_their_service() -> None:
    job = container("backend-release", oneoff=True)
    assert by_service([container(), job, container(number=2), container("db")]) == {
        "web": [container(), container(number=2)],
        "db": [container("db")],
    }


class _Wait:
    """Containers that change with the time, and the reports about them."""

    def __init__(self, containers_at: Callable[[float], dict[str, list[Container]]]) -> None:
        self.clock = FakeClock()
        self.started = self.clock.now()
        #: The services of each query.
        self.queries: list[list[str]] = []
        self.reports: list[tuple[str, str, float]] = []
        self._containers_at = containers_at

    def wait(self, services: dict[str, Any]) -> dict[str, Verdict]:
        return wait_until_up(services, self._find, self._report, self.clock)

    def _find(self, pending: Collection[str]) -> dict[str, list[Container]]:
        self.queries.append(list(pending))
        return self._containers_at(self.clock.now() - self.started)

    def _report(self, name: str, verdict: Verdict, seconds: float) -> None:
        self.reports.append((name, verdict.state, round(seconds, 1)))


def test_the_wait_ends_when_all_are_up_and_reports_each_once() -> None:
    def containers_at(seconds: float) -> dict[str, list[Container]]:
        return {
            "web": [container() if seconds > 4.95 else STARTING],
            "db": [container("db", health="healthy" if seconds > 1.95 else "starting")],
        }

    wait = _Wait(containers_at)
    verdicts = wait.wait({"web": spec(), "db": spec()})
    assert {name: verdict.state for name, verdict in verdicts.items()} == {"web": "up", "db": "up"}
    assert wait.reports == [("db", "up", 2.0), ("web", "up", 5.0)]
    # One query every 100 ms. A service that is up is not asked for again.
    assert wait.queries == [["web", "db"]] * 21 + [["web"]] * 30


def test_one_service_that_is_down_ends_the_wait() -> None:
    wait = _Wait(lambda _seconds: {"web": [STARTING], "db": [container("db", health="unhealthy")]})
    verdicts = wait.wait({"web": spec(), "db": spec()})
    assert verdicts["db"] == Verdict("down", "shop-db-1 is unhealthy", container("db", health="unhealthy"))
    assert wait.reports == [("db", "down", 0.0)]
    assert wait.clock.now() == wait.started


def test_a_one_shot_has_its_own_limit() -> None:
    """Not the 30 seconds that a service without a health check had."""
    job = spec(**{"class": "oneshot", "start_seconds": 0.0, "job_seconds": 1800.0})

    def containers_at(seconds: float) -> dict[str, list[Container]]:
        ended = seconds > 1500
        return {"migrate": [container("migrate", health=None, state="exited" if ended else "running")]}

    wait = _Wait(containers_at)
    assert wait.wait({"migrate": job})["migrate"] == Verdict("up", "completed")
    stuck = _Wait(containers_at)
    verdict = stuck.wait({"migrate": {**job, "job_seconds": 60.0}})["migrate"]
    assert (verdict.state, verdict.reason) == ("down", "not completed after 60 s: shop-migrate-1 is running")


def test_a_one_shot_that_fails_again_and_again_does_not_get_all_of_its_time() -> None:
    """With ``restart: on-failure`` it is started again, maybe until its database is up."""
    job = spec(**{"class": "oneshot", "job_seconds": 1800.0})
    failing = container("migrate", health=None, state="restarting", restarts=MAX_RESTARTS)
    wait = _Wait(lambda _seconds: {"migrate": [failing]})
    assert wait.wait({"migrate": job})["migrate"].reason == "not completed after 30 s: shop-migrate-1 is restarting"
    late = _Wait(lambda seconds: {"migrate": [container(state="exited") if seconds > 20 else failing]})
    assert late.wait({"migrate": job})["migrate"].state == "up"


def test_a_health_check_of_the_image_has_its_time() -> None:
    """The description does not know it."""

    def containers_at(seconds: float) -> dict[str, list[Container]]:
        return {"web": [container(health="healthy" if seconds > 200 else "starting", check_seconds=240.0)]}

    assert _Wait(containers_at).wait({"web": spec(start_seconds=10.0)})["web"].state == "up"


def test_a_one_shot_of_a_live_release_has_completed() -> None:
    job = spec(**{"class": "oneshot"})
    assert judge_live(job, []) == Verdict("up", "completed; its container was removed")
    assert judge_live(job, [container(state="exited", exit_code=1)]).state == "down"
    assert judge_live(spec(), []).state == "waiting"


def test_an_abort_ends_the_wait(tmp_path: Path) -> None:
    wait = _Wait(lambda _seconds: {"web": [STARTING]})
    abort.request(tmp_path / "abort.json", "r1", "ada@laptop")
    abort.watch.open(tmp_path / "abort.json", "r1")
    with pytest.raises(RolloutFailed, match="ada@laptop aborted the rollout"):
        wait.wait({"web": spec()})


def test_each_service_has_its_own_deadline() -> None:
    """The time until Docker itself reports it as unhealthy, and 30 seconds more."""
    wait = _Wait(lambda seconds: {"slow": [container("slow")] if seconds > 200 else [], "web": [STARTING]})
    verdicts = wait.wait({"slow": spec(start_seconds=300.0), "web": spec(start_seconds=90.0)})
    assert verdicts["web"].reason == "not up after 120 s: 0 of 1 up, shop-web-1 is starting"
    assert wait.reports == [("web", "down", 120.1)]


def _unchecked(seconds: float, **changes: Any) -> Container:
    return container(health=None, uptime=seconds, started_at="start", **changes)


def test_a_service_without_a_health_check_is_up_after_its_min_uptime() -> None:
    wait = _Wait(lambda seconds: {"web": [_unchecked(seconds)], "api": [_unchecked(seconds)]})
    verdicts = wait.wait({"web": spec(start_seconds=10.0), "api": spec(start_seconds=10.0)})
    assert {verdict.state for verdict in verdicts.values()} == {"up"}
    # Both at the same time.
    assert wait.reports == [("web", "up", 10.0), ("api", "up", 10.0)]


@pytest.mark.parametrize(
    "crashed",
    [
        {"restarts": 1, "uptime": 0.1},
        {"state": "restarting", "restarts": 1, "uptime": 0.0},
        {"state": "exited", "exit_code": 1, "uptime": 0.0},
    ],
    ids=["always", "backoff", "no"],
)
def test_a_service_without_a_health_check_that_exits_is_down(crashed: dict[str, Any]) -> None:
    def containers_at(seconds: float) -> dict[str, list[Container]]:
        return {"web": [_unchecked(seconds) if seconds < 1.5 else container(health=None, **crashed)]}

    wait = _Wait(containers_at)
    assert wait.wait({"web": spec(start_seconds=10.0)})["web"].state == "down"
    assert wait.reports == [("web", "down", 1.5)]


@pytest.mark.parametrize("step", [-3600.0, 3600.0])
def test_a_host_whose_clock_is_set_measures_the_uptime_all_the_same(step: float) -> None:
    wait = _Wait(lambda seconds: {"web": [_unchecked(seconds + (step if seconds > 1 else 0))]})
    assert wait.wait({"web": spec(start_seconds=10.0)})["web"].state == "up"
    assert wait.reports == [("web", "up", 10.0)]


def test_without_services_there_is_no_wait() -> None:
    wait = _Wait(lambda _seconds: {})
    assert wait.wait({}) == {}
    assert wait.queries == []

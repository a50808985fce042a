"""The output for the terminal, line by line."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.slipway.stack.plugins.plugin_utils.controller import report


def _entry(service: str, action: str, *because: str, downtime: bool = False) -> dict[str, Any]:
    return {"service": service, "action": action, "because": list(because), "downtime": downtime}


def _record(**changes: Any) -> dict[str, Any]:
    return {"elapsed": 3.14159, "service": "web", "state": "done", "text": "2 of 2 healthy", "detail": [], **changes}


def test_columns_are_aligned_without_trailing_spaces() -> None:
    assert report.table([("a", "bb", ""), ("aaa", "b", "c")]) == ["a    bb", "aaa  b   c"]
    assert report.table([]) == []


def test_a_plan_lists_changes_and_counts_the_rest() -> None:
    plan = [
        _entry("db", "unchanged"),
        _entry("backend", "roll", "image", "variable LOG"),
        _entry("beat", "recreate", "image", downtime=True),
        _entry("redis", "unchanged"),
    ]
    assert report.plan_lines(plan) == [
        "backend  roll                 image, variable LOG",
        "beat     recreate (downtime)  image",
        "2 unchanged",
    ]
    assert report.plan_lines([]) == []


def test_a_release_shows_its_plan_or_its_services() -> None:
    plan = [_entry("web", "create", "new service")]
    assert report.release_lines("one", "shop", {"changed": True, "plan": plan}) == [
        "plan for shop on one:",
        "  web  create  new service",
    ]
    services = [{"service": "web", "state": "up", "reason": "2 of 2 healthy"}]
    assert report.release_lines("one", "shop", {"changed": False, "release": "r1", "services": services}) == [
        "release r1 is live on one:",
        "  ok  web  2 of 2 healthy",
    ]


def test_a_step_has_its_time_service_and_details() -> None:
    assert report.step_line(_record()) == "     3.1 s  web           2 of 2 healthy"
    assert report.step_line(_record(service=None, elapsed=120.0)) == "   120.0 s                2 of 2 healthy"
    assert report.step_line(_record(state="failed", text="unhealthy", detail=["why", "  and how"])) == (
        "!    3.1 s  web           unhealthy\n             why\n               and how"
    )


def test_a_failure_is_its_reason_and_what_serves_now() -> None:
    records = [
        _record(step="recover", state="failed", text="network x cannot be removed"),
        _record(step="rollout", state="failed", text="service 'web': shop-web-2 is unhealthy"),
        _record(step="end", state="failed", text="Release r1 keeps serving"),
    ]
    assert report.failure(records) == "service 'web': shop-web-2 is unhealthy. Release r1 keeps serving"
    assert report.failure([]) == "the rollout failed"


def test_a_state_has_a_mark_and_a_reason() -> None:
    services = [
        {"service": "web", "state": "up", "reason": "2 of 2 healthy"},
        {"service": "worker", "state": "waiting", "reason": "0 of 1 up"},
        {"service": "db", "state": "down", "reason": "shop-db-1 is unhealthy"},
    ]
    assert report.state_lines(services) == [
        "ok  web     2 of 2 healthy",
        "..  worker  0 of 1 up",
        "!!  db      shop-db-1 is unhealthy",
    ]


STATUS: dict[str, Any] = {
    "release": None,
    "services": [],
    "damage": [],
    "under_way": None,
    "drift": [],
    "incidents": [],
    "rollouts": [],
    "certificate": None,
    "maintenance": None,
    "drained": "",
    "stopped": "",
    "away": [],
    "receivers": [],
    "backups": {
        "services": [],
        "unsaved": [],
        "newest": None,
        "age": 0.0,
        "size": 0,
        "damage": [],
        "last": {},
        "continuous": [],
    },
}
FAILED = {"at": "now", "outcome": "failed", "version": "1.0", "seconds": 3, "owner": "ada", "reason": "web: exit 1"}


def test_after_a_failed_first_deploy_the_status_says_what_failed() -> None:
    assert report.status_lines("one", {**STATUS, "rollouts": [FAILED]}) == [
        "one: no release is live",
        "the last rollout failed: web: exit 1",
        "last rollouts:",
        "  now  failed  1.0  3 s  ada  web: exit 1",
    ]


def test_the_status_says_who_was_told_and_who_was_not() -> None:
    failed = {"at": 1795749300, "event": "drill_failed", "reason": "it said 500"}
    receivers = [
        {"receiver": "webhook https://a.example.com/***", "at": 0, "event": "", "reason": ""},
        {"receiver": "mail ops@example.com", "at": 1795749300, "event": "backup_failed", "reason": ""},
        {"receiver": "webhook b (https://b.test)", **failed},
    ]
    lines = report.status_lines("one", {**STATUS, "receivers": receivers})
    assert lines[1:5] == [
        "receivers:",
        "  webhook https://a.example.com/***  was told nothing yet",
        "  mail ops@example.com               last told at 2026-11-27T03:15:00Z (backup_failed)",
        "  webhook b (https://b.test)         last failed at 2026-11-27T03:15:00Z (drill_failed) because it said 500",
    ]


def test_a_later_success_is_not_called_failed() -> None:
    rollouts = [{**FAILED, "outcome": "ok", "reason": ""}, FAILED]
    lines = report.status_lines("one", {**STATUS, "release": "r2", "rollouts": rollouts})
    assert lines[:2] == ["one: release r2", "last rollouts:"]


def test_a_rollback_in_check_mode_shows_its_target_and_its_plan() -> None:
    plan = [_entry("web", "roll", "image"), _entry("db", "unchanged")]
    assert report.rollback_lines("one", "shop", {"release": "r1", "version": "1.0", "plan": plan}) == [
        "rollback of shop on one to release r1 (version 1.0):",
        "  web  roll  image",
        "  1 unchanged",
    ]


def test_a_damaged_stack_shows_what_runs_and_what_is_damaged() -> None:
    problem = "/opt/stacks/shop/current is not a link. Move it away"
    web = {"service": "web", "state": "up", "reason": "1 of 1 healthy", "image": "app:1", "since": ""}
    assert report.status_lines("one", {**STATUS, "services": [web], "damage": [problem]}) == [
        "one: no release is live",
        "  ok  web  1 of 1 healthy  app:1",
        "damaged:",
        f"  {problem}",
        "last rollouts:",
    ]


def test_the_status_says_what_happened_to_containers() -> None:
    incident = {"service": "edge", "reason": "shop-edge-1 ended and was restarted once"}
    assert report.status_lines("one", {**STATUS, "incidents": [incident]})[1:3] == [
        "since the release went live:",
        "  edge  shop-edge-1 ended and was restarted once",
    ]


def test_many_services_with_the_same_notes_share_them_unless_all_are_asked_for() -> None:
    notes = {f"s{number}": ["is rolling"] for number in range(5)} | {"db": ["is stateful", "holds data"]}
    assert report.note_lines("shop", notes)[1:] == [
        "  each of 5 services, such as s0  is rolling",
        "  db                              is stateful",
        "                                  holds data",
    ]
    assert len(report.note_lines("shop", notes, verbose=True)) == 8
    del notes["s0"]
    assert len(report.note_lines("shop", notes)) == 7


BACKUPS = {"services": ["db"], "newest": "b1", "age": 9.0 * 3600, "size": 3 * 1024**2}
WAL = {"service": "db", "state": "", "problem": "", "from": 1795749300.0}
DRILL = {"at": 1795749300, "outcome": "ok", "seconds": 38.2, "reason": ""}


@pytest.mark.parametrize(
    ("changes", "lines"),
    [
        ({}, ["backups:", "  newest  b1, 9 h old, 3.0 MiB"]),
        ({"newest": None}, ["backups:", "  newest  there is none; run playbooks/backup.yml"]),
        ({"services": []}, []),
        (
            {"last": {"drill": DRILL, "take": DRILL}},
            ["backups:", "  newest      b1, 9 h old, 3.0 MiB", "  last drill  2026-11-27T03:15:00Z, 38.2 s, ok"],
        ),
        (
            {"services": [], "last": {"take": {**DRILL, "outcome": "failed", "reason": "the disk is full"}}},
            ["backups:", "  last backup  2026-11-27T03:15:00Z, 38.2 s, failed: the disk is full"],
        ),
        (
            {"services": [], "continuous": [{**WAL, "state": "receiving"}]},
            ["backups:", "  continuous  service db: WAL is received, back to 2026-11-27T03:15:00Z"],
        ),
        (
            {"services": [], "continuous": [{**WAL, "from": None}]},
            ["backups:", "  continuous  service db: WAL is not received (off), without a base backup"],
        ),
        (
            {"services": [], "continuous": [{**WAL, "problem": "it does not run"}]},
            ["backups:", "  continuous  service db: not known: it does not run"],
        ),
        ({"services": [], "damage": ["b0 is damaged"]}, ["backups:", "  damaged  b0 is damaged"]),
        (
            {"services": [], "unsaved": [{"service": "web", "volume": "up"}]},
            ["backups:", "  not saved  volume up of service web; say how with its key 'backup'"],
        ),
    ],
)
def test_the_status_says_how_the_backups_stand(changes: dict[str, Any], lines: list[str]) -> None:
    assert report.backup_lines({**STATUS["backups"], **BACKUPS, **changes}) == lines


@pytest.mark.parametrize(("seconds", "text"), [(5, "5 s"), (300, "5 min"), (7200, "2 h"), (172800, "2 d")])
def test_an_age_has_the_largest_unit_that_fits(seconds: float, text: str) -> None:
    assert report.age(seconds) == text


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        (
            {},
            [
                "certificate:",
                "  in use  shop.example.com, until 2027-01-15T08:00:00Z, 60 days left",
                "  issuer  CN=R11",
            ],
        ),
        (
            {"source": "moment", "problem": "certbot: away"},
            [
                "certificate:",
                "  in use    shop.example.com, until 2027-01-15T08:00:00Z, 60 days left",
                "  issuer    CN=R11, which nobody trusts",
                "  last try  failed: certbot: away",
            ],
        ),
        ({"source": "", "missing": ["a.x"]}, ["certificate:", "  in use   there is none", "  missing  a.x"]),
    ],
)
def test_the_status_says_how_long_a_certificate_is_valid(changes: dict[str, Any], expected: list[str]) -> None:
    certificate = {
        "source": "acme",
        "names": ["shop.example.com"],
        "issuer": "CN=R11",
        "not_after": 1_800_000_000,
        "days": 60,
        "missing": [],
        "problem": "",
        **changes,
    }
    assert report.certificate_lines(certificate) == expected


def test_without_https_the_status_says_nothing_of_certificates() -> None:
    assert report.certificate_lines(None) == []


def test_the_status_says_that_the_edge_is_closed() -> None:
    closed = {"owner": "ada@laptop", "since": 1763719200.0, "allow": ["192.0.2.0/24"], "complete": True}
    line = "maintenance: the edge is closed since 2025-11-21T10:00:00Z by ada@laptop; 192.0.2.0/24 get through"
    assert line in report.status_lines("web", {**STATUS, "maintenance": closed})
    interrupted = report.maintenance_line({**closed, "allow": [], "complete": False})
    assert interrupted.endswith("by ada@laptop; the switch was interrupted, run playbooks/maintenance.yml again")
    assert report.maintenance_line(None) == "the edge is open"
    assert "drained: since ten" in report.status_lines("web", {**STATUS, "drained": "since ten"})
    assert "drained: no requests go to app2" in report.status_lines(
        "web", {**STATUS, "away": ["no requests go to app2"]}
    )


def test_a_restart_in_check_mode_shows_its_plan() -> None:
    plan = [_entry("db", "unchanged"), _entry("web", "roll", "restart"), _entry("beat", "roll", "restart")]
    answer = {"release": "r1", "version": "1.0", "plan": plan, "restart": ["beat", "web"]}
    assert report.rollback_lines("one", "shop", answer) == [
        "restart of web, beat of shop on one:",
        "  web   roll  restart",
        "  beat  roll  restart",
        "  1 unchanged",
    ]

"""The rollouts in a journal as bars of time."""

from __future__ import annotations

from typing import Any

from ansible_collections.slipway.stack.plugins.module_utils.report.timeline import timelines

BEGIN = 1_795_853_840.0


def _record(
    elapsed: float, step: str, part: str | None, state: str, service: str | None = None, **more: Any
) -> dict[str, Any]:
    record = {
        "at": BEGIN + elapsed,
        "elapsed": elapsed,
        "release": "r1",
        "step": step,
        "part": part,
        "service": service,
    }
    return {**record, "state": state, "text": "", "detail": [], **more}


ROLLOUT = [
    _record(0, "release", "job", "started", "backend"),
    _record(2, "release", "job", "done", "backend"),
    _record(2, "prepare", "start", "started"),
    _record(5, "prepare", None, "done", "backend", text="2 of 2 healthy"),
    _record(6, "prepare", None, "done", "worker", text="1 of 1 healthy"),
    _record(6, "prepare", "start", "done"),
    _record(6, "switch", "reload", "started", "edge"),
    _record(7, "switch", "reload", "done", "edge"),
    _record(7, "finalize", None, "started", "backend", text="stopping 2 containers"),
    _record(7, "finalize", None, "started", "worker", text="stopping 1 container"),
    _record(7, "finalize", "stop", "started"),
    _record(9, "finalize", "stop", "done"),
    _record(9.5, "end", None, "done", text="release r1 is live"),
]


def _bars(timeline: dict[str, Any]) -> list[tuple[str, str, float, float]]:
    return [(bar["service"], bar["part"], bar["start"] - BEGIN, bar["end"] - BEGIN) for bar in timeline["bars"]]


def test_each_part_is_a_bar_of_the_services_that_it_is_about() -> None:
    (found,) = timelines(ROLLOUT, 5)
    assert _bars(found) == [
        ("backend", "release job", 0, 2),
        ("backend", "start", 2, 5),
        ("worker", "start", 2, 6),
        ("edge", "switch", 6, 7),
        ("backend", "stop", 7, 9),
        ("worker", "stop", 7, 9),
    ]
    assert found["up"] == [{"service": "backend", "at": BEGIN + 5}, {"service": "worker", "at": BEGIN + 6}]
    assert (found["release"], found["start"], found["end"], found["state"]) == ("r1", BEGIN, BEGIN + 9.5, "done")
    assert found["said"] == []


def test_a_rollout_that_was_killed_ends_with_its_last_record() -> None:
    killed = ROLLOUT[:4]
    next_one = [{**record, "release": "r2", "at": record["at"] + 100} for record in ROLLOUT]
    newest, oldest = timelines([*killed, *next_one], 5)
    assert (newest["release"], newest["state"]) == ("r2", "done")
    assert (oldest["release"], oldest["state"], oldest["end"]) == ("r1", "interrupted", BEGIN + 5)
    assert _bars(oldest)[-1] == ("", "start", 2, 5)


def test_the_same_release_twice_is_two_rollouts() -> None:
    again = [{**record, "at": record["at"] + 100} for record in ROLLOUT]
    assert [one["start"] for one in timelines([*ROLLOUT, *again], 5)] == [BEGIN + 100, BEGIN]
    # Without its end, too.
    assert len(timelines([*ROLLOUT[:-1], *again], 5)) == 2


def test_a_failed_rollout_says_why() -> None:
    failed = [
        *ROLLOUT[:3],
        _record(8, "rollout", None, "failed", text="service 'backend': unhealthy"),
        _record(9, "end", None, "failed", text="release r0 keeps serving"),
    ]
    (found,) = timelines(failed, 5)
    assert (found["state"], found["said"]) == ("failed", ["service 'backend': unhealthy", "release r0 keeps serving"])


def test_only_the_last_ones_are_returned() -> None:
    many = [{**record, "at": record["at"] + 100 * number} for number in range(4) for record in ROLLOUT]
    assert [one["start"] for one in timelines(many, 2)] == [BEGIN + 300, BEGIN + 200]
    assert timelines([], 2) == []


def test_a_rollout_with_very_many_records_is_cut_and_keeps_its_end() -> None:
    noise = [_record(1, "pull", "pull", state) for _number in range(4000) for state in ("started", "done")]
    (found,) = timelines([*noise, ROLLOUT[-1]], 5)
    assert (found["state"], len(found["bars"])) == ("done", 2500)


def test_records_without_a_time_of_day_are_passed_over() -> None:
    old = [{key: value for key, value in record.items() if key != "at"} for record in ROLLOUT]
    assert timelines([*old, *ROLLOUT], 5) == timelines(ROLLOUT, 5)

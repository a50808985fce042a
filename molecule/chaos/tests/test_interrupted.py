"""An interrupted rollout: the old or the new release serves, and another deploy repairs everything."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from testbed.load.visitor import Visitor
from tests.support.chaos import (
    BOOT_TIMEOUT,
    SERVE_TIMEOUT,
    Controller,
    Trial,
    Watch,
    describe,
    restart_server,
    seconds_until_serving,
    wait_for_login,
)
from tests.support.stacks import Stack, address

Playbook = Callable[..., Any]
Converge = Callable[[str], float]

#: A rollout has fewer records.
MAX_RECORDS = 80


def test_the_rollouts_process_is_killed_after_each_step(
    kiosk: Stack, playbook: Playbook, converge: Converge, greetings: Iterator[str], trials: list[Trial]
) -> None:
    old = kiosk.get().body.strip()
    for number in itertools.count(1):
        assert number < MAX_RECORDS
        new = next(greetings)
        watch = Watch(kiosk.home, number, what="kill")
        visitor = Visitor(address(), kiosk.port, "/")
        visitor.start()
        try:
            run = playbook("deploy", kiosk_greeting=new, deploy_canary={"for": "5s"})
            found = watch.found()
            if found is None:
                assert run.code == 0, run.output
                break
            after = describe(found)
            print(f"killed after record {number}: {after}")
            # After its last record but one, the rollout may end before it is killed.
            nearly_over = (found["record"]["step"], found["record"]["state"]) == ("finalize", "done")
            assert found["killed"] or nearly_over, found
            assert run.code != 0 or nearly_over, run.output
            seconds = seconds_until_serving(kiosk, {old, new}, SERVE_TIMEOUT)
            # The next deploy may be of the new or of the old release.
            next_greeting = new if number % 2 else old
            converging = converge(next_greeting)
        finally:
            visitor.stop()
        assert [sample for sample in visitor.samples if sample.failed] == [], after
        trials.append(Trial("process killed", after, round(seconds, 1), round(converging, 1)))
        old = next_greeting
    assert number > 10
    # Also while new containers got a part of the requests.
    assert any(trial.after.startswith("canary") for trial in trials), [trial.after for trial in trials]


@pytest.mark.parametrize("number", [1, 4, 8, 12])
def test_the_controller_is_killed(
    number: int, kiosk: Stack, converge: Converge, greetings: Iterator[str], trials: list[Trial]
) -> None:
    old, new = kiosk.get().body.strip(), next(greetings)
    watch = Watch(kiosk.home, number, what="look")
    visitor = Visitor(address(), kiosk.port, "/")
    visitor.start()
    controller = Controller("deploy", kiosk_greeting=new)
    found = watch.found()
    controller.kill()
    assert found is not None
    seconds = seconds_until_serving(kiosk, {old, new}, SERVE_TIMEOUT)
    # The rollout continues by itself. The next deploy follows it.
    converging = converge(new)
    visitor.stop()
    assert [sample for sample in visitor.samples if sample.failed] == []
    trials.append(Trial("controller killed", describe(found), round(seconds, 1), round(converging, 1)))


@pytest.mark.parametrize("step", ["prepare", "switch", "finalize"])
def test_the_server_is_restarted(
    step: str, kiosk: Stack, converge: Converge, greetings: Iterator[str], trials: list[Trial]
) -> None:
    old, new = kiosk.get().body.strip(), next(greetings)
    watch = Watch(kiosk.home, step, what="look")
    controller = Controller("deploy", kiosk_greeting=new)
    found = watch.found()
    assert found is not None
    restart_server()
    # Its connection to the killed server hangs.
    controller.kill()
    seconds = seconds_until_serving(kiosk, {old, new}, BOOT_TIMEOUT)
    wait_for_login()
    converging = converge(new)
    trials.append(Trial("server restarted", describe(found), round(seconds, 1), round(converging, 1)))


@pytest.mark.parametrize("number", [2, 6, 10])
def test_the_first_deploy_is_killed(
    number: int, kiosk: Stack, playbook: Playbook, converge: Converge, greetings: Iterator[str], trials: list[Trial]
) -> None:
    reset = playbook("../molecule/stack/reset")
    assert reset.code == 0, reset.output
    new = next(greetings)
    watch = Watch(kiosk.home, number, what="kill")
    run = playbook("deploy", kiosk_greeting=new)
    found = watch.found()
    assert found is not None
    assert run.code != 0, run.output
    trials.append(Trial("first deploy killed", describe(found), 0, round(converge(new), 1)))

"""The engine restarts in the middle of a rollout, or is away for a minute while the stack serves."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from testbed.load.visitor import Visitor
from tests.support.chaos import Controller, Trial, Watch, describe
from tests.support.stacks import Stack, address

Converge = Callable[..., float]

AWAY_SECONDS = 60


@pytest.mark.parametrize("step", ["prepare", "switch"])
def test_the_engine_is_restarted_during_a_rollout(
    step: str, host: Any, kiosk: Stack, converge: Converge, greetings: Iterator[str], trials: list[Trial]
) -> None:
    new = next(greetings)
    watch = Watch(kiosk.home, step, what="look")
    controller = Controller("deploy", kiosk_greeting=new)
    found = watch.found()
    assert found is not None
    host.check_output("sudo systemctl restart docker")
    code, output = controller.wait()
    # It waits for the engine, and for the health checks that begin anew.
    assert code == 0, output
    assert kiosk.get().body.strip() == new
    trials.append(Trial("engine restarted", describe(found), 0, round(converge(next(greetings)), 1)))


def test_the_stack_serves_without_the_engine(
    host: Any, kiosk: Stack, converge: Converge, greetings: Iterator[str]
) -> None:
    visitor = Visitor(address(), kiosk.port, "/")
    visitor.start()
    host.check_output("sudo systemctl stop docker.socket docker")
    time.sleep(AWAY_SECONDS)
    host.check_output("sudo systemctl start docker")
    time.sleep(5)
    visitor.stop()
    assert [sample for sample in visitor.samples if sample.failed] == []
    converge(next(greetings))

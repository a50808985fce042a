"""A rollout that begins while other work holds the lease: it waits for a backup, and for nothing else."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator

import pytest
from ansible_collections.slipway.stack.plugins.module_utils.state.lease import Lease

from tests.contracts.test_several_hosts import HOSTS, Machine, machine, roll_out

__all__ = ["machine"]
IDS = dict.fromkeys(HOSTS, "20261121T101500Z-aaaaaaaa")
Holding = Callable[..., threading.Event]


@pytest.fixture
def holding(machine: Machine) -> Iterator[Holding]:
    """Return a function that holds the lease of the host `two`, until the host `one` waits for it and for *seconds*."""
    over = threading.Event()

    def hold(work: str, seconds: float = 600.0) -> threading.Event:
        home = machine.home("two")
        home.state.mkdir(parents=True)
        lease = Lease(home.lease, "timer", "take-20261121T101400Z", lambda: 0, work=work)
        ended = threading.Event()

        def end() -> None:
            # The other hosts have begun when the first one has.
            while not over.is_set() and not machine.home("one").journal.exists():
                time.sleep(0.05)
            over.wait(seconds)
            ended.set()
            lease.close_own_copy()

        threading.Thread(target=end).start()
        return ended

    yield hold
    over.set()


def test_a_rollout_waits_for_the_end_of_a_backup(machine: Machine, holding: Holding) -> None:
    # Longer than two calls of the module.
    ended = holding("backup", seconds=12)
    done = roll_out(machine, IDS)
    assert done.returncode == 0, done.stdout + done.stderr
    assert ended.is_set()
    assert {machine.home(host).current_id() for host in HOSTS} == {IDS["one"]}
    assert done.stdout.count("two  a backup by timer has been under way for ") == 1
    assert "; waiting for its end, for up to 600 s" in done.stdout


def test_a_backup_is_not_waited_for_without_an_end(machine: Machine, holding: Holding) -> None:
    holding("backup")
    done = roll_out(machine, IDS, "-e", "deploy_barrier_timeout=30")
    assert done.returncode != 0
    assert "waiting for its end, for up to 20 s" in done.stdout
    assert "the rollout was not started after 2" in done.stdout
    # The hosts that have begun are not left to their own time limit.
    assert {machine.home(host).current_id() for host in HOSTS} == {None}
    assert "every host runs its previous release again" in done.stdout


@pytest.mark.parametrize("work", ["restore", "rollout"])
def test_no_other_work_is_waited_for(work: str, machine: Machine, holding: Holding) -> None:
    holding(work)
    done = roll_out(machine, IDS)
    assert done.returncode != 0
    assert "waiting for its end" not in done.stdout
    assert "has been under way for" in done.stdout
    assert {machine.home(host).current_id() for host in HOSTS} == {None}

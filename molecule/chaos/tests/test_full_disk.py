"""The disk of the stack is filled in the middle of a rollout: the old or the new release is live, and says so."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from testbed.load.visitor import Visitor
from tests.support.chaos import Trial, Watch, describe
from tests.support.stacks import Stack, address

Playbook = Callable[..., Any]
Converge = Callable[..., float]

#: The filesystem of the stack's directory, and the free space that a deploy to it needs.
SIZE, MIN_FREE = "24m", "2m"


@pytest.fixture(scope="module")
def small_home(host: Any, playbook: Playbook, greetings: Iterator[str]) -> Iterator[str]:
    """Give the stack's directory a small filesystem in memory, and deploy to it. Yield the directory.

    Afterwards the stack is deployed to the disk of the server again.
    """
    home = "/opt/stacks/kiosk"
    assert playbook("../molecule/stack/reset").code == 0
    host.check_output(f"sudo mkdir -p {home} && sudo mount -t tmpfs -o size={SIZE},mode=0755 kiosk {home}")
    first = playbook("deploy", kiosk_greeting=next(greetings), stack_min_free=MIN_FREE)
    assert first.code == 0, first.output
    yield home
    # First, because the directory of a mounted filesystem cannot be removed.
    host.check_output(f"sudo umount --lazy {home}")
    assert playbook("../molecule/stack/reset").code == 0
    last = playbook("deploy")
    assert last.code == 0, last.output


@pytest.mark.parametrize("record", [1, 4, 7, 10, 13, 16, 19, "switch", "finalize"])
def test_a_disk_that_is_full_from_a_step_on(
    record: int | str,
    small_home: str,
    host: Any,
    kiosk: Stack,
    playbook: Playbook,
    converge: Converge,
    greetings: Iterator[str],
    trials: list[Trial],
) -> None:
    old, new, before = kiosk.get().body.strip(), next(greetings), kiosk.live()
    watch = Watch(small_home, record, what="fill")
    visitor = Visitor(address(), kiosk.port, "/")
    visitor.start()
    run = playbook("deploy", kiosk_greeting=new, stack_min_free=MIN_FREE)
    visitor.stop()
    found = watch.found()
    assert found is not None
    assert found["filled"] > 0
    # The exit code, the link and the answers say the same.
    is_new = run.code == 0
    assert kiosk.get().body.strip() == (new if is_new else old), run.output
    assert (kiosk.live() != before) == is_new, run.output
    if not is_new:
        assert "keeps serving" in run.output or "Nothing was changed" in run.output, run.output
    assert [sample for sample in visitor.samples if sample.failed] == []
    host.check_output(f"sudo rm {small_home}/filler")
    trials.append(Trial("disk filled", describe(found), 0, round(converge(new, stack_min_free=MIN_FREE), 1)))

"""A deploy to a nearly full filesystem of the engine is refused."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.support.stacks import Stack

Playbook = Callable[..., Any]

#: The size of the engine's filesystem, and the free space: less than a deploy needs by default (stack_min_free, 1g).
SIZE, LEFT = "4g", 500 * 1024**2
FILLER = "/var/lib/docker/filler"


@pytest.fixture
def _small_disk(host: Any, playbook: Playbook) -> Iterator[None]:
    """Mount a small filesystem in memory for the engine, and start without a stack."""
    assert playbook("../molecule/stack/reset").code == 0
    host.check_output("sudo systemctl stop docker.socket docker")
    host.check_output(f"sudo mount -t tmpfs -o size={SIZE} engine /var/lib/docker")
    host.check_output("sudo systemctl start docker")
    yield
    host.check_output("sudo systemctl stop docker.socket docker")
    host.check_output("sudo umount --lazy /var/lib/docker")
    host.check_output("sudo systemctl start docker")


@pytest.mark.usefixtures("_small_disk")
def test_a_nearly_full_disk_is_refused_before_anything_changes(
    host: Any, kiosk: Stack, playbook: Playbook, greetings: Iterator[str]
) -> None:
    first = playbook("deploy", kiosk_greeting=next(greetings))
    assert first.code == 0, first.output
    free = int(host.check_output("df --output=avail --block-size=1 /var/lib/docker | tail -1"))
    host.check_output(f"sudo fallocate --length {free - LEFT} {FILLER}")
    before, containers, served = kiosk.tree(), kiosk.containers(), kiosk.get().body

    new = next(greetings)
    run = playbook("deploy", kiosk_greeting=new)
    assert run.code == 2, run.output
    assert "images: /var/lib/docker has" in run.output
    assert "at least 1024 MiB are required (stack_min_free)" in run.output
    assert (kiosk.tree(), kiosk.containers(), kiosk.get().body) == (before, containers, served)

    host.check_output(f"sudo rm {FILLER}")
    again = playbook("deploy", kiosk_greeting=new)
    assert again.code == 0, again.output

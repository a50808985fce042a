"""Rollbacks: to releases that were live on the host, with images on the host."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.support.stacks import Stack

Playbook = Callable[..., Any]


@pytest.fixture
def no_registry(host: Any) -> Iterator[None]:
    """Block the server's connections to any registry."""
    rule = "OUTPUT --protocol tcp --destination-port 5000 --jump REJECT"
    host.check_output(f"sudo iptables --insert {rule}")
    yield
    host.check_output(f"sudo iptables --delete {rule}")


@pytest.fixture(autouse=True, scope="module")
def _restored(playbook: Playbook) -> Iterator[None]:
    """Restore the first release for the tests of other modules."""
    yield
    run = playbook("deploy")
    assert run.code == 0, run.output


def _greeting(kiosk: Stack) -> str:
    return kiosk.get().body.strip()


@pytest.mark.usefixtures("no_registry")
def test_two_rollbacks_go_back_two_releases_without_a_registry(kiosk: Stack, playbook: Playbook) -> None:
    for greeting in ("one", "two", "three"):
        run = playbook("deploy", kiosk_greeting=greeting)
        assert run.code == 0, run.output
    for greeting in ("two", "one"):
        run = playbook("rollback")
        assert run.code == 0, run.output
        assert _greeting(kiosk) == greeting
    assert [line["outcome"] for line in kiosk.audit()[-5:]] == ["ok"] * 5


def test_a_rollback_does_not_go_to_a_release_that_was_rolled_back_from(
    host: Any, kiosk: Stack, playbook: Playbook
) -> None:
    for greeting in ("1.0", "1.2", "back", "1.1"):
        run = playbook("rollback") if greeting == "back" else playbook("deploy", kiosk_greeting=greeting)
        assert run.code == 0, run.output
    # Nothing is decided by the log.
    host.check_output("sudo sh -c %s", f": > {kiosk.home}/state/audit.jsonl")
    run = playbook("rollback")
    assert run.code == 0, run.output
    assert _greeting(kiosk) == "1.0"


def test_a_release_can_be_named_for_a_rollback(kiosk: Stack, playbook: Playbook) -> None:
    for greeting in ("four", "five", "six"):
        run = playbook("deploy", kiosk_greeting=greeting)
        assert run.code == 0, run.output
        if greeting == "four":
            named = kiosk.live()
    run = playbook("rollback", rollback_release=named)
    assert run.code == 0, run.output
    assert (kiosk.live(), _greeting(kiosk)) == (named, "four")


def test_a_release_that_is_not_on_the_host_is_refused(kiosk: Stack, playbook: Playbook) -> None:
    before = (kiosk.live(), kiosk.containers())
    run = playbook("rollback", rollback_release="20200101T000000Z-00000000")
    assert run.code != 0
    assert "release 20200101T000000Z-00000000 is not on this host" in run.output
    assert (kiosk.live(), kiosk.containers()) == before

"""A restore gives back what was saved, keeps what was there, and changes nothing if it fails or is killed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.support.depot import Depot
from tests.support.long_form import LONG
from tests.support.stacks import wait_until

Playbook = Callable[..., Any]

ROWS = 300_000 if LONG else 3000
#: Where a restore is killed. While something is loaded, nothing of the live data is touched.
KILLED_AT = ["loading database depot", "loading keys", "loading depot-uploads", "swapping the data"]


@pytest.fixture
def saved(depot: Depot, playbook: Playbook) -> dict[str, str]:
    """Return the content that the newest backup has."""
    if "customers" not in depot.sql("SELECT relname FROM pg_class"):
        depot.fill(ROWS)
    run = playbook("backup")
    assert run.code == 0, run.output
    return depot.everything()


def _restore(playbook: Playbook, **variables: Any) -> Any:
    run = playbook("restore", **variables)
    assert run.code == 0, run.output
    return run


def test_check_mode_restores_nothing(depot: Depot, saved: dict[str, str], playbook: Playbook) -> None:
    before = depot.stack.tree()
    run = playbook("restore", "--check")
    assert run.code == 0, run.output
    assert (depot.stack.tree(), depot.everything()) == (before, saved)


def test_a_restore_and_its_revert(depot: Depot, saved: dict[str, str], playbook: Playbook) -> None:
    depot.change()
    changed = depot.everything()
    assert not {key for key in ("customers", "items", "redis", "file") if changed[key] == saved[key]}
    run = _restore(playbook)
    assert "the restored data is live" in run.output
    assert depot.everything() == saved
    assert playbook("verify").code == 0
    _restore(playbook, restore_revert=True)
    assert depot.everything() == changed
    _restore(playbook, restore_revert=True)
    assert depot.everything() == saved


def test_a_second_restore_is_not_of_what_the_first_replaced(
    depot: Depot, saved: dict[str, str], playbook: Playbook
) -> None:
    depot.change()
    _restore(playbook)
    _restore(playbook)
    assert depot.everything() == saved
    assert len(depot.databases()) == 2


def test_one_service_alone(depot: Depot, saved: dict[str, str], playbook: Playbook) -> None:
    depot.change()
    changed = depot.everything()
    _restore(playbook, restore_services=["queue"])
    assert depot.everything() == {**changed, "redis": saved["redis"]}
    run = playbook("restore", restore_services=["dbb"])
    assert run.code == 2
    assert "has nothing of service dbb; it has db, queue, app" in run.output


def test_a_database_under_another_name(depot: Depot, saved: dict[str, str], playbook: Playbook) -> None:
    depot.change()
    changed = depot.everything()
    _restore(playbook, restore_suffix="before")
    try:
        assert depot.everything() == changed
        assert depot.content("depot_before") == {key: saved[key] for key in depot.content()}
        run = playbook("restore", restore_suffix="before")
        assert run.code == 2
        assert "service 'db' has depot_before already" in run.output
        assert "depot_before" in depot.databases()
    finally:
        depot.sql("DROP DATABASE depot_before", "postgres")


@pytest.mark.parametrize("text", KILLED_AT if LONG else KILLED_AT[-1:])
def test_a_killed_restore(text: str, depot: Depot, saved: dict[str, str], playbook: Playbook) -> None:
    depot.change()
    changed = depot.everything()
    depot.kill_at(text)
    run = playbook("restore")
    assert run.code == 2, run.output
    assert "the process on the host died" in run.output
    # Nobody has to do anything for the old data to be served again.
    wait_until(lambda: _is_up(depot) and depot.everything() == changed, 60)
    _restore(playbook)
    assert depot.everything() == saved
    assert len(depot.databases()) == 2


def _is_up(depot: Depot) -> bool:
    script = "docker ps --quiet --filter label=com.docker.compose.project=depot --filter health=healthy"
    return len(depot.stack.host.check_output(script).split()) == 3


def test_a_damaged_backup_changes_nothing(depot: Depot, saved: dict[str, str], playbook: Playbook) -> None:
    depot.change()
    changed = depot.everything()
    backup = depot.backups()[-1]
    [archive] = [one for one in depot.manifest(backup)["archives"] if one["item"] == "depot"]
    path = f"{depot.stack.home}/backups/{backup}/{archive['file']}"
    depot.stack.host.check_output(
        "sudo sh -c %s", f"printf X | dd of={path} bs=1 seek={archive['size'] // 2} conv=notrunc status=none"
    )
    run = playbook("restore", restore_backup=backup)
    assert run.code == 2
    assert f"{path} does not have the content that was saved" in run.output
    assert "The stack has the data that it had before" in run.output
    assert depot.everything() == changed


def test_a_dump_of_a_newer_version_is_refused(depot: Depot, saved: dict[str, str], playbook: Playbook) -> None:
    backup = depot.backups()[-1]
    path = f"{depot.stack.home}/backups/{backup}/manifest.json"
    depot.stack.host.check_output("sudo sed -i %s %s", 's/"server_version": "17/"server_version": "99/', path)
    run = playbook("restore", restore_backup=backup)
    assert run.code == 2
    assert "it was saved by PostgreSQL 99" in run.output
    assert "and cannot be restored into version 17. The stack has the data that it had before" in run.output
    assert depot.everything() == saved
    assert len(depot.databases()) == 2


def test_a_backup_that_is_not_there_is_named(depot: Depot, playbook: Playbook) -> None:
    run = playbook("restore", restore_backup="20010101T000000Z")
    assert run.code == 2
    assert "there is no backup 20010101T000000Z" in run.output

"""Another major version has all data, the old data is kept, and every failure leaves the old version serving it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.support.depot import Depot
from tests.support.stacks import described

Playbook = Callable[..., Any]

ROWS = 3000
INVENTORY = Path(__file__).parents[2] / "backup"


@pytest.fixture
def upgrade(playbook: Playbook) -> Callable[..., Any]:
    """Return a function that runs the playbook with version 18 of the database and other changed keys of services."""

    def run(*options: str, services: dict[str, Any] | None = None, **variables: Any) -> Any:
        changed = described(INVENTORY, **{"db": {"version": "18"}, **(services or {})})
        return playbook("postgres_upgrade", *options, stack_services=changed, upgrade_service="db", **variables)

    return run


def _version(depot: Depot) -> str:
    return depot.sql("SHOW server_version").split(".")[0]


def _asides(depot: Depot) -> list[str]:
    script = "ls -d /var/lib/docker/volumes/depot_db-data/_data.* 2>/dev/null || :"
    return [name.rpartition(".")[2] for name in depot.stack.host.check_output("sudo sh -c %s", script).split()]


def test_a_deploy_names_the_playbook(depot: Depot, playbook: Playbook) -> None:
    depot.fill(ROWS)
    run = playbook("backup")
    assert run.code == 0, run.output
    run = playbook("deploy", stack_services=described(INVENTORY, db={"version": "18"}))
    assert run.code == 2
    assert "is of version 17" in run.output
    assert "playbooks/postgres_upgrade.yml" in run.output


def test_without_a_service_it_says_what_is_missing(playbook: Playbook) -> None:
    run = playbook("postgres_upgrade")
    assert run.code == 2
    assert "such as db" in run.output


def test_without_an_upgrade_there_is_nothing_to_revert(depot: Depot, upgrade: Callable[..., Any]) -> None:
    run = upgrade(upgrade_revert=True)
    assert run.code == 2
    assert "no database of this stack was upgraded on this host" in run.output
    assert _version(depot) == "17"


def test_the_first_run_is_a_rehearsal(depot: Depot, upgrade: Callable[..., Any]) -> None:
    before, live = depot.everything(), depot.stack.live()
    run = upgrade()
    assert run.code == 0, run.output
    assert "the copy is as saved" in run.output
    assert (depot.everything(), depot.stack.live(), _version(depot)) == (before, live, "17")


def test_a_failed_upgrade_leaves_the_old_version_with_its_data(depot: Depot, upgrade: Callable[..., Any]) -> None:
    before, live = depot.everything(), depot.stack.live()
    # The new data is live already when the release job fails.
    run = upgrade(services={"app": {"release": ["false"]}}, upgrade_now=True, depot_version="2")
    assert run.code == 2
    assert "service 'app': its release job failed" in run.output
    assert f"Release {live} keeps serving" in run.output
    assert (depot.everything(), depot.stack.live(), _version(depot)) == (before, live, "17")
    assert _asides(depot) == []


def test_a_killed_upgrade_is_reverted_by_the_next_deploy(
    depot: Depot, upgrade: Callable[..., Any], playbook: Playbook
) -> None:
    before, live = depot.everything(), depot.stack.live()
    depot.kill_at("version 18 reads the data", "journal.jsonl")
    assert upgrade(upgrade_now=True).code == 2
    run = playbook("deploy")
    assert run.code == 0, run.output
    assert (depot.everything(), depot.stack.live(), _version(depot)) == (before, live, "17")
    assert _asides(depot) == []


def test_an_upgrade_and_its_revert(depot: Depot, upgrade: Callable[..., Any], playbook: Playbook) -> None:
    before, live = depot.everything(), depot.stack.live()
    run = upgrade(upgrade_now=True)
    assert run.code == 0, run.output
    assert "the data is as it was" in run.output
    assert (depot.everything(), _version(depot)) == (before, "18")
    assert _asides(depot) == ["slipway-17"]
    assert playbook("verify").code == 0
    depot.change()
    changed = depot.content()
    # The release before the upgrade, not the one before the live one.
    run = playbook("deploy", depot_version="3", stack_services=described(INVENTORY, db={"version": "18"}))
    assert run.code == 0, run.output
    run = upgrade(upgrade_revert=True)
    assert run.code == 0, run.output
    assert (depot.content(), depot.stack.live(), _version(depot)) == (
        {name: before[name] for name in depot.content()},
        live,
        "17",
    )
    assert _asides(depot) == ["slipway-18"]
    run = upgrade(upgrade_revert=True)
    assert run.code == 0, run.output
    assert (depot.content(), _version(depot)) == (changed, "18")

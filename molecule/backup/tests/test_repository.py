"""Backups outside of the server: sent, restored on a server that has lost its own, and damaged ones noticed."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.support.depot import Depot
from tests.support.long_form import LONG
from tests.support.stacks import wait_until

Playbook = Callable[..., Any]

SERVER = "restic-rest-server --path /srv/rest --no-auth --listen 127.0.0.1:8123"
LOCATION = "rest:http://127.0.0.1:8123/depot"


@pytest.fixture(scope="module")
def password() -> str:
    return secrets.token_hex()


@pytest.fixture(scope="module", autouse=True)
def _server(host: Any) -> Iterator[None]:
    """Run a server of restic on the host."""
    host.check_output(
        "sudo sh -c %s", "rm -rf /srv/rest; apt-get -qq install -y --no-install-recommends restic-rest-server"
    )
    host.check_output(f"sudo systemd-run --quiet --unit depot-rest {SERVER}")
    wait_until(lambda: host.socket("tcp://127.0.0.1:8123").is_listening)
    host.check_output("systemctl is-active depot-rest")
    yield
    host.check_output("sudo systemctl stop depot-rest")


@pytest.fixture
def back_up(playbook: Playbook, password: str) -> Callable[..., Any]:
    """Return a function that runs the playbook with the repository; arguments replace variables."""

    def run(*options: str, **variables: Any) -> Any:
        given = {
            "backup_repository": LOCATION,
            "backup_repository_secrets": {"RESTIC_PASSWORD": "restic_password"},
            "stack_secrets": {"restic_password": password},
            **variables,
        }
        return playbook("backup", *options, **given)

    return run


def _snapshots(depot: Depot, password: str) -> str:
    script = f"RESTIC_PASSWORD={password} RESTIC_REPOSITORY={LOCATION} restic snapshots --no-cache"
    return str(depot.stack.host.check_output("sudo sh -c %s", script))


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        ({"backup_repository_secrets": {}}, "key 'RESTIC_PASSWORD' is missing"),
        (
            {"stack_secrets": {"restic_passwd": "x" * 20}},
            "has no secret 'restic_password'; did you mean 'restic_passwd'?",
        ),
        ({"stack_secrets": {"restic_password": {"generate": 30}}}, "is generated on the server, and would be lost"),
        ({"backup_retention": {"dayly": 3}}, "backup_retention: 'dayly'; did you mean 'daily'?"),
        ({"backup_retention": {"daily": 0}}, "no backup would stay"),
    ],
)
def test_what_cannot_be_is_refused(
    variables: dict[str, Any], said: str, depot: Depot, back_up: Callable[..., Any]
) -> None:
    before = depot.stack.tree()
    run = back_up(**variables)
    assert run.code == 2
    assert said in run.output
    assert depot.stack.tree() == before


def test_all_backups_of_the_host_are_sent(depot: Depot, back_up: Callable[..., Any], password: str) -> None:
    if not depot.backups():
        depot.fill(300)
    assert back_up("--check").code == 0
    run = back_up()
    assert run.code == 0, run.output
    assert f"made the repository {LOCATION}" in run.output
    for backup in depot.backups():
        assert f"backup {backup} is in {LOCATION}" in run.output
    # Of one day, the last one stays.
    assert f"backup:{depot.backups()[-1]}" in _snapshots(depot, password)
    # Its password is in one file, for root.
    check = depot.stack.host.check_output
    found = check("sudo grep -rl %s %s", password, depot.stack.home).split()
    assert found == [f"{depot.stack.home}/secrets/repository/RESTIC_PASSWORD"]
    assert check("sudo stat -c %%a:%%U %s", found[0]) == "600:root"
    run = back_up(backup_now=False)
    assert (run.code, run.changed) == (0, 0), run.output


def test_a_server_that_has_lost_its_backups_gets_one(depot: Depot, playbook: Playbook) -> None:
    before = depot.everything()
    check = depot.stack.host.check_output
    backup = depot.backups()[-1]
    check("sudo mv %s /tmp/lost", f"{depot.stack.home}/backups")
    try:
        run = playbook("restore", restore_drill=True)
        assert run.code == 0, run.output
        assert f"fetching backup {backup} from {LOCATION}" in run.output
        assert "the repository is whole" in run.output
        assert depot.backups() == [backup]
        depot.change()
        assert playbook("restore", restore_backup=backup).code == 0
        assert depot.everything() == before
        run = playbook("restore", restore_backup="20010101T000000Z")
        assert run.code == 2
        assert (
            "there is no backup 20010101T000000Z on this host, or with stack:depot,environment:production" in run.output
        )
    finally:
        check("sudo sh -c %s", f"rm -rf {depot.stack.home}/backups; mv /tmp/lost {depot.stack.home}/backups")


def test_another_password_is_named_and_the_backup_stays(depot: Depot, back_up: Callable[..., Any]) -> None:
    before = depot.backups()
    run = back_up(stack_secrets={"restic_password": secrets.token_hex()}, backup_keep=9)
    assert run.code == 2
    assert f"the repository {LOCATION} has another password than RESTIC_PASSWORD" in run.output
    [new] = set(depot.backups()) - set(before)
    assert f"Backup {new} is complete on this host" in run.output
    # The next one sends it, as a backup of its own time.
    assert f"backup {new} is in {LOCATION}" in back_up(backup_keep=9).output


@pytest.mark.skipif(not LONG, reason="restic tries for 90 seconds")
def test_a_repository_that_does_not_answer_is_named(depot: Depot, back_up: Callable[..., Any]) -> None:
    run = back_up(backup_repository="rest:http://user:guessed@127.0.0.1:8124/depot", backup_keep=9)
    assert run.code == 2
    assert "the repository rest:http://127.0.0.1:8124/depot did not answer within" in run.output
    assert "guessed" not in run.output
    assert back_up(backup_now=False).code == 0


def test_a_drill_notices_a_damaged_repository(depot: Depot, playbook: Playbook) -> None:
    script = "for file in $(find /srv/rest/depot/data -type f); do truncate -s -1 $file; done"
    depot.stack.host.check_output("sudo sh -c %s", script)
    run = playbook("restore", restore_drill=True)
    assert run.code == 2
    assert f"the repository {LOCATION}: " in run.output


def test_without_a_repository_its_password_is_gone(depot: Depot, playbook: Playbook) -> None:
    assert playbook("backup", backup_now=False).code == 0
    assert depot.stack.host.check_output("sudo ls %s", f"{depot.stack.home}/secrets/repository") == ""

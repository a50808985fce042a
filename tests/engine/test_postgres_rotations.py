"""Rotations of passwords of Postgres: clients that log in again meanwhile, and sessions that stay open."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.killed import killed_after
from tests.support.local_deploys import LocalDeploy
from tests.support.long_form import LONG

_HEALTH = {"interval": "300ms", "retries": 100}
_CLIENT = {
    "kind": "custom",
    "image": "postgres:17",
    "user": "10001:10001",
    "stop_grace": "2s",
    "compose": {"init": True},
}
_ROW = 'CREATE TABLE IF NOT EXISTS "of_$(hostname)" (n int); INSERT INTO "of_$(hostname)" VALUES (1)'
#: Logs in with what it had at its start, as a pool does that opens a new connection.
_RECONNECTS = f"""
NAME=$POSTGRES_USER PASSWORD=$(cat "$POSTGRES_PASSWORD_FILE")
while :; do
  if PGPASSWORD=$PASSWORD PGOPTIONS='-c client_min_messages=warning' timeout 5 psql -XAtq -v ON_ERROR_STOP=1 \\
    -h "$POSTGRES_HOST" -U "$NAME" -d "$POSTGRES_DB" -c '{_ROW.replace("$(hostname)", "'$(hostname)'")}' 2>>/log/errors
  then echo ok; else echo FAIL; fi
  sleep 0.03
done >>/log/$(hostname)
"""
#: One session that stays open.
_STAYS = """
trap exit TERM
while :; do echo "SELECT 'ok';"; sleep 0.1; done | psql -XAtq "$URL" >>/log/$(hostname) 2>>/log/errors
echo FAIL >>/log/$(hostname)
"""


class Databases(LocalDeploy):
    """A stack with a Postgres, a database in it with a role of its own, and clients of both."""

    def __init__(self, name: str, folder: Path) -> None:
        super().__init__(name, folder)
        self.log = folder / "log"
        self.log.mkdir()
        self.log.chmod(0o777)
        test = 'PGPASSWORD="$$(cat $$POSTGRES_PASSWORD_FILE)" psql -h "$$POSTGRES_HOST" -U "$$POSTGRES_USER" -l -d '
        health = {"test": ["CMD-SHELL", f'{test}"$$POSTGRES_DB"'], **_HEALTH}
        common = {**_CLIENT, "health": health, "volumes": [f"{self.log}:/log"]}
        self.services: dict[str, Any] = {}
        url = {"needs": [{"service": "db", "url": "URL"}], "command": ["sh", "-c", _STAYS]}
        self.services |= {
            "db": {"kind": "postgres", "username": "shop", "database": "shop"},
            "flows": {"kind": "postgres_database", "needs": ["db"]},
            "app": {**common, "needs": ["db"], "replicas": 2, "command": ["sh", "-c", _RECONNECTS]},
            "pool": {**common, **url},
            "flow": {**common, "needs": ["flows"], "command": ["sh", "-c", _RECONNECTS]},
        }
        self.describe(self.services, {})

    def generated(self, name: str) -> str:
        """Return the value of a generated secret."""
        return (self.home.path / "secrets/generated" / name).read_text()

    def sql(self, statement: str, database: str = "shop") -> list[str]:
        """Return what a statement prints."""
        return self.execute("db", "psql", "-XAtqU", "shop", "-d", database, "-c", statement).stdout.splitlines()

    def accepts(self, login: str, password: str) -> bool:
        """Return whether the server accepts a password over the network."""
        script = 'IFS= read -r PGPASSWORD; export PGPASSWORD; psql -w -h db -U "$0" -d "$1" -c "SELECT 1"'
        done = self.execute("app", "sh", "-c", script, login, login, stdin=f"{password}\n")
        assert done.returncode == 0 or "password authentication failed" in done.stderr, done.stderr
        return done.returncode == 0

    def logins(self) -> set[str]:
        """Return how all logins ended and what all open sessions answered, and forget it."""
        found = {line for path in self.log.iterdir() for line in path.read_text().splitlines()}
        for path in self.log.iterdir():
            os.truncate(path, 0)
        return found

    def hold_complete(self) -> None:
        """Hold that nothing of a rotation is left, and that a deploy of the same description has nothing to do."""
        assert not self.home.rotation.exists()
        assert self.sql("SELECT rolname FROM pg_roles WHERE rolname LIKE '%rotation%'") == []
        assert "changed=0" in self.deploy().output


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Databases]:
    found = Databases(f"slipway-test-{secrets.token_hex(4)}", tmp_path_factory.mktemp("databases"))
    try:
        found.deploy()
        yield found
    finally:
        found.remove()


@pytest.mark.parametrize(("secret", "login"), [("db_password", "shop"), ("flows_password", "flows")])
def test_no_login_fails_meanwhile_and_the_old_password_is_refused(stack: Databases, secret: str, login: str) -> None:
    stack.sql(f"ALTER ROLE {login} IN DATABASE {login} SET search_path TO public, pg_catalog")
    old, server = stack.generated(secret), stack.containers("db")[0].id
    stack.logins()
    run = stack.run("rotate_secret", "-vvv", secret=secret)
    assert run.code == 0, run.output
    new = stack.generated(secret)
    assert new != old
    assert not [value for value in (old, new) if value in run.output]
    # A session that is open when its container stops has no answer of its last statement.
    assert stack.logins() - {"ok"} == set()
    assert (stack.accepts(login, old), stack.accepts(login, new)) == (False, True)
    assert stack.containers("db")[0].id == server
    assert stack.files_with(old) == []
    owners = stack.sql("SELECT DISTINCT tableowner FROM pg_tables WHERE tablename LIKE 'of\\_%'", login)
    assert owners == [login]
    stack.hold_complete()


def test_the_server_is_not_replaced_and_starts_again_with_the_new_password(stack: Databases) -> None:
    stack.restart("db")
    new = stack.generated("db_password")
    assert stack.execute("db", "cat", "/run/secrets/db_password").stdout == new


def test_a_later_deploy_finds_the_password_that_the_data_has(stack: Databases) -> None:
    changed = {**stack.services["app"], "environment": {"LOG": "more"}}
    stack.describe({**stack.services, "app": changed}, {})
    assert "changed=2" in stack.deploy().output
    assert stack.execute("app", "printenv", "LOG").stdout == "more\n"
    stack.describe(stack.services, {})
    stack.deploy()
    stack.hold_complete()


def test_a_service_with_the_name_of_the_role_of_its_own_undoes_the_rotation(stack: Databases) -> None:
    test = 'PGPASSWORD="$$(cat $$POSTGRES_PASSWORD_FILE)" psql -h db -U shop -l -d shop'
    health = {"test": ["CMD-SHELL", test], "interval": "300ms", "retries": 3, "start_period": "1s"}
    stack.describe({**stack.services, "pool": {**stack.services["pool"], "health": health}}, {})
    stack.deploy()
    old = stack.generated("db_password")
    stack.logins()
    run = stack.run("rotate_secret", secret="db_password")
    assert run.code == 2, run.output
    assert "pool" in run.output
    assert (stack.generated("db_password"), stack.accepts("shop", old)) == (old, True)
    assert stack.logins() - {"ok"} == set()
    stack.hold_complete()
    stack.describe(stack.services, {})
    stack.deploy()


def test_a_rotation_that_is_killed_after_any_record_goes_on(stack: Databases, monkeypatch: pytest.MonkeyPatch) -> None:
    stack.logins()
    step = 1 if LONG else 9
    number, is_killed = 1 - step, True
    while is_killed:
        number += step
        old = stack.generated("db_password")
        is_killed = killed_after(number, stack.rotate("db_password"), monkeypatch)
        if stack.home.rotation.exists():
            # Nobody waits for the next run: one of the two is good.
            next_one = stack.home.path / "secrets/rotation/new"
            known = [old, *([next_one.read_text()] if next_one.exists() else [])]
            assert [stack.accepts("shop", password) for password in known].count(True) == 1, f"after record {number}"
            assert not killed_after(10**6, stack.rotate("db_password"), monkeypatch)
        new = stack.generated("db_password")
        assert new != old, f"killed after record {number}"
        assert (stack.accepts("shop", old), stack.accepts("shop", new)) == (False, True)
        assert not stack.home.rotation.exists()
        assert not stack.sql("SELECT rolname FROM pg_roles WHERE rolname LIKE '%rotation%'")
        print(f"killed after record {number}" if is_killed else f"not killed by record {number}")
        assert stack.logins() - {"ok"} == set(), f"killed after record {number}"
    assert number > 20
    stack.hold_complete()

"""Rotations of secrets on a real engine: nothing fails meanwhile, and the old value is gone afterwards.

Clients log in again and again with the password that they had at their start, as a pool does that reconnects. Each of
them writes how every login ended.
"""

from __future__ import annotations

import hashlib
import os
import secrets
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.slipway.stack.plugins.module_utils.state import rotation

from tests.support.killed import killed_after
from tests.support.local_deploys import LocalDeploy
from tests.support.long_form import LONG

_HEALTH = {"interval": "300ms", "retries": 100}
_CUSTOM = {"kind": "custom", "image": "redis:8", "user": "10001:10001", "stop_grace": "2s", "compose": {"init": True}}
_LOGIN = 'REDISCLI_AUTH="$$(cat /run/secrets/store_password)" redis-cli -h store ping | grep -qx PONG'
#: Writes one line for each login.
_CLIENT = """
PASSWORD=$(cat /run/secrets/store_password)
while :; do
  if REDISCLI_AUTH=$PASSWORD timeout 5 redis-cli -h store ping | grep -qx PONG; then echo ok; else echo FAIL; fi
  sleep 0.03
done >>/log/$(hostname)
"""


class Rotated(LocalDeploy):
    """A stack with Redis and its clients, an application with a key, and a service without secrets."""

    def __init__(self, name: str, folder: Path) -> None:
        super().__init__(name, folder)
        self.log = folder / "log"
        self.log.mkdir()
        self.log.chmod(0o777)
        self.write()

    def write(self, others: Mapping[str, Any] | None = None, **app: Any) -> None:
        """Write the inventory. :param others: other keys of the clients. :param app: those of the application."""
        key = {"test": ["CMD", "test", "-s", "/run/secrets/key"], **_HEALTH}
        uses = [{"name": "key", "previous": True}, {"name": "key", "env": "KEY", "previous": True}]
        client = {"command": ["sh", "-c", _CLIENT], "needs": ["store"], "volumes": [f"{self.log}:/log"], "replicas": 2}
        services = {
            "store": {"kind": "redis"},
            "app": {**_CUSTOM, "command": ["sleep", "infinity"], "secrets": uses, "health": key, **app},
            "client": {**_CUSTOM, **client, "health": {"test": ["CMD-SHELL", _LOGIN], **_HEALTH}},
            "other": {**_CUSTOM, "command": ["sleep", "infinity"], "health": {"test": ["CMD", "true"], **_HEALTH}},
        }
        services["client"] |= others or {}
        self.describe(services, {"key": {"generate": 40}, "given": secrets.token_hex(16)})

    def ids(self) -> dict[str, set[str]]:
        """Return the ids of the running containers by service."""
        return {name: {one.id for one in self.containers(name)} for name in ("store", "app", "client", "other")}

    def generated(self, name: str) -> str:
        """Return the value of a generated secret."""
        return (self.home.path / "secrets/generated" / name).read_text()

    def read(self, path: str) -> str:
        """Return a file that the application reads."""
        return self.execute("app", "cat", path).stdout

    def variable(self, name: str) -> str:
        """Return a variable of the application."""
        return self.execute("app", "printenv", name).stdout.rstrip("\n")

    def accepts(self, password: str) -> bool:
        """Return whether Redis accepts a password."""
        script = "IFS= read -r REDISCLI_AUTH; export REDISCLI_AUTH; redis-cli -h store ping | grep -qx PONG"
        return self.execute("client", "sh", "-c", script, stdin=f"{password}\n").returncode == 0

    def logins(self) -> dict[str, list[str]]:
        """Return how the logins ended by client, and forget them."""
        found = {path.name: path.read_text().splitlines() for path in self.log.iterdir()}
        for path in self.log.iterdir():
            os.truncate(path, 0)
        return {name: lines for name, lines in found.items() if lines}

    def hold_complete(self) -> None:
        """Hold that no rotation is unfinished, and that a deploy of the same description has nothing to do."""
        assert not self.home.rotation.exists()
        assert not (self.home.path / "secrets/rotation").exists()
        before = self.ids()
        assert "changed=0" in self.deploy().output
        assert self.ids() == before


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rotated]:
    found = Rotated(f"slipway-test-{secrets.token_hex(4)}", tmp_path_factory.mktemp("rotated"))
    try:
        found.deploy()
        yield found
    finally:
        found.remove()


def test_a_key_is_rotated_and_the_previous_value_stays_until_the_overlap_ends(stack: Rotated) -> None:
    first, before = stack.generated("key"), stack.ids()
    assert (stack.read("/run/secrets/key"), stack.read("/run/secrets/key_previous")) == (first, "")
    assert (stack.variable("KEY"), stack.variable("KEY_PREVIOUS")) == (first, "")

    run = stack.run("rotate_secret", "-vvv", secret="key")
    assert run.code == 0, run.output
    second, after = stack.generated("key"), stack.ids()
    assert second != first
    assert (stack.read("/run/secrets/key"), stack.read("/run/secrets/key_previous")) == (second, first)
    assert (stack.variable("KEY"), stack.variable("KEY_PREVIOUS")) == (second, first)
    assert after["app"].isdisjoint(before["app"])
    assert {**after, "app": None} == {**before, "app": None}
    overview = stack.run("secrets").output
    assert "before the last rotation of key" in overview
    assert "differs" not in overview
    assert not {first, second} & set(run.output.split())
    assert first not in run.output
    stack.hold_complete()

    assert stack.run("rotate_secret", secret="key").code == 0
    third = stack.generated("key")
    assert stack.read("/run/secrets/key_previous") == second
    assert stack.files_with(first) == []

    run = stack.run("rotate_secret", secret="key", rotate_finish=True)
    assert run.code == 0, run.output
    assert (stack.read("/run/secrets/key"), stack.read("/run/secrets/key_previous")) == (third, "")
    assert stack.files_with(second) == []
    stack.hold_complete()
    run = stack.run("rotate_secret", secret="key", rotate_finish=True)
    assert "has no previous value" in run.output


def test_a_rollback_after_a_rotation_has_the_new_value(stack: Rotated) -> None:
    stack.write(environment={"LOG": "more"})
    stack.deploy()
    old = stack.generated("key")
    assert stack.run("rotate_secret", secret="key").code == 0
    assert stack.variable("LOG") == "more"
    run = stack.run("rollback")
    assert run.code == 0, run.output
    assert stack.variable("LOG") == ""
    assert stack.read("/run/secrets/key") == stack.generated("key") != old
    stack.write()
    stack.hold_complete()


def test_a_key_that_the_application_cannot_use_is_withdrawn(stack: Rotated) -> None:
    old = stack.generated("key")
    digest = hashlib.sha256(old.encode()).hexdigest()
    test = f"sha256sum /run/secrets/key | grep -q {digest}"
    stack.write(health={"test": ["CMD-SHELL", test], "interval": "300ms", "retries": 3, "start_period": "1s"})
    stack.deploy()
    before, releases = stack.ids(), stack.home.release_ids()
    run = stack.run("rotate_secret", secret="key")
    assert run.code == 2, run.output
    assert "app" in run.output
    assert (stack.generated("key"), stack.ids()) == (old, before)
    assert stack.home.release_ids() == releases
    stack.hold_complete()
    stack.write()
    stack.deploy()


def test_a_password_that_the_clients_cannot_use_is_withdrawn_from_redis(stack: Rotated) -> None:
    old = stack.generated("store_password")
    test = f"sha256sum /run/secrets/store_password | grep -q {hashlib.sha256(old.encode()).hexdigest()}"
    stack.write({"health": {"test": ["CMD-SHELL", test], "interval": "300ms", "retries": 3, "start_period": "1s"}})
    stack.deploy()
    before = stack.ids()
    stack.logins()
    run = stack.run("rotate_secret", secret="store_password")
    assert run.code == 2, run.output
    assert (stack.generated("store_password"), stack.ids(), stack.accepts(old)) == (old, before, True)
    listed = stack.execute("store", "sh", "-c", "REDISCLI_AUTH=$(cat /run/secrets/store_password) redis-cli acl list")
    assert listed.stdout.count("#") == 1, listed.stdout
    assert {line for lines in stack.logins().values() for line in lines} == {"ok"}
    stack.hold_complete()
    stack.write()
    stack.deploy()


@pytest.mark.parametrize(
    ("secret", "reason"),
    [("nothing", "no service reads a secret 'nothing'"), ("given", "no service reads a secret 'given'")],
)
def test_what_cannot_be_rotated_is_refused_before_anything_changes(stack: Rotated, secret: str, reason: str) -> None:
    before = stack.files_with("")
    for options in ((), ("--check",)):
        run = stack.run("rotate_secret", *options, secret=secret)
        assert run.code == 2, run.output
        assert reason in " ".join(run.output.split())
    assert stack.files_with("") == before


def test_a_secret_of_the_inventory_is_refused_with_what_to_do(stack: Rotated) -> None:
    stack.write(secrets=["given", "key"])
    stack.deploy()
    run = stack.run("rotate_secret", secret="given")
    assert run.code == 2
    assert "change it at its source and deploy" in " ".join(run.output.split())
    stack.write()
    stack.deploy()


def test_no_login_fails_meanwhile_and_redis_refuses_the_old_password(stack: Rotated) -> None:
    old, before = stack.generated("store_password"), stack.ids()
    stack.logins()
    run = stack.run("rotate_secret", "-vvv", secret="store_password")
    assert run.code == 0, run.output
    new, after = stack.generated("store_password"), stack.ids()
    logins = stack.logins()
    assert {line for lines in logins.values() for line in lines} == {"ok"}
    # Those from before and those from after it.
    assert len(logins) == 4
    assert (stack.accepts(old), stack.accepts(new)) == (False, True)
    assert after["client"].isdisjoint(before["client"])
    assert {**after, "client": None} == {**before, "client": None}
    assert not [value for value in (old, new) if value in run.output]
    assert stack.files_with(old) == []
    stack.hold_complete()
    stack.restart("store")
    assert (stack.accepts(old), stack.accepts(new)) == (False, True)


def test_redis_accepts_both_passwords_after_a_restart_in_the_middle(
    stack: Rotated, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = stack.generated("store_password")
    # The server accepts both, and the rollout has begun.
    assert killed_after(5, stack.rotate("store_password"), monkeypatch)
    new = (stack.home.path / "secrets/rotation/new").read_text()
    assert (stack.accepts(old), stack.accepts(new)) == (True, True)
    stack.restart("store")
    assert (stack.accepts(old), stack.accepts(new)) == (True, True)
    stack.logins()
    run = stack.run("rotate_secret", secret="store_password")
    assert run.code == 0, run.output
    assert {line for lines in stack.logins().values() for line in lines} == {"ok"}
    assert stack.generated("store_password") == new
    assert (stack.accepts(old), stack.accepts(new)) == (False, True)
    stack.hold_complete()


def test_until_a_rotation_is_complete_nothing_else_is_rolled_out(
    stack: Rotated, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert killed_after(3, stack.rotate("key"), monkeypatch)
    before = stack.files_with("")
    refused = {
        "deploy": {},
        "rollback": {"rollback_release": stack.home.current_id()},
        "rotate_secret": {"secret": "store_password"},
    }
    for playbook, variables in refused.items():
        run = stack.run(playbook, **variables)
        assert run.code == 2, run.output
        assert "playbooks/rotate_secret.yml -e secret=key" in " ".join(run.output.split())
    assert "the rotation of secret 'key' is unfinished" in stack.run("status").output
    assert stack.files_with("") == before
    assert stack.run("rotate_secret", secret="key").code == 0
    stack.hold_complete()


@pytest.mark.parametrize("secret", ["key", "store_password"])
def test_a_rotation_that_is_killed_after_any_record_goes_on(
    stack: Rotated, secret: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody knows in advance how many records there are: the last round is the one that is not killed."""
    stack.logins()
    # Each round takes some seconds. The other records have their turn in `make test-long`.
    step = 1 if LONG else 5
    number, is_killed = 1 - step, True
    while is_killed:
        number += step
        old = stack.generated(secret)
        is_killed = killed_after(number, stack.rotate(secret), monkeypatch)
        if stack.home.rotation.exists():
            assert rotation.unfinished(stack.home)
            assert not killed_after(10**6, stack.rotate(secret), monkeypatch)
        assert stack.generated(secret) != old, f"killed after record {number}"
        assert not stack.home.rotation.exists(), f"killed after record {number}"
        assert [path for path in stack.files_with(old) if "previous" not in path and "_env" not in path] == []
    assert number > 10
    assert {line for lines in stack.logins().values() for line in lines} == {"ok"}
    stack.hold_complete()

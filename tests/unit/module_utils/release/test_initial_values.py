"""A changed password of a database: refused while the data was created with another one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ansible_collections.slipway.stack.plugins.module_utils.engine import docker
from ansible_collections.slipway.stack.plugins.module_utils.release import data_loss, initial_values
from ansible_collections.slipway.stack.plugins.module_utils.state.layout import Home, write_text
from ansible_collections.slipway.stack.plugins.module_utils.state.secret_store import SecretStore

from tests.support.descriptions import parcel, plain
from tests.support.fake_host import tree

VOLUME = "shop_db-data"
DATABASE = {"db": {"kind": "postgres"}}
OWN = {
    "image": "mariadb:11",
    "class": "stateful",
    "volumes": ["rows:/var/lib/mysql"],
    "environment": {"MARIADB_USER": "app", "MARIADB_PASSWORD_FILE": "/run/secrets/pw"},
    "secrets": ["pw", {"name": "root_pw", "env": "MARIADB_ROOT_PASSWORD"}],
}


class Host:
    """A host with one stack. ``volumes``: the engine's volumes by name."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.home = Home(str(folder / "shop"))
        self.volumes: dict[str, dict[str, str]] = {}
        self._folder = folder
        monkeypatch.setattr(docker, "get", lambda path: self.volumes.get(path.rpartition("/")[2]))
        monkeypatch.setattr(SecretStore, "_hand_over", lambda *_arguments: None)

    def create(self, name: str = VOLUME, created: str = "monday") -> None:
        """Create a volume with data."""
        folder = self._folder / created / name
        write_text(folder / "PG_VERSION", "17\n")
        self.volumes[name] = {"Mountpoint": str(folder), "CreatedAt": created}

    def manifest(self, services: Any, secrets: Any, dry_run: bool = False) -> dict[str, Any]:
        """Return the manifest of a release, its secrets on the host unless it is a dry run."""
        release = parcel(services, secrets)
        store = SecretStore(self.home.path, dry_run=dry_run)
        addresses = store.addresses(list(release.secret_files), release.secrets())
        initial = initial_values.fingerprints(release.services, store, release.secrets())
        return {**release.content(), "addresses": addresses, "initial": initial}

    def refusals(self, services: Any, secrets: Any, live: Any = None, allowed: Any = ()) -> list[str]:
        """Return what a deploy of these services would refuse."""
        return initial_values.refusals(self.home, self.manifest(services, secrets, dry_run=True), live, allowed)


@pytest.fixture(name="host")
def _host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Host:
    return Host(tmp_path, monkeypatch)


def _password(value: Any) -> dict[str, Any]:
    return {"db_password": value}


def test_another_password_is_refused_with_the_remedy_until_somebody_has_changed_the_data(host: Host) -> None:
    live = host.manifest(DATABASE, _password("monday"))
    host.create()
    initial_values.record(host.home, live, ["db"])
    assert host.refusals(DATABASE, _password("monday"), live) == []
    (problem,) = host.refusals(DATABASE, _password("tuesday"), live)
    assert problem == (
        "service 'db': POSTGRES_PASSWORD changed, but the data in db-data was created with another one and keeps it, "
        "so no service could log in; restore the value of stack_secrets.db_password, or change it in the database "
        'first and run this once with -e \'{"stack_changed_in_data": ["db"]}\''
    )
    assert host.refusals(DATABASE, _password("tuesday"), live, ["db"]) == []


def test_another_user_or_database_is_refused(host: Host) -> None:
    live = host.manifest(DATABASE, _password("monday"))
    host.create()
    initial_values.record(host.home, live, ["db"])
    renamed = {"db": {"kind": "postgres", "username": "ada", "database": "other"}}
    (problem,) = host.refusals(renamed, _password("monday"), live)
    assert problem.startswith("service 'db': POSTGRES_DB, POSTGRES_USER changed, ")


def test_the_data_of_a_failed_first_deploy_keeps_its_password(host: Host) -> None:
    failed = host.manifest(DATABASE, _password("monday"))
    host.create()
    initial_values.record(host.home, failed, ["db"])
    (problem,) = host.refusals(DATABASE, _password("tuesday"))
    assert problem.endswith(f"; or remove {VOLUME} if nobody needs its data")


def test_new_data_takes_any_password(host: Host) -> None:
    live = host.manifest(DATABASE, _password("monday"))
    assert host.refusals(DATABASE, _password("tuesday"), live) == []
    host.create()
    initial_values.record(host.home, live, ["db"])
    # Somebody has removed the volume, and another one has its name.
    host.create(created="wednesday")
    assert host.refusals(DATABASE, _password("tuesday"), live) == []


def test_without_a_record_the_live_release_counts(host: Host) -> None:
    live = host.manifest(DATABASE, _password("monday"))
    host.create()
    assert len(host.refusals(DATABASE, _password("tuesday"), live)) == 1
    assert host.refusals(DATABASE, _password("monday"), live) == []


def test_a_live_release_of_an_older_version_counts_by_its_secret_files(host: Host) -> None:
    live = host.manifest(DATABASE, _password("monday"))
    del live["initial"]
    host.create()
    (problem,) = host.refusals(DATABASE, _password("tuesday"), live)
    assert problem.startswith("service 'db': POSTGRES_PASSWORD changed, ")
    assert host.refusals(DATABASE, _password("monday"), live) == []


def test_a_password_that_would_be_generated_for_existing_data_is_refused(host: Host) -> None:
    host.create()
    (problem,) = host.refusals(DATABASE, {})
    assert problem == (
        "service 'db': there is data in db-data already, and POSTGRES_PASSWORD would be generated now, so no service "
        "could log in; set stack_secrets.db_password to the value that the data was created with; or remove "
        f"{VOLUME} if nobody needs its data"
    )
    # A team that adopts existing data gives its password.
    assert host.refusals(DATABASE, _password("monday")) == []


def test_a_generated_password_that_is_lost_is_not_generated_again(host: Host) -> None:
    live = host.manifest(DATABASE, {})
    host.create()
    initial_values.record(host.home, live, ["db"])
    assert host.refusals(DATABASE, {}, live) == []
    (host.home.path / "secrets/generated/db_password").unlink()
    (problem,) = host.refusals(DATABASE, {}, live)
    assert problem.startswith("service 'db': POSTGRES_PASSWORD changed, ")


@pytest.mark.parametrize("change", [{"pw": "2"}, {"root_pw": "2"}])
def test_any_service_that_keeps_data(host: Host, change: dict[str, str]) -> None:
    """A password in a file, one in a variable, and a plain user; the same for services of Compose files."""
    secrets = {"pw": "1", "root_pw": "1"}
    live = host.manifest({"sql": plain(**OWN)}, secrets)
    host.create("shop_rows")
    initial_values.record(host.home, live, ["sql"])
    assert host.refusals({"sql": plain(**OWN)}, secrets, live) == []
    (problem,) = host.refusals({"sql": plain(**OWN)}, {**secrets, **change}, live)
    name = {"pw": "MARIADB_PASSWORD", "root_pw": "MARIADB_ROOT_PASSWORD"}[next(iter(change))]
    assert problem.startswith(f"service 'sql': {name} changed, ")
    other = {**OWN, "environment": {**OWN["environment"], "MARIADB_USER": "ada"}}
    assert host.refusals({"sql": plain(**other)}, secrets, live)[0].startswith("service 'sql': MARIADB_USER changed, ")


def test_redis_reads_its_password_at_each_start(host: Host) -> None:
    services = {"redis": {"kind": "redis"}}
    live = host.manifest(services, {"redis_password": "monday"})
    host.create("shop_redis-data")
    assert host.refusals(services, {"redis_password": "tuesday"}, live) == []


def test_no_value_is_on_the_disk(host: Host) -> None:
    live = host.manifest(DATABASE, _password("monday-secret"))
    host.create()
    initial_values.record(host.home, live, ["db"])
    path = host.home.state / "initial.json"
    assert "monday-secret" not in path.read_text()
    assert path.stat().st_mode & 0o777 == 0o600
    assert "monday-secret" not in str(live["initial"])


@pytest.mark.parametrize("damage", ["", "{", "[]", '{"shop_db-data": 1}', '{"format": 99}'])
def test_a_damaged_record_does_not_stop_a_deploy(host: Host, damage: str) -> None:
    live = host.manifest(DATABASE, _password("monday"))
    host.create()
    write_text(host.home.state / "initial.json", damage)
    assert host.refusals(DATABASE, _password("monday"), live) == []
    assert len(host.refusals(DATABASE, _password("tuesday"), live)) == 1
    initial_values.record(host.home, live, ["db"])
    assert len(host.refusals(DATABASE, _password("tuesday"), live)) == 1


def test_another_salt_makes_hashes_incomparable(host: Host) -> None:
    live = host.manifest(DATABASE, _password("monday"))
    host.create()
    initial_values.record(host.home, live, ["db"])
    (host.home.path / "secrets/salt").unlink()
    host.manifest(DATABASE, _password("monday"))
    assert host.refusals(DATABASE, _password("monday"), {**live, "addresses": {}}) == []


def test_recording_survives_a_disk_that_is_full(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    live = host.manifest(DATABASE, _password("monday"))

    def full(*_arguments: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(initial_values, "write_text", full)
    initial_values.record(host.home, live, ["db"])
    assert not [path for path in tree(host.home.path) if path.endswith("initial.json")]


def test_a_rollback_over_a_changed_password_is_refused_and_can_be_allowed(host: Host) -> None:
    old, live = (host.manifest(DATABASE, _password(day)) for day in ("monday", "tuesday"))
    host.create()
    initial_values.record(host.home, live, ["db"])
    assert len(data_loss.unusable(host.home, old, live, data_loss.Permissions())) == 1
    assert data_loss.unusable(host.home, old, live, data_loss.Permissions(changed_in_data=["db"])) == []

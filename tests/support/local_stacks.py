"""Stacks on the engine of this machine, as code on a server sees them: a release in a directory, and its containers.

For what needs a real Postgres and no server. The names of the projects of Compose are theirs, so they can run next to
each other. Whoever makes one removes it.
"""

from __future__ import annotations

import copy
import json
import secrets
import subprocess
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml
from ansible_collections.slipway.stack.plugins.module_utils.backup import catalog, containers, taking
from ansible_collections.slipway.stack.plugins.module_utils.refresh import loading, making, refreshing, snapshot_reader
from ansible_collections.slipway.stack.plugins.module_utils.refresh.database import Database
from ansible_collections.slipway.stack.plugins.module_utils.refresh.making import Wanted
from ansible_collections.slipway.stack.plugins.module_utils.refresh.settings import Settings
from ansible_collections.slipway.stack.plugins.module_utils.rollout import release_jobs
from ansible_collections.slipway.stack.plugins.module_utils.state.journal import Journal, RolloutFailed
from ansible_collections.slipway.stack.plugins.module_utils.state.layout import Home
from ansible_collections.slipway.stack.plugins.module_utils.state.transaction import RolloutOptions

from tests.contracts.checkout import ROOT
from tests.support import shop_database

WORDS = {
    name: [f"{name[:4].capitalize()}{number}" for number in range(300)]
    for name in ("first_names", "last_names", "streets", "cities", "postcodes", "words")
}
_RELEASE = "20261127T000000Z"
_SERVICE: Mapping[str, Any] = {
    "pinned": "",
    "replicas": 1,
    "edge": False,
    "ports": [],
    "start_seconds": 60,
    "secrets": {},
    "settings": {},
    "release": None,
    "release_once": False,
    "job_seconds": 60,
    "depends_on": [],
}
_HEALTH = {"test": ["CMD", "pg_isready", "-q", "-h", "127.0.0.1"], "interval": "1s", "retries": 60}


class LocalStack:
    """A stack with the Postgres ``db``, whose database is ``shop``.

    :param user: of the database. :param major: of Postgres.
    :param more: other services of its manifest.
    """

    def __init__(
        self, project: str, folder: Path, environment: str, user: str, major: str, more: Mapping[str, Any] | None = None
    ) -> None:
        self.project, self.user, self.image = project, user, f"postgres:{major}"
        self.home = Home(str(folder / environment))
        self.home.make_directories()
        self.release = self.home.release(_RELEASE)
        self.release.mkdir()
        self.password = secrets.token_urlsafe(24)
        generated = self.home.path / "secrets" / "generated"
        generated.mkdir(parents=True)
        (generated / "db.password").write_text(self.password)
        database = {**_SERVICE, "image": self.image, "class": "stateful", "backup": _method()}
        others = {name: {**_SERVICE, "image": self.image, **service} for name, service in (more or {}).items()}
        self.manifest: dict[str, Any] = {"stack": project, "environment": environment, "addresses": {}, "mounted": []}
        self.manifest |= {
            "settings": {},
            "release": _RELEASE,
            "secret_files": [],
            "services": {"db": database, **others},
        }
        (self.release / "manifest.json").write_text(json.dumps(self.manifest))
        self.home.current.symlink_to(f"releases/{_RELEASE}")

    def write(self, more: Mapping[str, Any] | None = None) -> None:
        """Write the Compose file. :param more: other services than the database."""
        variables = {"POSTGRES_DB": "shop", "POSTGRES_USER": self.user, "POSTGRES_PASSWORD": self.password}
        database = {"image": self.image, "environment": variables, "healthcheck": _HEALTH}
        document = {"name": self.project, "services": {"db": database, **(more or {})}}
        (self.release / "compose.yaml").write_text(yaml.safe_dump(document))

    def compose(self, *words: str) -> None:
        """Run Compose in the release."""
        _compose(words, self.release)

    def start(self, *services: str) -> None:
        """Start services and wait until they are healthy. Nothing of the stack stays if that fails."""
        try:
            self.compose("up", "--detach", "--wait", *services)
        except BaseException:
            self.remove()
            raise

    def remove(self) -> None:
        """Remove its containers and volumes, and those of a copy that a killed snapshot has left."""
        # Without a Compose file in sight, all that has the name of the project is removed.
        _compose(("--project-name", f"{self.project}-refresh", "down", "--volumes", "--timeout", "0"), Path("/"))
        self.compose("--profile", "*", "down", "--volumes", "--timeout", "1")

    def database(self, name: str = "shop") -> Database:
        """Return a database of the stack."""
        return Database(containers.running(self.project, "db", 60), name, 600.0)

    def journal(self) -> Journal:
        """Return a journal."""
        return Journal(self.home.backup_journal, "test")


class Production(LocalStack):
    """A stack of production: saved, and read masked."""

    def __init__(self, project: str, folder: Path, major: str = "17") -> None:
        super().__init__(project, folder, "production", "shop", major)
        self.write()
        self.start("db")

    def save(self) -> None:
        """Take a backup."""
        taking.take(self.home, taking.Options("me", 9, 600.0), self.journal())

    def make(self, rules: dict[str, Any], key: bytes = b"") -> Path:
        """Make a masked snapshot of the newest backup."""
        wanted = Wanted(rules, WORDS, "db", "app1", key=key, keep=9, timeout=600.0)
        return making.make(self.home, wanted, catalog.new_id_in(self.home.path / "snapshots"), self.journal())

    def refusal(self, change: Callable[[dict[str, Any]], object]) -> RolloutFailed:
        """Return why a snapshot with changed rules is refused. Nothing of it may stay."""
        before = self.snapshots()
        rules = copy.deepcopy(shop_database.rules())
        change(rules)
        try:
            self.make(rules)
        except RolloutFailed as error:
            assert self.snapshots() == before
            return error
        raise AssertionError("it was not refused")

    def snapshots(self) -> list[str]:
        """Return what is in the directory of the snapshots."""
        return sorted(path.name for path in (self.home.path / "snapshots").glob("*"))

    def load(self, path: Path, name: str) -> Database:
        """Load a snapshot into a new database of this server, as a destination does."""
        database = self.database(name)
        settings = Settings("db", {}, (), (), 600.0)
        loading.load(self.database(), database, snapshot_reader.read(path), settings, self.journal())
        return database


class Staging(LocalStack):
    """A stack of staging with an application and a release job: it is refreshed."""

    def __init__(self, project: str, folder: Path, settings: Settings, major: str = "17") -> None:
        more = {"app": {"class": "stateless", "depends_on": ["db"], "release": "migrate"}}
        super().__init__(project, folder, "staging", "staging", major, more)
        self.settings = settings
        self.set_job("psql -c 'CREATE TABLE public.migrated ()'")
        self.start("db", "app")

    def set_job(self, script: str) -> None:
        """Let the release job run another script."""
        client = {"PGHOST": "db", "PGUSER": self.user, "PGDATABASE": "shop", "PGPASSWORD": self.password}
        job = {"environment": client, "profiles": ["jobs"], "entrypoint": ["sh", "-ec", script]}
        app = {"entrypoint": ["sleep", "infinity"], "init": True}
        self.write({name: {"image": self.image, **service} for name, service in (("app", app), ("migrate", job))})

    def refresh(self, path: Path) -> None:
        """Refresh it from a snapshot. :raises RolloutFailed: if that fails."""
        refreshing.refresh(self.home, path, self.settings, self._jobs, self.journal())

    def refusal(self, path: Path) -> str:
        """Return why a refresh fails."""
        try:
            self.refresh(path)
        except RolloutFailed as error:
            return str(error)
        raise AssertionError("it did not fail")

    def set_aside(self) -> list[str]:
        """Return the databases of restores and refreshes."""
        return self.database("template1").run("SELECT datname FROM pg_database WHERE datname LIKE 'slipway%'")

    def _jobs(self, manifest: Mapping[str, Any], journal: Journal) -> None:
        """Run the release jobs as the module does."""
        options = RolloutOptions(manifest["release"], 1, "me")
        release_jobs.run_jobs(manifest["services"], lambda _name: True, str(self.release), journal, options)


def _compose(words: Sequence[str], folder: Path) -> None:
    """Run Compose. :raises RuntimeError: with what it has said, if it fails."""
    run = subprocess.run(["docker", "compose", *words], cwd=folder, capture_output=True, text=True)
    if run.returncode:
        raise RuntimeError(f"docker compose {' '.join(words)}: {run.stderr}")


def _method() -> dict[str, Any]:
    """Return how the kind saves a Postgres, as a manifest has it."""
    method: dict[str, Any] = yaml.safe_load((ROOT / "kinds/postgres.yml").read_text())["backup"]
    for archive in method["archives"].values():
        archive.update({name: method["before"] + script for name, script in archive.items()})
    return {**method, "volumes": {}, "before": ""}

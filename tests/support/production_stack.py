"""A stack of production with one database on the engine of this machine, for :mod:`real_snapshot`."""

from __future__ import annotations

import copy
import json
import secrets
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml
from ansible_collections.slipway.stack.plugins.module_utils.backup import catalog, containers, taking
from ansible_collections.slipway.stack.plugins.module_utils.refresh import (
    loaded_scan,
    making,
    snapshot_reader,
)
from ansible_collections.slipway.stack.plugins.module_utils.refresh.database import Database
from ansible_collections.slipway.stack.plugins.module_utils.refresh.making import Wanted
from ansible_collections.slipway.stack.plugins.module_utils.state.journal import Journal, RolloutFailed
from ansible_collections.slipway.stack.plugins.module_utils.state.layout import Home

from tests.contracts.checkout import ROOT
from tests.support import shop_database

WORDS = {
    name: [f"{name[:4].capitalize()}{number}" for number in range(300)]
    for name in ("first_names", "last_names", "streets", "cities", "postcodes", "words")
}


class Production:
    """A stack with one database in a directory of its own."""

    def __init__(self, project: str, folder: Path) -> None:
        self.project, self.home = project, Home(str(folder / "production"))
        self.home.make_directories()
        self.release = self.home.release("20261127T000000Z")
        self.release.mkdir()
        kind = yaml.safe_load((ROOT / "kinds/postgres.yml").read_text())
        for archive in kind["backup"]["archives"].values():
            archive.update({name: kind["backup"]["before"] + script for name, script in archive.items()})
        kind["backup"] |= {"volumes": {}, "before": ""}
        self.secret = secrets.token_urlsafe(24)
        generated = self.home.path / "secrets" / "generated"
        generated.mkdir(parents=True)
        (generated / "db.password").write_text(self.secret)
        service: dict[str, Any] = {"image": "postgres:17", "pinned": "", "replicas": 1, "edge": False, "ports": []}
        service |= {"start_seconds": 60, "secrets": {}, "settings": {}, "release": None, "release_once": False}
        service |= {"job_seconds": 60, "class": "stateful", "depends_on": [], "backup": kind["backup"]}
        manifest = {"stack": project, "environment": "production", "addresses": {}, "mounted": [], "settings": {}}
        manifest |= {"services": {"db": service}, "release": self.release.name, "secret_files": []}
        (self.release / "manifest.json").write_text(json.dumps(manifest))
        self.home.current.symlink_to(f"releases/{self.release.name}")
        health = {"test": ["CMD", "pg_isready", "-q", "-h", "127.0.0.1"], "interval": "1s", "retries": 60}
        variables = {"POSTGRES_DB": "shop", "POSTGRES_USER": "shop", "POSTGRES_PASSWORD": self.secret}
        database = {"image": "postgres:17", "environment": variables, "healthcheck": health}
        document = {"name": project, "services": {"db": database}}
        (self.release / "compose.yaml").write_text(yaml.safe_dump(document))
        self.compose("up", "--detach", "--wait", "db")

    def compose(self, *words: str) -> None:
        """Run Compose in the release."""
        subprocess.run(["docker", "compose", *words], cwd=self.release, check=True, capture_output=True)

    def database(self, name: str = "shop") -> Database:
        """Return a database of the stack."""
        return Database(containers.running(self.project, "db", 60), name, 600.0)

    def journal(self) -> Journal:
        """Return a journal."""
        return Journal(self.home.backup_journal, "snapshot")

    def save(self) -> None:
        """Take a backup."""
        taking.take(self.home, taking.Options("me", 9, 600.0), self.journal())

    def make(self, rules: dict[str, Any], key: bytes = b"") -> Path:
        """Make a masked snapshot."""
        wanted = Wanted(rules, WORDS, "db", "app1", key=key, keep=9, timeout=600.0)
        return making.make(self.home, wanted, catalog.new_id_in(self.home.path / "snapshots"), self.journal())

    def fails(self, change: Callable[[dict[str, Any]], object]) -> RolloutFailed:
        """Return why a snapshot with changed rules fails. Nothing of it may stay."""
        before = self.files()
        rules = copy.deepcopy(shop_database.rules())
        change(rules)
        try:
            self.make(rules)
        except RolloutFailed as error:
            expect("nothing is left", self.files(), before)
            return error
        raise SystemExit("FAILED it was not refused")

    def files(self) -> list[str]:
        """Return what is in the directory of the snapshots."""
        return sorted(path.name for path in (self.home.path / "snapshots").glob("*"))

    def load(self, path: Path, name: str) -> Database:
        """Load a snapshot into a new database as the destination does."""
        self.database("template1").run(f"CREATE DATABASE {name};")
        database = self.database(name)
        snapshot = snapshot_reader.read(path)
        for member in snapshot.members:
            database.load(path, member)
        loaded_scan.check(database, snapshot)
        return database


def expect(what: str, found: object, expected: object = True) -> None:
    """Print a check, and stop if it fails."""
    print(("ok    " if found == expected else "FAILED"), what, "" if found == expected else f"{found!r}", flush=True)
    if found != expected:
        raise SystemExit(1)

"""Make a masked snapshot of the newest backup: restore it into a copy without network, and read it masked.

Place in the pipeline: source, in a process of its own. Nothing of the stack is touched. The file gets its name only
when every column has a rule and the scan has found nothing.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ansible_collections.slipway.stack.plugins.module_utils.backup import catalog, live_release, loading, space
from ansible_collections.slipway.stack.plugins.module_utils.backup.catalog import Backup
from ansible_collections.slipway.stack.plugins.module_utils.backup.throwaway import throwaway
from ansible_collections.slipway.stack.plugins.module_utils.engine.docker import Container
from ansible_collections.slipway.stack.plugins.module_utils.refresh import (
    planning,
    prelude,
    scan,
    schema,
    side_by_side,
    snapshot_writer,
    source_database,
    uploads,
)
from ansible_collections.slipway.stack.plugins.module_utils.refresh.database import Database, first_of
from ansible_collections.slipway.stack.plugins.module_utils.refresh.destination import machine_id
from ansible_collections.slipway.stack.plugins.module_utils.refresh.snapshot_writer import Writer
from ansible_collections.slipway.stack.plugins.module_utils.refresh.source_database import Find
from ansible_collections.slipway.stack.plugins.module_utils.refresh.subset import Subset
from ansible_collections.slipway.stack.plugins.module_utils.state import known_secrets
from ansible_collections.slipway.stack.plugins.module_utils.state.journal import Journal, RolloutFailed
from ansible_collections.slipway.stack.plugins.module_utils.state.layout import Home

STEP = "snapshot"
KEY_BYTES = 32
_RESTORED = "slipway_source"
#: A copy that loses its data in a crash is made again.
_FAST = """
ALTER SYSTEM SET fsync = off;
ALTER SYSTEM SET full_page_writes = off;
ALTER SYSTEM SET max_wal_size = '4GB';
ALTER SYSTEM SET log_min_error_statement = 'panic';
SELECT pg_reload_conf() \\g /dev/null
"""
_TABLES = ("first_names", "last_names", "streets", "cities", "postcodes", "words")


@dataclass(frozen=True)
class Wanted:
    """What to make. ``rules`` and ``lookups``: as the controller sends them. ``host``: how the inventory names it.

    ``service``: the Postgres. ``database``: empty for the one that the service is made for. ``backup``: an id, empty
    for the newest. ``key``: of the masks, 32 bytes, empty for one that is made and forgotten. ``keep``: how many
    snapshots stay. ``timeout``: seconds for one archive or one table.
    """

    rules: Mapping[str, Any]
    lookups: Mapping[str, Sequence[str]] = field(repr=False)
    service: str
    host: str
    database: str = ""
    backup: str = ""
    key: bytes = field(default=b"", repr=False)
    keep: int = 1
    timeout: float = 6 * 3600.0


def make(home: Home, wanted: Wanted, snapshot_id: str, journal: Journal) -> Path:
    """Make a masked snapshot, and return its file.

    :raises RolloutFailed: if there is no backup, a column has no rule, the scan finds something, or Postgres fails.
        Then there is no file.
    """
    _check_lookups(wanted.lookups)
    manifest = live_release.manifest(home)
    backup = catalog.find(home, wanted.backup)
    spec = manifest["services"].get(wanted.service) or {}
    method = (spec.get("backup") or {}).get("archives") or {}
    entries = [one for one in backup.archives if one["service"] == wanted.service and one["name"] in method]
    if not any(one["name"] == "database" for one in entries):
        raise RolloutFailed(f"backup {backup.id} has no database of service '{wanted.service}'")
    folder = home.path / "snapshots"
    space.check_for_restore(entries)
    size = sum(int(one["size"]) for one in entries) + uploads.size(backup, wanted.rules["uploads"])
    space.check_for_snapshot(home.path, size)
    writer = Writer(folder, snapshot_id, wanted.timeout)
    try:
        with throwaway(home, manifest["release"], wanted.service, "refresh") as copy:
            copy.create()
            container = copy.start()
            part = journal.part(STEP, "restore", wanted.service, start_text=f"restoring backup {backup.id} into a copy")
            with part:
                name, database = _restore(backup, entries, method, container, wanted)
            facts = _write(writer, database, backup, wanted, tuple(known_secrets.values(home)), journal)
        path = writer.complete({"source": _source(home, manifest, wanted, backup), "database": name, **facts})
    finally:
        writer.remove()
    snapshot_writer.prune(folder, max(1, wanted.keep))
    journal.write(STEP, "done", f"masked snapshot {snapshot_id}: {path.stat().st_size} bytes", wanted.service)
    return path


def _restore(
    backup: Backup,
    entries: Sequence[Mapping[str, Any]],
    method: Mapping[str, Any],
    container: Container,
    wanted: Wanted,
) -> tuple[str, Database]:
    """Restore the roles and the one database, and return the name that it has in production, and the database."""
    name = wanted.database or first_of(container, wanted.timeout).name
    items = [one["item"] for one in entries if one["name"] == "database"]
    if name not in items:
        raise RolloutFailed(f"backup {backup.id} has no database '{name}'; valid values: {', '.join(sorted(items))}")
    Database(container, "template1", wanted.timeout).run(_FAST)
    for entry in entries:
        is_database = entry["name"] == "database"
        if not is_database or entry["item"] == name:
            into = _RESTORED if is_database else ""
            loading.into_container(backup, entry, method[entry["name"]], container, into, wanted.timeout)
    return name, Database(container, _RESTORED, wanted.timeout)


def _write(
    writer: Writer, database: Database, backup: Backup, wanted: Wanted, known: Sequence[bytes], journal: Journal
) -> dict[str, Any]:
    """Check the rules, write all members, and return what the manifest says about the database."""
    tables = schema.read(database)
    plan = planning.plan(tables, wanted.rules)
    problems = (*plan.problems, *uploads.problems(backup, wanted.rules["uploads"]))
    if problems:
        more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
        raise RolloutFailed(f"the rules do not fit production: {problems[0]}{more}", problems)
    source_database.prepare(database)
    database.run(prelude.sql(wanted.key or os.urandom(KEY_BYTES), wanted.lookups))
    # Postgres checks all expressions and conditions before it reads a row.
    pieces = planning.pieces(plan.reads, source_database.pages(database))
    source_database.make_views(database, pieces, lambda read: read.where)
    subset = Subset(database, tables, wanted.rules)
    subset.choose()
    source_database.make_views(database, pieces, lambda read: subset.where(read.table.key))
    secrets = scan.forms(known)
    finds = source_database.add_schema(writer, database, "pre-data", secrets)

    def save(number: int) -> tuple[dict[str, Any], list[Find]]:
        read = pieces[number].read
        journal.write(STEP, "started", f"reading {pieces[number].title} masked", wanted.service, part="mask")
        return source_database.save_rows(writer, database, number, read, wanted.rules["domain"], secrets)

    with journal.part(STEP, "mask", wanted.service):
        for member, found in side_by_side.each(save, range(len(pieces))):
            writer.members.append(member)
            finds += found
    source_database.add_sequences(writer, database)
    if wanted.rules["large_objects"] == "keep":
        finds += source_database.add_large_objects(writer, database, secrets)
    finds += uploads.add(writer, backup, wanted.rules["uploads"], secrets, journal)
    finds += source_database.add_schema(writer, database, "post-data", secrets)
    finds = source_database.merged(finds)
    if finds:
        raise RolloutFailed(
            f"the masked data still has what looks personal or secret, in {len(finds)} places, so nothing leaves this "
            f"host: {finds[0]}; correct the rules, or say with a reason that these values are harmless",
            tuple(str(find) for find in finds),
        )
    asked = database.run(
        "SHOW server_version; SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = current_database();"
        "SELECT extname FROM pg_extension WHERE extname <> 'plpgsql' ORDER BY 1;"
    )
    return {
        "server_version": asked[0],
        "owner": asked[1],
        "extensions": asked[2:],
        "domain": wanted.rules["domain"],
    }


def _source(home: Home, manifest: Mapping[str, Any], wanted: Wanted, backup: Backup) -> dict[str, str]:
    return {
        "stack": manifest["stack"],
        "environment": str(manifest.get("environment") or ""),
        "host": wanted.host,
        "machine": machine_id(),
        "root": str(home.path),
        "release": manifest["release"],
        "backup": backup.id,
    }


def _check_lookups(lookups: Mapping[str, Sequence[str]]) -> None:
    for name in _TABLES:
        entries = lookups.get(name)
        if not isinstance(entries, (list, tuple)) or not entries or not all(isinstance(one, str) for one in entries):
            raise RolloutFailed(f"lookup table {name} must be a list of texts that is not empty")

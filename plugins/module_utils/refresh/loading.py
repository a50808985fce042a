"""Load a masked snapshot into a new database next to the live one, and check it.

Place in the pipeline: target, between the refusals and the swap. The application goes on with the live database.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from ansible_collections.slipway.stack.plugins.module_utils.backup import containers, space
from ansible_collections.slipway.stack.plugins.module_utils.refresh import (
    loaded_scan,
    own_rows,
    properties,
    side_by_side,
)
from ansible_collections.slipway.stack.plugins.module_utils.refresh.database import Database, first_of
from ansible_collections.slipway.stack.plugins.module_utils.refresh.settings import Settings
from ansible_collections.slipway.stack.plugins.module_utils.refresh.snapshot_reader import Member, Snapshot
from ansible_collections.slipway.stack.plugins.module_utils.state.journal import Journal, RolloutFailed

STEP = "refresh"
#: Bytes on the disk for each byte of a text of COPY: rows and their indexes.
_EXPANSION = 2
#: Materialized views are dumped without rows. One may read another, and a view is created after what it reads.
_MATERIALIZED = """
SELECT format('REFRESH MATERIALIZED VIEW %I.%I', nspname, relname) FROM pg_class
  JOIN pg_namespace n ON n.oid = relnamespace WHERE relkind = 'm' AND NOT relispopulated ORDER BY pg_class.oid \\gexec
ANALYZE;
"""


def live_database(manifest: Mapping[str, Any], service: str, timeout: float) -> Database:
    """Return the database of a Postgres service that runs.

    :raises RolloutFailed: if there is no such service, it does not run, or it is no Postgres of the kind.
    """
    method = (manifest["services"].get(service) or {}).get("backup") or {"archives": {}}
    if "swap" not in (method["archives"].get("database") or {}):
        known = ", ".join(
            name
            for name, spec in manifest["services"].items()
            if "swap" in (((spec.get("backup") or {}).get("archives") or {}).get("database") or {})
        )
        raise RolloutFailed(f"service '{service}' has no database that can be refreshed; valid values: {known or '-'}")
    return first_of(containers.running(manifest["stack"], service), timeout)


def check(live: Database, snapshot: Snapshot) -> None:
    """Check the versions and the disk. :raises RolloutFailed: if the snapshot cannot be loaded here."""
    major = int(live.run("SHOW server_version_num;")[0]) // 10000
    if snapshot.major > major:
        raise RolloutFailed(
            f"snapshot {snapshot.id} is of PostgreSQL {snapshot.major}, and service '{live.container.service}' is "
            f"PostgreSQL {major}; upgrade it first"
        )
    missing = properties.extensions_missing(live, snapshot.extensions)
    if missing:
        raise RolloutFailed(
            f"service '{live.container.service}' does not have the extensions {', '.join(missing)} of production; use "
            "an image that has them"
        )
    space.check_for_data(snapshot.plain_size * _EXPANSION)


def load(live: Database, new: Database, snapshot: Snapshot, settings: Settings, journal: Journal) -> None:
    """Load a snapshot into *new*, which does not exist yet.

    The order matters: rows of the destination replace loaded rows before there are constraints.

    :raises RolloutFailed: if a member is damaged, Postgres refuses it, a table has another number of rows, or the rows
        have what looks like personal data.
    """
    properties.create(live, new)
    members = [member for member in snapshot.members if member.sort not in ("rows", "files")]
    _load(new, snapshot, members[:1], settings, journal)
    _load_rows(new, snapshot, settings, journal)
    _load(new, snapshot, members[1:-1], settings, journal)
    with journal.part(STEP, "search", settings.service, start_text="looking for personal data"):
        searched = loaded_scan.check(new, snapshot)
    journal.write(STEP, "done", searched, settings.service)
    for line in own_rows.keep(live, new, settings.own):
        journal.write(STEP, "done", line, settings.service)
    _load(new, snapshot, members[-1:], settings, journal)
    own_rows.raise_sequences(new, settings.own)
    new.run(_MATERIALIZED)
    properties.grant(live, new)
    for number, statement in enumerate(settings.after, 1):
        try:
            new.run(f"{statement.rstrip().rstrip(';')};")
        except RolloutFailed as error:
            raise RolloutFailed(f"refresh_after: statement {number}: {error}") from None
    journal.write(STEP, "done", "the loaded data is checked", settings.service)


def _load(new: Database, snapshot: Snapshot, members: Sequence[Member], settings: Settings, journal: Journal) -> None:
    for member in members:
        with journal.part(STEP, "load", settings.service, start_text=f"loading {member.sort}"):
            new.load(snapshot.path, member)


def _load_rows(new: Database, snapshot: Snapshot, settings: Settings, journal: Journal) -> None:
    """Load the rows of all tables, and check their numbers."""
    members = [member for member in snapshot.members if member.sort == "rows"]

    def load_one(member: Member) -> None:
        text = f"loading {member.rows} rows of {member.table}"
        journal.write(STEP, "started", text, settings.service, part="load")
        new.load(snapshot.path, member)

    with journal.part(STEP, "load", settings.service):
        side_by_side.each(load_one, members)
    expected: Counter[tuple[str, str]] = Counter()
    for member in members:
        expected[member.table, member.copy.split(" (")[0]] += member.rows
    found = new.run("".join(f"SELECT count(*) FROM {table};\n" for _title, table in expected))
    for (title, _table), rows, count in zip(expected, expected.values(), map(int, found)):
        if count != rows:
            raise RolloutFailed(f"snapshot {snapshot.id}: {title} has {count} rows instead of {rows}")

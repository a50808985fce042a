"""Look for personal data once more, in the rows that were loaded and before they are swapped.

Place in the pipeline: destination, under :mod:`loading`, before own rows of the destination are there. The secrets of
production are not known here; they were looked for where the snapshot was made.
"""

from __future__ import annotations

from collections.abc import Sequence

from ansible_collections.slipway.stack.plugins.module_utils.backup import streams
from ansible_collections.slipway.stack.plugins.module_utils.backup.pipeline import StreamError
from ansible_collections.slipway.stack.plugins.module_utils.refresh import schema, side_by_side, source_database
from ansible_collections.slipway.stack.plugins.module_utils.refresh.database import Database, identifier
from ansible_collections.slipway.stack.plugins.module_utils.refresh.scan import ALL, Scanner, Searched
from ansible_collections.slipway.stack.plugins.module_utils.refresh.schema import Table
from ansible_collections.slipway.stack.plugins.module_utils.refresh.snapshot_reader import Snapshot
from ansible_collections.slipway.stack.plugins.module_utils.refresh.source_database import Find
from ansible_collections.slipway.stack.plugins.module_utils.state.journal import RolloutFailed


def check(database: Database, snapshot: Snapshot) -> str:
    """Search all tables of the loaded database, and return a line for the journal.

    A manifest says of each column what it may have, see :mod:`scan`. A column that it does not name, as in a file that
    was not made by a masked snapshot, is searched for everything.

    :raises RolloutFailed: if they have what looks like personal data.
    """
    named = {schema.parse(member.table): member.search for member in snapshot.members if member.sort == "rows"}
    searches = []
    for table in schema.read(database):
        known = named.get(table.key, {})
        # A generated column has what is in the others.
        columns = [
            Searched(column.name, ALL & frozenset(known.get(column.name, ALL)))
            for column in table.columns
            if not column.generated
        ]
        wanted = [column for column in columns if column.kinds]
        if wanted:
            searches.append((table, wanted))

    def search(one: tuple[Table, list[Searched]]) -> list[Find]:
        return _search(database, *one, snapshot.domain)

    finds = [find for found in side_by_side.each(search, searches) for find in found]
    if finds:
        raise RolloutFailed(
            f"snapshot {snapshot.id} has what looks like personal data, in {len(finds)} places, so it is not used: "
            f"{finds[0]}",
            tuple(str(find) for find in finds),
        )
    return f"nothing personal was found in {sum(len(wanted) for _table, wanted in searches)} columns"


def _search(database: Database, table: Table, columns: Sequence[Searched], domain: str) -> list[Find]:
    listed = ", ".join(identifier(column.name) for column in columns)
    scanner = Scanner(columns, domain, ())
    command = source_database.reading(database, f"SELECT {listed} FROM {table.sql}")
    try:
        streams.watch(command, scanner.feed, database.timeout)
    except StreamError as error:
        raise RolloutFailed(f"{table.title}: {error}") from None
    scanner.finish()
    return source_database.finds_of(table.title, scanner)

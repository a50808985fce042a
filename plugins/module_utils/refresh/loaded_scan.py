"""Look for personal data once more, in the rows that were loaded and before they are swapped.

Place in the pipeline: destination, under :mod:`loading`, before own rows of the destination are there. The secrets of
production are not known here; they were looked for where the snapshot was made.
"""

from __future__ import annotations

from ansible_collections.slipway.stack.plugins.module_utils.backup import streams
from ansible_collections.slipway.stack.plugins.module_utils.backup.streams import StreamError
from ansible_collections.slipway.stack.plugins.module_utils.refresh import source_database
from ansible_collections.slipway.stack.plugins.module_utils.refresh.database import Database, identifier
from ansible_collections.slipway.stack.plugins.module_utils.refresh.scan import ALL, Scanner, Searched
from ansible_collections.slipway.stack.plugins.module_utils.refresh.snapshot_reader import Member, Snapshot
from ansible_collections.slipway.stack.plugins.module_utils.refresh.source_database import Find
from ansible_collections.slipway.stack.plugins.module_utils.state.journal import RolloutFailed


def check(database: Database, snapshot: Snapshot) -> None:
    """Search the columns that the manifest names. :raises RolloutFailed: if they have what looks like personal data."""
    finds: list[Find] = []
    for member in snapshot.members:
        if member.search:
            finds += _search(database, member, snapshot.domain)
    if finds:
        raise RolloutFailed(
            f"snapshot {snapshot.id} has what looks like personal data, in {len(finds)} places, so it is not used: "
            f"{finds[0]}",
            tuple(str(find) for find in finds),
        )


def _search(database: Database, member: Member, domain: str) -> list[Find]:
    columns = [Searched(name, ALL & frozenset(kinds)) for name, kinds in member.search.items()]
    listed = ", ".join(identifier(column.name) for column in columns)
    scanner = Scanner(columns, domain, ())
    command = source_database.reading(database, f"SELECT {listed} FROM {member.copy.split(' (')[0]}")
    try:
        streams.watch(command, scanner.feed, database.timeout)
    except StreamError as error:
        raise RolloutFailed(f"{member.table}: {error}") from None
    scanner.finish()
    return source_database.finds_of(member.table, scanner)

"""What a snapshot takes out of the copy of production's database: the schema, masked rows, sequences.

Place in the pipeline: source, between the plan and the snapshot file.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from ansible_collections.slipway.stack.plugins.module_utils.backup import streams
from ansible_collections.slipway.stack.plugins.module_utils.refresh import large_objects, scan
from ansible_collections.slipway.stack.plugins.module_utils.refresh.database import USER, Database
from ansible_collections.slipway.stack.plugins.module_utils.refresh.large_objects import LargeObjectScanner
from ansible_collections.slipway.stack.plugins.module_utils.refresh.planning import Piece, Read
from ansible_collections.slipway.stack.plugins.module_utils.refresh.prelude import SCHEMA
from ansible_collections.slipway.stack.plugins.module_utils.refresh.scan import Scanner, Searched
from ansible_collections.slipway.stack.plugins.module_utils.refresh.schema import Column, Key
from ansible_collections.slipway.stack.plugins.module_utils.refresh.snapshot_writer import Writer
from ansible_collections.slipway.stack.plugins.module_utils.state.journal import RolloutFailed

#: Subscriptions and mappings of users have passwords. Owners and grants are those of the destination.
_DUMP = (
    USER + 'exec pg_dump --section="$SECTION" --encoding=UTF8 --no-owner --no-privileges --no-comments '
    "--no-security-labels --no-publications --no-subscriptions --no-tablespaces --no-large-objects "
    f'--exclude-schema={SCHEMA} "$FROM"'
)
#: An error has only its code: its text may have a value that is not masked.
_READ = (
    USER + "exec psql -XAtq --set=ON_ERROR_STOP=1 --set=VERBOSITY=sqlstate "
    '--dbname="$FROM" --command="COPY ($QUERY) TO STDOUT"'
)
#: As pg_dump sets them, so that each server reads the text in the same way.
_FORMAT = {
    "PGCLIENTENCODING": "UTF8",
    "PGOPTIONS": "-c datestyle=ISO -c intervalstyle=postgres -c extra_float_digits=3 -c bytea_output=hex "
    "-c statement_timeout=0 -c jit=off -c work_mem=64MB",
}
_SEQUENCES = """
SELECT format('SELECT pg_catalog.setval(%L, %s, %L);', format('%I.%I', schemaname, sequencename),
  coalesce(last_value, start_value), last_value IS NOT NULL) FROM pg_sequences
WHERE schemaname !~ '^pg_' ORDER BY schemaname, sequencename
"""
_PAGES = """
SELECT json_build_array(nspname, relname, pg_relation_size(c.oid) / current_setting('block_size')::int)
FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace
WHERE relkind = 'r' AND NOT relispartition AND current_setting('server_version_num')::int >= 140000;
"""
#: Rules whose values have runs of digits that mean nothing.
_MADE_OF_DIGITS = ("hash", "phone")
#: Rules that give values of production, or of an expression. The destination searches them once more.
_PASSED_ON = ("keep", "sql", "json")
_WITHOUT_TEXT = (
    *("boolean", "smallint", "integer", "real", "double precision", "uuid", "oid", "date", "interval"),
    *("timestamp without time zone", "timestamp with time zone", "time without time zone", "time with time zone"),
)
_NUMBERS = ("bigint", "numeric")


@dataclass(frozen=True)
class Find:
    """What the scan has found. ``table``: or the sort of the member. ``column``: empty if it has none."""

    table: str
    column: str
    kind: str
    count: int

    def __str__(self) -> str:
        place = f"{self.table}.{self.column}" if self.column else self.table
        return f"{place}: {self.count} {self.kind}"


def prepare(database: Database) -> None:
    """Remove what a dump would have of passwords. :raises RolloutFailed: if Postgres refuses it."""
    database.run(
        "SELECT format('DROP USER MAPPING FOR %s SERVER %I', CASE umuser WHEN 0 THEN 'PUBLIC' ELSE "
        "quote_ident(usename) END, srvname) FROM pg_user_mappings WHERE umuser = 0 OR usename IS NOT NULL \\gexec\n"
    )


def pages(database: Database) -> dict[Key, int]:
    """Return how many pages the tables have, of those that can be read page by page.

    A partition cannot be read by the pages of its table, and Postgres finds a range of pages only from version 14 on.

    :raises RolloutFailed: if the database cannot be asked.
    """
    found = [json.loads(line) for line in database.run(_PAGES)]
    return {(schema, table): count for schema, table, count in found}


def make_views(database: Database, pieces: Sequence[Piece], where: Callable[[Read], str]) -> None:
    """Make a view for each piece that gives its masked rows. Postgres checks each expression, and reads no row.

    :param where: gives the condition for the rows of a table.
    :raises RolloutFailed: naming each table and column whose expression is wrong.
    """
    statements = [_view(number, piece, where(piece.read)) for number, piece in enumerate(pieces)]
    try:
        database.run("BEGIN;\n" + "\n".join(statements) + "\nCOMMIT;")
    except RolloutFailed:
        problems = [text for number, piece in enumerate(pieces) for text in _wrong(database, number, piece, where)]
        if not problems:
            raise
        raise RolloutFailed(f"the rules do not fit: {problems[0]}", tuple(dict.fromkeys(problems))) from None


def add_schema(writer: Writer, database: Database, section: str, secrets: Sequence[bytes]) -> list[Find]:
    """Add ``pre-data`` or ``post-data``, and return what was found in it."""
    scanner = Scanner((), "", secrets)
    command = streams.in_container(database.container.id, _DUMP, {"SECTION": section, "FROM": database.name})
    writer.add(section, command, scanner, {})
    return finds_of(section, scanner)


def save_rows(
    writer: Writer, database: Database, number: int, read: Read, domain: str, secrets: Sequence[bytes]
) -> tuple[dict[str, Any], list[Find]]:
    """Save the masked rows of the view *number*, and return the member and what was found in it.

    :raises RolloutFailed: if Postgres fails. Its text is not shown: it may have a value.
    """
    columns = searched(read)
    scanner = Scanner(columns, domain, secrets)
    about: dict[str, Any] = {"table": read.table.title, "copy": read.copy}
    passed = {column.name for column, rule in zip(read.columns, read.rules) if rule in _PASSED_ON}
    # Each column is named: what the destination does not find here is searched for everything.
    about |= {"search": {one.name: sorted(one.kinds) if one.name in passed else [] for one in columns}}
    try:
        member = writer.save("rows", reading(database, f"SELECT * FROM {SCHEMA}.read_{number}"), scanner, about)
    except RolloutFailed as error:
        raise RolloutFailed(
            f"{error} (SQLSTATE; the text of Postgres may have a value, so it is not shown): a value of this table "
            "cannot be masked as the rules say"
        ) from None
    return member, finds_of(read.table.title, scanner)


def merged(finds: Iterable[Find]) -> list[Find]:
    """Return finds with one for each column and kind: a table may have several members."""
    counts: Counter[tuple[str, str, str]] = Counter()
    for find in finds:
        counts[find.table, find.column, find.kind] += find.count
    return [Find(*place, count) for place, count in counts.items()]


def add_sequences(writer: Writer, database: Database) -> None:
    """Add the values of all sequences."""
    writer.add("sequences", reading(database, _SEQUENCES), Scanner((), "", ()), {})


def add_large_objects(writer: Writer, database: Database, secrets: Sequence[bytes]) -> list[Find]:
    """Add all large objects as they are, and return what was found in them."""
    scanner = LargeObjectScanner(secrets)
    writer.add("large-objects", reading(database, large_objects.QUERY), scanner, {})
    return finds_of("large objects", scanner)


def searched(read: Read) -> tuple[Searched, ...]:
    """Return what the columns of a table are searched for besides secrets: what their rule and type can have."""
    return tuple(
        Searched(column.name, frozenset() if column.name in read.reviewed else _kinds(column, rule))
        for column, rule in zip(read.columns, read.rules)
    )


def _kinds(column: Column, rule: str) -> frozenset[str]:
    if rule in _MADE_OF_DIGITS:
        return frozenset({scan.MAIL})
    if column.enum or column.base in _WITHOUT_TEXT:
        return frozenset()
    return frozenset({scan.CARD}) if column.base in _NUMBERS else scan.ALL


def _view(number: int, piece: Piece, where: str) -> str:
    return f"CREATE OR REPLACE VIEW {SCHEMA}.read_{number} AS {piece.query(where)};"


def _wrong(database: Database, number: int, piece: Piece, where: Callable[[Read], str]) -> list[str]:
    """Return what is wrong with the view of a piece: its columns, or its condition."""
    read = piece.read
    view = _view(number, piece, where(read))
    if not _error(database, view):
        return []
    found = []
    for column, expression in zip(read.columns, read.selected):
        error = _error(database, f"SELECT {expression} FROM {read.table.sql} LIMIT 0;")
        if error:
            found.append(f"{read.table.title}.{column.name}: {error}")
    return found or [f"{read.table.title}: {_error(database, view)}"]


def _error(database: Database, statement: str) -> str:
    try:
        database.run(f"BEGIN;\n{statement}\nROLLBACK;")
    except RolloutFailed as error:
        return str(error).partition(f"database {database.name}: ")[2]
    return ""


def reading(database: Database, query: str) -> list[str]:
    """Return the command that prints the rows of a query as the text of a COPY."""
    return streams.in_container(database.container.id, _READ, {**_FORMAT, "QUERY": query, "FROM": database.name})


def finds_of(table: str, scanner: Scanner | LargeObjectScanner) -> list[Find]:
    """Return what a scanner has found in a table."""
    return [Find(table, column, kind, count) for (column, kind), count in sorted(scanner.finds.items())]

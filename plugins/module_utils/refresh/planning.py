"""The rules compared with the schema, and the query that reads each table masked. Pure.

Place in the pipeline: source, after the schema is read and before a row is. A column that no rule classifies stops the
refresh, and so does a rule for what is gone. All of them are named together.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ansible_collections.slipway.stack.plugins.module_utils.refresh import masking, schema
from ansible_collections.slipway.stack.plugins.module_utils.refresh.database import identifier
from ansible_collections.slipway.stack.plugins.module_utils.refresh.masking import MaskingError
from ansible_collections.slipway.stack.plugins.module_utils.refresh.schema import Column, Key, Table

Rules = Mapping[str, Any]
#: 64 MiB. A smaller piece takes less time than its process takes to start.
PAGES_OF_A_PIECE = 8192


@dataclass(frozen=True)
class Read:
    """How a table is read. ``columns``: those that are written, in order. ``rules``: the names of their rules.

    ``selected``: their masked values as SQL.

    ``where``: a condition, empty for all rows. ``reviewed``: the columns whose values a person has called harmless, by
    ``keep`` with a reason.
    """

    table: Table
    columns: tuple[Column, ...]
    rules: tuple[str, ...]
    selected: tuple[str, ...]
    where: str
    reviewed: frozenset[str]

    @property
    def copy(self) -> str:
        """What follows COPY when the rows are loaded."""
        return f"{self.table.sql} ({', '.join(identifier(column.name) for column in self.columns)})"

    def query(self, where: str) -> str:
        """Return the query of the masked rows that match a condition."""
        only = "" if self.table.partitioned else "ONLY "
        condition = f" WHERE {where}" if where else ""
        named = ", ".join(f"{expression} AS c{number}" for number, expression in enumerate(self.selected))
        return f"SELECT {named} FROM {only}{self.table.sql}{condition}"


@dataclass(frozen=True)
class Piece:
    """What one query reads of a table: all of it, or pages of it, so that a large table is read by several at once.

    ``first``: its first page, ``None`` for all. ``end``: the page after the last one, ``None`` to the end.
    """

    read: Read
    first: int | None = None
    end: int | None = None

    @property
    def title(self) -> str:
        """What it is in messages, such as ``public.users from page 8192 on``."""
        return f"{self.read.table.title} from page {self.first} on" if self.first else self.read.table.title

    def query(self, where: str) -> str:
        """Return the query of the masked rows of these pages that match a condition."""
        conditions = [f"({where})"] if where else []
        if self.first is not None:
            conditions.append(f"ctid >= '({self.first},0)'::tid")
        if self.end is not None:
            conditions.append(f"ctid < '({self.end},0)'::tid")
        return self.read.query(" AND ".join(conditions))


@dataclass(frozen=True)
class Plan:
    """All reads, and what is wrong: one text each. With a problem there is nothing to read."""

    reads: tuple[Read, ...]
    problems: tuple[str, ...]


def plan(tables: Sequence[Table], rules: Rules) -> Plan:
    """Return how the tables are read, and each problem of the rules.

    :param rules: normalised by the controller.
    """
    by_key, problems = _by_key(rules["tables"])
    known = {table.key: table for table in tables}
    for key in [*by_key, *(parsed for parsed in map(schema.parse, rules["subset"]) if parsed)]:
        if key not in known:
            problems.append(f"{schema.title(key)}: the rules have it, and production has no such table; remove it")
    reads = []
    for table in tables:
        entry = by_key.get(table.key)
        if entry is None:
            names = ", ".join(column.name for column in table.columns if not column.generated)
            problems.append(f"{table.title}: no rule classifies this table, with the columns {names or '-'}")
            continue
        found = list(_problems(table, entry, by_key, known))
        if found or entry["rows"] == "none":
            problems += found
            continue
        reads.append(_read(table, entry, known, rules["domain"], problems))
    return Plan(tuple(reads), tuple(problems))


def pieces(reads: Sequence[Read], pages: Mapping[Key, int]) -> list[Piece]:
    """Return what is read by one query each: those of large tables first, so that no one is left for the end.

    :param pages: of tables that can be read by their pages.
    """
    found = []
    for read in sorted(reads, key=lambda read: pages.get(read.table.key, sys.maxsize), reverse=True):
        starts = range(0, pages.get(read.table.key, 0), PAGES_OF_A_PIECE)
        if len(starts) < 2:
            found.append(Piece(read))
        else:
            # Nobody writes to the copy. The last piece has no end all the same.
            found += [Piece(read, start, start + PAGES_OF_A_PIECE) for start in starts[:-1]]
            found.append(Piece(read, starts[-1]))
    return found


def _by_key(tables: Mapping[str, Any]) -> tuple[dict[Key, Rules], list[str]]:
    found: dict[Key, Rules] = {}
    problems = []
    for name, entry in tables.items():
        key = schema.parse(name)
        if key is None:
            problems.append(f"{name}: it is no table; write schema and table, as public.users")
        elif key in found:
            problems.append(f"{name}: the rules name this table twice")
        else:
            found[key] = entry
    return found, problems


def _problems(table: Table, entry: Rules, by_key: Mapping[Key, Rules], known: Mapping[Key, Table]) -> Iterator[str]:
    rules = entry["columns"]
    for name in rules:
        column = table.column(name)
        if column is None:
            yield f"{table.title}.{name}: the rules have it, and production has no such column; remove it"
        elif column.generated:
            yield f"{table.title}.{name}: the column is generated from others; remove its rule"
    if entry["rows"] == "none":
        return
    for column in table.columns:
        if column.generated:
            continue
        rule = rules.get(column.name)
        if rule is None:
            yield f"{table.title}.{column.name}: no rule classifies this column of type {column.type}"
            continue
        if rule["rule"] == "shift" and table.column(rule["by"]) is None:
            yield f"{table.title}.{column.name}: rule shift: there is no column {rule['by']}"
        yield from _reference_problems(table, column, rule, by_key, known)


def _reference_problems(
    table: Table, column: Column, rule: Rules, by_key: Mapping[Key, Rules], known: Mapping[Key, Table]
) -> Iterator[str]:
    """Yield a problem if a foreign key could not hold, because both columns are masked in different ways."""
    if column.references is None:
        return
    target, name = column.references
    there = (by_key.get(target) or {}).get("columns", {}).get(name)
    other = known[target].column(name) if target in known else None
    if there is None or other is None or rule["rule"] in ("null", "sql"):
        return
    if {**rule, "reason": ""} != {**there, "reason": ""}:
        yield (
            f"{table.title}.{column.name}: rule {rule['rule']}: it refers to {schema.title(target)}.{name} with rule "
            f"{there['rule']}; use the same rule for both"
        )
    elif rule["rule"] == "hash" and column.base != other.base:
        yield f"{table.title}.{column.name}: rule hash: it is {column.base} and refers to {other.base}; use keep"


def _read(table: Table, entry: Rules, known: Mapping[Key, Table], domain: str, problems: list[str]) -> Read:
    columns = tuple(column for column in table.columns if not column.generated)
    selected, reviewed = [], set()
    for column in columns:
        rule = entry["columns"][column.name]
        try:
            selected.append(masking.expression(column, rule, origin(column, known), domain))
        except MaskingError as error:
            problems.append(f"{table.title}.{column.name}: {error}")
        if rule["rule"] == "keep" and rule.get("reason"):
            reviewed.add(column.name)
    names = tuple(str(entry["columns"][column.name]["rule"]) for column in columns)
    return Read(table, columns, names, tuple(selected), entry["where"], frozenset(reviewed))


def origin(column: Column, known: Mapping[Key, Table]) -> Column:
    """Return the column that a column refers to in the end; itself without a foreign key."""
    seen = set()
    while column.references and column.references not in seen:
        seen.add(column.references)
        target, name = column.references
        found = known[target].column(name) if target in known else None
        if found is None:
            break
        column = found
    return column

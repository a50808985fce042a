"""The tables of a database as data: columns, types, keys. It is read from the catalog, and no row is read.

Place in the pipeline: source, first in a masked snapshot and in a proposal of rules. Tables of extensions, partitions
and temporary tables are left out: the rules of a partitioned table are those of its partitions.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ansible_collections.slipway.stack.plugins.module_utils.refresh.database import Database, identifier

Key = tuple[str, str]
_PLAIN = re.compile(r"[a-z_][a-z0-9_]*")
_PART = re.compile(r'"(?:[^"]|"")+"|[^".\s]+')


@dataclass(frozen=True)
class Column:
    """A column. ``type``: as DDL has it. ``base``: without array, domain and length, such as ``text``.

    ``limit``: characters of a varchar(n) or char(n), 0 without a limit. ``generated``: ``s`` or ``v`` if it is.
    ``identity``: ``a`` or ``d`` if it is. ``unique``: whether a unique index has it. ``alone``: whether a unique index
    has only it. ``references``: table and column that a foreign key names.
    """

    name: str
    type: str
    base: str
    array: bool
    enum: tuple[str, ...]
    domain: str
    limit: int
    nullable: bool
    generated: str
    identity: str
    primary: bool
    unique: bool
    alone: bool
    references: tuple[Key, str] | None


@dataclass(frozen=True)
class Reference:
    """A foreign key: ``columns`` of the table refer to ``others`` of the table ``target``, in this order."""

    columns: tuple[str, ...]
    target: Key
    others: tuple[str, ...]


@dataclass(frozen=True)
class Table:
    """A table. ``rows``: an estimate, -1 if it is unknown."""

    schema: str
    name: str
    partitioned: bool
    rows: int
    columns: tuple[Column, ...]
    references: tuple[Reference, ...]

    @property
    def key(self) -> Key:
        """Its schema and its name."""
        return self.schema, self.name

    @property
    def title(self) -> str:
        """Its name in messages and in rules, such as ``public.users``."""
        return title(self.key)

    @property
    def sql(self) -> str:
        """Its name in SQL."""
        return f"{identifier(self.schema)}.{identifier(self.name)}"

    def column(self, name: str) -> Column | None:
        """Return a column by its name."""
        return next((column for column in self.columns if column.name == name), None)


#: The type below domains, in as many steps as there are domains, and the one of the elements of an array.
_QUERY = r"""
WITH RECURSIVE kinds(oid, base, typmod, domain) AS (
  SELECT oid, oid, -1, '' FROM pg_type WHERE typtype <> 'd'
  UNION ALL
  SELECT d.oid, k.base, greatest(d.typtypmod, k.typmod), format_type(d.oid, NULL)
    FROM pg_type d JOIN kinds k ON k.oid = d.typbasetype WHERE d.typtype = 'd'),
flat AS (
  SELECT k.oid, k.typmod, k.domain, t.typcategory = 'A' AND t.typelem <> 0 AND t.typlen = -1 AS is_array,
    CASE WHEN t.typcategory = 'A' AND t.typelem <> 0 AND t.typlen = -1 THEN t.typelem ELSE t.oid END AS element
  FROM kinds k JOIN pg_type t ON t.oid = k.base),
types AS (
  SELECT f.oid, greatest(f.typmod, e.typmod) AS typmod, coalesce(nullif(f.domain, ''), e.domain) AS domain, f.is_array,
    e.base FROM flat f JOIN kinds e ON e.oid = f.element)
SELECT json_build_object('schema', n.nspname, 'name', c.relname, 'partitioned', c.relkind = 'p',
  'rows', c.reltuples::bigint,
  'columns', (SELECT coalesce(json_agg(json_build_object(
      'name', a.attname, 'type', format_type(a.atttypid, a.atttypmod),
      'base', format_type(t.base, NULL), 'array', t.is_array, 'domain', t.domain,
      'enum', (SELECT coalesce(json_agg(enumlabel ORDER BY enumsortorder), '[]') FROM pg_enum WHERE enumtypid = t.base),
      'limit', CASE WHEN format_type(t.base, NULL) IN ('character varying', 'character')
        THEN greatest(a.atttypmod, t.typmod, 4) - 4 ELSE 0 END,
      'nullable', NOT a.attnotnull, 'generated', a.attgenerated, 'identity', a.attidentity,
      'primary', EXISTS (SELECT FROM pg_index i WHERE i.indrelid = c.oid
        AND i.indisprimary AND a.attnum = ANY (i.indkey)),
      'unique', EXISTS (SELECT FROM pg_index i WHERE i.indrelid = c.oid
        AND i.indisunique AND a.attnum = ANY (i.indkey)),
      'alone', EXISTS (SELECT FROM pg_index i WHERE i.indrelid = c.oid AND i.indisunique AND i.indnkeyatts = 1
        AND i.indkey[0] = a.attnum AND i.indpred IS NULL)) ORDER BY a.attnum), '[]')
    FROM pg_attribute a JOIN types t ON t.oid = a.atttypid
    WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped),
  'references', (SELECT coalesce(json_agg(json_build_object('schema', tn.nspname, 'name', tc.relname,
      'columns', (SELECT json_agg(attname ORDER BY o) FROM unnest(k.conkey) WITH ORDINALITY AS x(num, o)
        JOIN pg_attribute ON attrelid = k.conrelid AND attnum = num),
      'others', (SELECT json_agg(attname ORDER BY o) FROM unnest(k.confkey) WITH ORDINALITY AS x(num, o)
        JOIN pg_attribute ON attrelid = k.confrelid AND attnum = num)) ORDER BY k.oid), '[]')
    FROM pg_constraint k JOIN pg_class tc ON tc.oid = k.confrelid JOIN pg_namespace tn ON tn.oid = tc.relnamespace
    WHERE k.conrelid = c.oid AND k.contype = 'f' AND NOT tc.relispartition))
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relpersistence <> 't'
  AND n.nspname NOT LIKE 'pg\_%' AND n.nspname NOT IN ('information_schema', 'slipway_mask')
  AND NOT EXISTS (SELECT FROM pg_depend d
    WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
ORDER BY n.nspname, c.relname;
"""


def read(database: Database) -> list[Table]:
    """Return the tables, in the order of their names. :raises RolloutFailed: if the database cannot be asked."""
    return [_table(json.loads(line)) for line in database.run(_QUERY)]


def as_data(tables: Sequence[Table]) -> list[dict[str, Any]]:
    """Return the tables as the proposal of rules reads them."""
    return [
        {
            "table": table.title,
            "schema": table.schema,
            "name": table.name,
            "partitioned": table.partitioned,
            "rows": table.rows,
            "columns": [_column_data(column) for column in table.columns],
        }
        for table in tables
    ]


def title(key: Key) -> str:
    """Return the name of a table as a person writes it: quoted only where it must be."""
    return ".".join(part if _PLAIN.fullmatch(part) else identifier(part) for part in key)


def parse(name: str) -> Key | None:
    """Return schema and name of a table as rules have it, such as ``sales."Order Items"``; ``None`` if it is none.

    A part without quotes is taken as it is, with its capitals.
    """
    parts, position = [], 0
    while found := _PART.match(name, position):
        part = found[0]
        parts.append(part[1:-1].replace('""', '"') if part.startswith('"') else part)
        position = found.end()
        if name[position : position + 1] != ".":
            break
        position += 1
    return (parts[0], parts[1]) if len(parts) == 2 and position == len(name) else None


def _table(given: Mapping[str, Any]) -> Table:
    references = tuple(
        Reference(tuple(one["columns"]), (one["schema"], one["name"]), tuple(one["others"]))
        for one in given["references"]
    )
    targets = {name: (one.target, other) for one in references for name, other in zip(one.columns, one.others)}
    columns = tuple(
        Column(**{**column, "enum": tuple(column["enum"]), "references": targets.get(column["name"])})
        for column in given["columns"]
    )
    return Table(given["schema"], given["name"], given["partitioned"], given["rows"], columns, references)


def _column_data(column: Column) -> dict[str, Any]:
    names = ("name", "type", "base", "array", "domain", "nullable", "generated", "identity", "primary", "unique")
    data = {name: getattr(column, name) for name in names}
    target = column.references
    return {**data, "enum": list(column.enum), "references": [title(target[0]), target[1]] if target else None}

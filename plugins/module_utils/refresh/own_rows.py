"""Rows of the destination that survive a refresh, such as its users and its settings.

Place in the pipeline: target, under :mod:`loading`, after the rows of the snapshot and before constraints and indexes
exist. So rows may be replaced in any order, and a reference to a row that is gone stops the refresh when the foreign
keys are added.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from ansible_collections.slipway.stack.plugins.module_utils.refresh.database import Database, identifier, literal
from ansible_collections.slipway.stack.plugins.module_utils.state.journal import RolloutFailed

#: Columns that can be written, and the columns of each unique index without a condition or an expression.
_ABOUT = """
SELECT json_build_object(
  'columns', (SELECT json_agg(attname ORDER BY attnum) FROM pg_attribute
    WHERE attrelid = to_regclass({table}) AND attnum > 0 AND NOT attisdropped AND attgenerated = ''),
  'unique', (SELECT json_agg(names) FROM (
    SELECT array_agg(attname::text) AS names FROM pg_index JOIN pg_attribute ON attrelid = indrelid
      AND attnum = ANY (indkey) WHERE indrelid = to_regclass({table}) AND indisunique AND indpred IS NULL
      AND indexprs IS NULL GROUP BY indexrelid) AS found))
WHERE to_regclass({table}) IS NOT NULL;
"""
_TEMPORARY = "slipway_own_rows"


def keep(live: Database, new: Database, own: Mapping[str, str]) -> list[str]:
    """Replace the loaded rows that match a condition by those of the live database.

    A loaded row that has a unique value of such a row is removed, too.

    :param own: by table, a condition as SQL.
    :return: one line for each table, for the journal.
    :raises RolloutFailed: naming the table that is missing on one side, or what Postgres says.
    """
    return [_keep(live, new, table, condition) for table, condition in own.items()]


def _keep(live: Database, new: Database, table: str, condition: str) -> str:
    here, there = _about(live, table, "the live database"), _about(new, table, "the snapshot")
    columns = [name for name in there["columns"] if name in here["columns"]]
    listed = ", ".join(identifier(name) for name in columns)
    # A table of its own, because a temporary one ends with its session.
    new.run(f"CREATE UNLOGGED TABLE public.{_TEMPORARY} AS SELECT {listed} FROM {table} WITH NO DATA;")
    live.copy_to(f"SELECT {listed} FROM {table} WHERE {condition}", new, f"public.{_TEMPORARY} ({listed})")
    keys = [key for key in here["unique"] or [] if set(key) <= set(columns)]
    same = [f"({' AND '.join(_equal(name) for name in key)})" for key in keys]
    conflict = [f"DELETE FROM {table} AS loaded USING public.{_TEMPORARY} AS own WHERE {one};" for one in same]
    counted = new.run(
        "\n".join(
            [
                "BEGIN;",
                f"DELETE FROM {table} WHERE {condition};",
                *conflict,
                f"INSERT INTO {table} ({listed}) OVERRIDING SYSTEM VALUE SELECT {listed} FROM public.{_TEMPORARY};",
                f"SELECT count(*) FROM public.{_TEMPORARY};",
                f"DROP TABLE public.{_TEMPORARY};",
                "COMMIT;",
            ]
        )
    )
    return f"kept {counted[-1]} own rows of {table}"


def raise_sequences(new: Database, own: Mapping[str, str]) -> None:
    """Let the sequences of these tables go on after the highest value that is there.

    :raises RolloutFailed: if Postgres refuses it.
    """
    for table in own:
        about = _about(new, table, "the snapshot")
        for name in about["columns"]:
            sequence = f"pg_get_serial_sequence({literal(table)}, {literal(name)})"
            found = new.run(f"SELECT {sequence} WHERE {sequence} IS NOT NULL;")
            if found:
                top, held = f"max({identifier(name)})", f"(SELECT last_value FROM {found[0]})"
                new.run(f"SELECT setval({sequence}, {top}) FROM {table} HAVING {top} > {held} \\g /dev/null\n")


def _equal(name: str) -> str:
    return f"loaded.{identifier(name)} = own.{identifier(name)}"


def _about(database: Database, table: str, where: str) -> dict[str, list[str]]:
    found = database.run(_ABOUT.replace("{table}", literal(table)))
    if not found:
        raise RolloutFailed(f"refresh_own_rows: {where} has no table {table}; correct its name, or remove it")
    about: dict[str, list[str]] = json.loads(" ".join(found))
    return about

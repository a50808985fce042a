"""Which rows of which tables a snapshot has, along foreign keys. The places of the rows are kept in the copy.

Place in the pipeline: source, after the plan and before rows are read. The order:

1. The rows of a root are those of its condition.
2. Child rows of a root follow, and their children.
3. Parents that these rows need are added, and no others.
4. What refers to such a parent follows, and what it needs.
5. A row whose parent is not there is left out.

``where`` and ``rows: none`` limit a table in each step, also without a root. A table that no foreign key connects with
a root or with a limited table has all its rows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from ansible_collections.slipway.stack.plugins.module_utils.refresh import schema
from ansible_collections.slipway.stack.plugins.module_utils.refresh.database import Database, identifier
from ansible_collections.slipway.stack.plugins.module_utils.refresh.prelude import SCHEMA
from ansible_collections.slipway.stack.plugins.module_utils.refresh.schema import Key, Reference, Table

#: Rounds of adding parents or leaving out rows. Each follows one more level of a table that refers to itself.
_MAX_ROUNDS = 10_000


class Subset:
    """The rows of a snapshot. :meth:`where` gives the condition for each table after :meth:`choose`."""

    def __init__(self, database: Database, tables: Sequence[Table], rules: Mapping[str, Any]) -> None:
        self._database = database
        by_key = {key: entry for name, entry in rules["tables"].items() if (key := schema.parse(name))}
        self._limits = {key: _limit(entry) for key, entry in by_key.items() if _limit(entry)}
        self._tables = {table.key: _without_nulled(table, by_key.get(table.key) or {}) for table in tables}
        subset = {key: condition for name, condition in rules["subset"].items() if (key := schema.parse(name))}
        self._roots = {key: condition for key, condition in subset.items() if key in self._tables}
        self._kept = {key: f"{SCHEMA}.kept_{number}" for number, key in enumerate(self._tables)}
        self._chosen: set[Key] = set()

    def where(self, key: Key) -> str:
        """Return the condition for the rows of a table; empty for all of them."""
        if key not in self._chosen:
            return ""
        return f"(tableoid, ctid) IN (SELECT kept_table, kept_place FROM {self._kept[key]})"

    def choose(self) -> None:
        """Choose the rows. :raises RolloutFailed: if a condition is no SQL."""
        roots = set(self._roots)
        component = self._component(roots)
        for key in sorted(roots | (set(self._limits) & set(self._tables) - component)):
            self._begin(key, self._roots.get(key, "true"))
        if roots:
            self._follow(self._descendants(roots) - self._ancestors(roots) - self._chosen)
            self._add_parents(component)
            while rest := component - self._chosen:
                if not self._follow(rest):
                    # Nothing that was chosen is connected with the rest by a key of the rest.
                    for key in sorted(rest):
                        self._begin(key, "false")
                self._add_parents(component)
        for key in sorted(self._descendants(self._chosen) - self._chosen):
            self._begin(key, "true")
        self._leave_out()

    def _run(self, sql: str) -> list[str]:
        # Only the code of an error: its text may have a value.
        return self._database.run(f"\\set VERBOSITY sqlstate\n{sql}")

    def _begin(self, key: Key, condition: str) -> None:
        table, kept = self._tables[key], self._kept[key]
        limit = self._limits.get(key, "true")
        self._run(
            f"CREATE UNLOGGED TABLE {kept} (kept_table oid, kept_place tid, PRIMARY KEY (kept_place, kept_table));"
            f"INSERT INTO {kept} SELECT tableoid, ctid FROM {_from(table)} WHERE ({condition}) AND ({limit});"
            f"ANALYZE {kept};"
        )
        self._chosen.add(key)

    def _follow(self, keys: set[Key]) -> bool:
        """Choose rows of *keys* whose parents are chosen, parents first. :return: whether there was a table for it."""
        rest, any_chosen = set(keys), False
        while True:
            ready = sorted(key for key in rest if self._parents(key) & self._chosen)
            first = [key for key in ready if not self._parents(key) & (rest - {key})] or ready
            if not first:
                return any_chosen
            key = first[0]
            references = self._references(key)
            self._begin(key, " OR ".join(f"NOT {_is_null(one)}" for one in references))
            for reference in references:
                if reference.target != key:
                    self._remove_orphans(key, reference)
            rest.discard(key)
            any_chosen = True

    def _add_parents(self, component: set[Key]) -> None:
        """Add the rows that chosen rows refer to, and what these refer to, until there is nothing to add."""
        for _round in range(_MAX_ROUNDS):
            added = 0
            for key in sorted(self._chosen & component):
                for reference in self._tables[key].references:
                    target = reference.target
                    if target not in component:
                        continue
                    if target not in self._chosen:
                        self._begin(target, "false")
                    added += self._add(self._tables[key], reference)
            if not added:
                return

    def _add(self, child: Table, reference: Reference) -> int:
        parent, kept = self._tables[reference.target], self._kept[reference.target]
        names = [f"parent.{identifier(name)}" for name in reference.others]
        values = ", ".join(f"child.{identifier(name)}" for name in reference.columns)
        limit = self._limits.get(parent.key, "true")
        counted = self._run(
            f"WITH added AS (INSERT INTO {kept} SELECT tableoid, ctid FROM {_from(parent)} AS parent "
            f"WHERE ({limit}) AND ({', '.join(names)}) IN (SELECT {values} FROM {_from(child)} AS child "
            f"WHERE (child.tableoid, child.ctid) IN (SELECT kept_table, kept_place FROM {self._kept[child.key]})) "
            f"ON CONFLICT DO NOTHING RETURNING 1) SELECT count(*) FROM added;"
        )
        return int(counted[0])

    def _leave_out(self) -> None:
        """Leave out the rows whose parent is not there, and what refers to them, until there is none."""
        for _round in range(_MAX_ROUNDS):
            counts = [self._remove_orphans(key, one) for key in sorted(self._chosen) for one in self._references(key)]
            if not any(counts):
                return

    def _remove_orphans(self, key: Key, reference: Reference) -> int:
        """Remove the places of rows whose parent is not there, and return how many they were."""
        parent = self._tables[reference.target]
        equal = " AND ".join(
            f"parent.{identifier(other)} = child.{identifier(own)}"
            for own, other in zip(reference.columns, reference.others)
        )
        counted = self._run(
            f"WITH removed AS (DELETE FROM {self._kept[key]} WHERE (kept_table, kept_place) IN ("
            f"SELECT child.tableoid, child.ctid FROM {_from(self._tables[key])} AS child "
            f"WHERE NOT {_is_null(reference)} AND NOT EXISTS (SELECT FROM {_from(parent)} AS parent "
            f"JOIN {self._kept[parent.key]} ON kept_table = parent.tableoid AND kept_place = parent.ctid WHERE {equal})"
            ") RETURNING 1) SELECT count(*) FROM removed;"
        )
        return int(counted[0])

    def _references(self, key: Key) -> list[Reference]:
        return [one for one in self._tables[key].references if one.target in self._chosen]

    def _parents(self, key: Key) -> set[Key]:
        return {one.target for one in self._tables[key].references if one.target in self._tables}

    def _children(self, key: Key) -> set[Key]:
        return {other for other in self._tables if key in self._parents(other)}

    def _ancestors(self, keys: set[Key]) -> set[Key]:
        return _closure(keys, self._parents)

    def _descendants(self, keys: set[Key]) -> set[Key]:
        return _closure(keys, self._children)

    def _component(self, keys: set[Key]) -> set[Key]:
        return keys | _closure(keys, lambda key: self._parents(key) | self._children(key))


def _closure(keys: set[Key], step: Any) -> set[Key]:
    """Return what is reached from *keys* in one or more steps."""
    found: set[Key] = set()
    new = set(keys)
    while new:
        new = {other for key in new for other in step(key)} - found
        found |= new
    return found


def _limit(entry: Mapping[str, Any]) -> str:
    """Return the condition that the rules of a table set for its rows; empty for all of them."""
    return "false" if entry["rows"] == "none" else str(entry["where"])


def _without_nulled(table: Table, entry: Mapping[str, Any]) -> Table:
    """Return the table without the foreign keys that the rules set to NULL: they need no parent."""
    nulled = {name for name, rule in (entry.get("columns") or {}).items() if rule["rule"] == "null"}
    return replace(table, references=tuple(one for one in table.references if not nulled & set(one.columns)))


def _from(table: Table) -> str:
    return table.sql if table.partitioned else f"ONLY {table.sql}"


def _is_null(reference: Reference) -> str:
    return "(" + " OR ".join(f"{identifier(name)} IS NULL" for name in reference.columns) + ")"

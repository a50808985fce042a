"""Rules against a schema: what stops a snapshot before a row is read, and the queries."""

from __future__ import annotations

import re
from typing import Any

import pytest
from ansible_collections.slipway.stack.plugins.module_utils.refresh import planning, schema
from ansible_collections.slipway.stack.plugins.module_utils.refresh.schema import Column, Reference, Table


def _column(name: str, kind: str = "text", **changes: Any) -> Column:
    given: dict[str, Any] = {"name": name, "type": kind, "base": kind, "array": False, "enum": (), "domain": ""}
    given |= {"limit": 0, "nullable": True, "generated": "", "identity": "", "primary": False, "unique": False}
    return Column(**{**given, "alone": False, "references": None, **changes})


def _table(name: str, *columns: Column, references: tuple[Reference, ...] = ()) -> Table:
    return Table("public", name, False, 1, columns, references)


def _rules(**tables: dict[str, Any]) -> dict[str, Any]:
    entries = {
        f"public.{name}": {
            "columns": {column: {"rule": rule} if isinstance(rule, str) else rule for column, rule in columns.items()},
            "where": "",
            "rows": "all",
        }
        for name, columns in tables.items()
    }
    return {"tables": entries, "subset": {}, "large_objects": "drop", "domain": "example.com", "uploads": {}}


def test_all_that_is_unclassified_or_gone_is_named_together() -> None:
    tables = [_table("a", _column("x"), _column("y"), _column("g", generated="s")), _table("b", _column("z"))]
    rules = _rules(a={"x": "keep", "gone": "keep", "g": "keep"}, ghost={"x": "keep"})
    rules["subset"] = {"public.spook": "true"}
    assert [problem.split(":")[0] for problem in planning.plan(tables, rules).problems] == [
        "public.ghost",
        "public.spook",
        "public.a.gone",
        "public.a.g",
        "public.a.y",
        "public.b",
    ]


def test_a_generated_column_needs_no_rule_and_a_table_without_rows_needs_none() -> None:
    rules = _rules(a={"x": "keep"}, b={})
    rules["tables"]["public.b"]["rows"] = "none"
    plan = planning.plan([_table("a", _column("x"), _column("g", generated="s")), _table("b", _column("z"))], rules)
    assert plan.problems == ()
    assert [read.copy for read in plan.reads] == ['"public"."a" ("x")']
    assert plan.reads[0].query("x > 1") == 'SELECT "x" AS c0 FROM ONLY "public"."a" WHERE x > 1'


@pytest.mark.parametrize(
    ("column", "rule", "said"),
    [
        (_column("x", nullable=False), "null", "the column is NOT NULL"),
        (_column("x", unique=True, alone=True), {"rule": "constant", "value": "a"}, "the column is unique; use hash"),
        (_column("x", "plan", enum=("a", "b")), {"rule": "constant", "value": "c"}, "'c' is not one of a, b"),
        (_column("x", "plan", enum=("a", "b")), "hash", "it does not fit plan"),
        (_column("x", "integer"), "email", "it does not fit integer"),
        (_column("x", "numeric"), "hash", "it does not fit numeric"),
        (_column("x"), {"rule": "shift", "by": "x", "days": 3}, "it does not fit text; it must be a date"),
        (_column("x", "date"), {"rule": "shift", "by": "who", "days": 3}, "there is no column who"),
        (_column("x"), {"rule": "json", "paths": {}}, "it must be json or jsonb"),
        (_column("x", limit=10), "email", "do not fit 10 characters"),
        (_column("x", limit=8, unique=True), "hash", "8 characters are too few"),
        (_column("x", limit=10, unique=True), "phone", "10 characters are too few"),
        (_column("x", limit=12, unique=True), "name", "12 characters are too few"),
    ],
)
def test_a_rule_that_does_not_fit_is_named(column: Column, rule: Any, said: str) -> None:
    problems = planning.plan([_table("a", column)], _rules(a={"x": rule})).problems
    assert [problem.startswith("public.a.x: rule ") and said in problem for problem in problems] == [True], problems


def _referring(child: str = "text", **parent: Any) -> list[Table]:
    reference = Reference(("mail",), ("public", "a"), ("mail",))
    return [
        _table("a", _column("mail", **{"unique": True, **parent})),
        _table("b", _column("mail", child, references=(("public", "a"), "mail")), references=(reference,)),
    ]


def test_both_sides_of_a_foreign_key_have_the_same_rule() -> None:
    problems = planning.plan(_referring(), _rules(a={"mail": "email"}, b={"mail": "hash"})).problems
    assert [problem.partition(": ")[0] for problem in problems] == ["public.b.mail"]
    kept = planning.plan(_referring(), _rules(a={"mail": "keep"}, b={"mail": {"rule": "keep", "reason": "ids"}}))
    assert kept.problems == ()
    assert planning.plan(_referring(), _rules(a={"mail": "email"}, b={"mail": "null"})).problems == ()
    numbers = planning.plan(_referring("integer", base="bigint"), _rules(a={"mail": "hash"}, b={"mail": "hash"}))
    assert "it is integer and refers to bigint" in numbers.problems[0]


@pytest.mark.parametrize("rule", ["hash", "email", "name", "phone", "text", "address"])
def test_both_sides_of_a_foreign_key_get_the_same_expression(rule: str) -> None:
    parent, child = planning.plan(_referring(limit=40), _rules(a={"mail": rule}, b={"mail": rule})).reads
    assert parent.selected == child.selected


def test_a_kept_column_is_reviewed_only_with_a_reason() -> None:
    columns = (_column("x"), _column("y"))
    rules = _rules(a={"x": "keep", "y": {"rule": "keep", "reason": "names of goods"}})
    assert planning.plan([_table("a", *columns)], rules).reads[0].reviewed == {"y"}


def test_every_masking_expression_hides_the_column_in_a_function() -> None:
    for rule in ("hash", "email", "name", "phone", "address", "text"):
        selected = planning.plan([_table("a", _column("x"))], _rules(a={"x": rule})).reads[0].selected[0]
        assert re.search(r'slipway_mask\.(hex|digits|pick)\("x"::text[,)]', selected), selected
        assert selected.count('"x"') == 1, selected


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("public.users", ("public", "users")),
        ("sales.Order", ("sales", "Order")),
        ('"Back Office"."a.b"', ("Back Office", "a.b")),
        ('x."say ""hi"""', ("x", 'say "hi"')),
        ("users", None),
        ("a.b.c", None),
        ('"a.b', None),
    ],
)
def test_names_of_tables(name: str, key: tuple[str, str] | None) -> None:
    assert schema.parse(name) == key
    if key:
        assert schema.parse(schema.title(key)) == key


def _two_tables() -> planning.Plan:
    kept = {"x": "keep"}
    return planning.plan([_table("a", _column("x")), _table("b", _column("x"))], _rules(a=kept, b=kept))


def test_a_large_table_is_read_in_pieces_and_first() -> None:
    reads = _two_tables()
    size = planning.PAGES_OF_A_PIECE
    found = planning.pieces(reads.reads, {("public", "a"): 10, ("public", "b"): 2 * size + 1})
    assert [piece.title for piece in found] == [
        "public.b",
        f"public.b from page {size} on",
        f"public.b from page {2 * size} on",
        "public.a",
    ]
    wheres = [piece.query("x > 1 OR x < 0").partition(" WHERE ")[2] for piece in found]
    assert wheres == [
        f"(x > 1 OR x < 0) AND ctid >= '(0,0)'::tid AND ctid < '({size},0)'::tid",
        f"(x > 1 OR x < 0) AND ctid >= '({size},0)'::tid AND ctid < '({2 * size},0)'::tid",
        f"(x > 1 OR x < 0) AND ctid >= '({2 * size},0)'::tid",
        "(x > 1 OR x < 0)",
    ]


def test_a_table_without_pages_is_read_at_once_and_first() -> None:
    reads = _two_tables()
    found = planning.pieces(reads.reads, {("public", "a"): planning.PAGES_OF_A_PIECE})
    assert [(piece.read.table.name, piece.first) for piece in found] == [("b", None), ("a", None)]

"""The rules file, its mistakes, and the proposal."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from ansible_collections.slipway.stack.plugins.plugin_utils.refresh import proposal, rules

COLUMN = {"name": "email", "type": "text", "base": "text", "array": False, "enum": [], "domain": "", "nullable": True}
COLUMN |= {"generated": "", "identity": "", "primary": False, "unique": False, "references": None}


def of_column(rule: str) -> object:
    """Return rules with one column."""
    return yaml.safe_load(f"tables: {{public.users: {{columns: {{email: {rule}}}}}}}")


def test_the_short_form_is_the_long_form() -> None:
    found = rules.normalise(of_column("email"))
    assert found == {
        "tables": {"public.users": {"columns": {"email": {"rule": "email"}}, "where": "", "rows": "all"}},
        "subset": {},
        "large_objects": "drop",
        "domain": "example.com",
        "uploads": {},
    }
    assert rules.normalise(of_column("null"))["tables"]["public.users"]["columns"]["email"] == {"rule": "null"}


def test_uploads_are_by_service_and_volume() -> None:
    rule = "{paths: ['avatars/*.png'], largest: 1000, reason: drawn by us}"
    document = yaml.safe_load(f"{{tables: {{a.b: {{rows: none}}}}, uploads: {{web: {{media: {rule}}}}}}}")
    assert rules.normalise(document)["uploads"] == {"web": {"media": {"paths": ["avatars/*.png"], "largest": 1000}}}


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ("emial", "public.users: column email: rule 'emial' is unknown; did you mean email"),
        ("{rule: constant}", "needs the key 'value'"),
        ("{rule: keep, why: x}", "key 'why' is unknown"),
        ("{rule: keep, reason: ''}", "must say why"),
        ("{rule: shift, by: id, days: 0}", "from 1 to"),
        ("{rule: json, paths: {'a[0]': keep}}", "path 'a.0.' is invalid"),
        ("{rule: json, paths: {a: sql}}", "rule 'sql' is unknown"),
        ("{rule: sql, expression: ''}", "must be an expression"),
        ("[keep]", "a mapping is expected, and it is a list"),
    ],
)
def test_a_wrong_rule_is_named(rule: str, said: str) -> None:
    with pytest.raises(rules.RulesError, match=said):
        rules.normalise(of_column(rule))


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ("", "the rules: a mapping is expected, and it is empty"),
        ("tables: {users: {columns: {a: keep}}}", "write schema and table"),
        ("tables: {a.b: {colums: {}}}", "did you mean columns"),
        ("tables: {a.b: {columns: {}}}", "give each a rule"),
        ("{tables: {a.b: {rows: some}}}", "valid values: all, none"),
        ("{tables: {a.b: {rows: none}}, subset: {a.c: x}}", "a.c is not one of the tables"),
        ("{tables: {a.b: {rows: none}}, domain: shop.com}", "where nobody gets mail"),
        ("{tables: {a.b: {rows: none}}, uploads: {web: [a]}}", "uploads: web: a mapping is expected, and it is a list"),
        ("{tables: {a.b: {rows: none}}, uploads: {web: {media: {paths: []}}}}", "media: paths is .*list of patterns"),
        ("{tables: {a.b: {rows: none}}, uploads: {web: {media: {path: [a]}}}}", "did you mean paths"),
        ("{tables: {a.b: {rows: none}}, uploads: {web: {media: {paths: [/a], reason: x}}}}", "path '/a' is invalid"),
        ("{tables: {a.b: {rows: none}}, uploads: {web: {media: {paths: [a/../b], reason: x}}}}", "is invalid"),
        ("{tables: {a.b: {rows: none}}, uploads: {web: {media: {paths: [a]}}}}", "must say why these files"),
        ("{tables: {a.b: {rows: none}}, uploads: {web: {media: {paths: [a], largest: 2M, reason: x}}}}", "bytes"),
        ("{tables: {a.b: {rows: none}}, large_objects: maybe}", "valid values: drop, keep"),
    ],
)
def test_a_wrong_file_is_explained(document: str, said: str) -> None:
    with pytest.raises(rules.RulesError, match=said):
        rules.normalise(yaml.safe_load(document))


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({}, "email"),
        ({"name": "note"}, ""),
        ({"name": "data", "base": "jsonb"}, ""),
        ({"name": "api_token"}, "'null'"),
        ({"name": "api_token", "nullable": False}, "hash"),
        ({"name": "id", "base": "bigint", "primary": True}, "keep"),
        ({"name": "shape", "base": "point"}, ""),
    ],
)
def test_a_guess_never_decides_on_free_text_or_json(changes: dict[str, Any], rule: str) -> None:
    assert proposal.guess({**COLUMN, **changes})[0] == rule


def test_a_proposal_is_a_rules_file() -> None:
    columns = [COLUMN, {**COLUMN, "name": "null"}, {**COLUMN, "name": "Full Name: #1"}, {**COLUMN, "name": "born"}]
    columns[3] |= {"base": "date", "type": "date"}
    table = {"table": 'public."Order Items"', "schema": "public", "name": "Order Items", "columns": columns}
    text = proposal.propose([table])
    found = rules.normalise(yaml.safe_load(text))
    assert list(found["tables"]) == ['public."Order Items"']
    assert found["tables"]['public."Order Items"']["columns"]["born"]["rule"] == "shift"
    assert '# DECIDE "null":' in text

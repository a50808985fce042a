"""The expression of SQL that masks a JSON document by paths, and drops everything that no path names. Pure.

Place in the pipeline: source, under :mod:`masking`. A rule is for a string, a number or a boolean. Where a document has
an object or an array instead, it is dropped, so that a rule ``keep`` never keeps what nobody has looked at.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Callable

from ansible_collections.slipway.stack.plugins.module_utils.refresh.database import literal

#: Returns the masked form of a text: the rule, the text as SQL, and the name of its field.
TextMask = Callable[[Mapping[str, Any], str, str], str]


@dataclass
class _Node:
    """A place in a document: a rule for a scalar there, its fields, and its elements."""

    name: str
    rule: Mapping[str, Any] | None = None
    fields: dict[str, _Node] = field(default_factory=dict)
    items: _Node | None = None


def expression(paths: Mapping[str, Mapping[str, Any]], value: str, mask: TextMask) -> str:
    """Return the masked document as jsonb; an empty object if nothing of it stays.

    :param paths: rules by path, such as ``contact.email`` or ``items[].name``. :param value: the document, as jsonb.
    """
    root = _Node("")
    for path, rule in paths.items():
        node = root
        for part in path.split("."):
            name = part.rstrip("[]")
            node = node.fields.setdefault(name, _Node(name))
            for _level in range(part.count("[]")):
                node.items = node.items or _Node(name)
                node = node.items
        node.rule = rule
    return f"CASE WHEN {value} IS NOT NULL THEN coalesce({_masked(root, value, mask, 0)}, '{{}}'::jsonb) END"


def _masked(node: _Node, value: str, mask: TextMask, depth: int) -> str:
    """Return the masked value as SQL, which is NULL if it is dropped."""
    cases = []
    if node.fields:
        made = "'{}'::jsonb"
        for name, child in node.fields.items():
            inner = _masked(child, f"({value} -> {literal(name)})", mask, depth)
            made = f"jsonb_set_lax({made}, ARRAY[{literal(name)}], {inner}, true, 'return_target')"
        cases.append(f"WHEN 'object' THEN {made}")
    if node.items:
        each, place = f"element{depth}", f"place{depth}"
        inner = _masked(node.items, each, mask, depth + 1)
        rows = f"SELECT {inner}, {place} FROM jsonb_array_elements({value}) WITH ORDINALITY AS a ({each}, {place})"
        cases.append(
            "WHEN 'array' THEN (SELECT coalesce(jsonb_agg(masked ORDER BY place) FILTER (WHERE masked IS NOT NULL), "
            f"'[]'::jsonb) FROM ({rows}) AS b (masked, place))"
        )
    if node.rule:
        scalar = _scalar(node.rule, value, node.name, mask)
        cases += [f"WHEN '{kind}' THEN {scalar}" for kind in ("string", "number", "boolean")]
        cases.append("WHEN 'null' THEN 'null'::jsonb")
    return f"CASE jsonb_typeof({value}) {' '.join(cases)} END" if cases else "NULL::jsonb"


def _scalar(rule: Mapping[str, Any], value: str, name: str, mask: TextMask) -> str:
    if rule["rule"] == "keep":
        return value
    if rule["rule"] == "null":
        return "'null'::jsonb"
    if rule["rule"] == "constant":
        given = rule["value"]
        if isinstance(given, bool):
            return f"to_jsonb({str(given).lower()})"
        return f"to_jsonb({given})" if isinstance(given, (int, float)) else f"to_jsonb({literal(given)}::text)"
    return f"to_jsonb({mask(rule, f'({value} #>> ARRAY[]::text[])', name)})"

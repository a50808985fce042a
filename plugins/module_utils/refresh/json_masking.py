"""The expression of SQL that masks a JSON document by paths, and drops everything that no path names. Pure.

Place in the pipeline: source, under :mod:`masking`. A rule is for a string, a number or a boolean. Where a document has
an object or an array instead, it is dropped, so that a rule ``keep`` never keeps what nobody has looked at. A field
that is null is left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Callable

from ansible_collections.slipway.stack.plugins.module_utils.refresh.database import literal

#: Returns the masked form of a text: the rule, the text as SQL, and the name of its field.
TextMask = Callable[[Mapping[str, Any], str, str], str]
#: Postgres takes 100 arguments of a function.
_MAX_PAIRS = 50


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
    masked = f"coalesce(jsonb_strip_nulls({_masked(root, value, mask, 0)}), '{{}}'::jsonb)"
    return f"CASE WHEN {value} IS NOT NULL THEN {masked} END"


def _masked(node: _Node, value: str, mask: TextMask, depth: int) -> str:
    """Return the masked value as SQL, which is NULL if it is dropped."""
    fields = _fields(node, value, mask, depth) if node.fields else "NULL"
    items = _items(node.items, value, mask, depth) if node.items else "NULL"
    scalar = _scalar(node.rule, value, node.name, mask) if node.rule else "NULL"
    return f"CASE jsonb_typeof({value}) WHEN 'object' THEN {fields} WHEN 'array' THEN {items} ELSE {scalar} END"


def _fields(node: _Node, value: str, mask: TextMask, depth: int) -> str:
    pairs = [
        f"{literal(name)}, {_masked(child, f'({value} -> {literal(name)})', mask, depth)}"
        for name, child in node.fields.items()
    ]
    chunks = [pairs[start : start + _MAX_PAIRS] for start in range(0, len(pairs), _MAX_PAIRS)]
    return " || ".join(f"jsonb_build_object({', '.join(chunk)})" for chunk in chunks)


def _items(node: _Node, value: str, mask: TextMask, depth: int) -> str:
    each = f"element{depth}"
    inner = _masked(node, each, mask, depth + 1)
    # A function gives its rows in order. An ORDER BY would sort for each document.
    rows = f"SELECT {inner} FROM jsonb_array_elements({value}) AS a ({each})"
    return (
        f"(SELECT coalesce(jsonb_agg(masked) FILTER (WHERE masked IS NOT NULL), '[]'::jsonb) FROM ({rows}) "
        "AS b (masked))"
    )


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

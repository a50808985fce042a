"""A first rules file for a schema: a guess for each column, with the reason as a comment.

Place in the pipeline: controller, once, before a person reviews the file. Pure. Free text and JSON get no rule: a
person must decide, and the refresh stops until then.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

_HEAD = """# Proposed rules for a refresh. Review each line: only you know what is personal data here.
# Columns without a rule stop the refresh. Each of them has a comment that begins with DECIDE.
"""
_PLAIN = re.compile(r"[a-z_][a-z0-9_]*")
_UNDECIDED = ""
_TEXTS = ("text", "varchar", "character varying", "bpchar", "character", "char", "citext", "name")
_NUMBERS = ("smallint", "integer", "bigint", "numeric", "real", "double precision", "int2", "int4", "int8", "float8")
_DATES = ("date", "timestamp", "timestamptz", "timestamp with time zone", "timestamp without time zone")
#: Parts of names, in this order, with the rule and what the name suggests.
_BY_NAME: Sequence[tuple[str, str, str]] = (
    (r"e_?mail", "email", "the name says address of a mail"),
    (r"pass(word|wd)?|secret|token|api_?key|otp|session", "'null'", "the name says secret"),
    (r"iban|card|ssn|tax_?id|passport|account_?number", "hash", "the name says number of a person"),
    (r"phone|mobile|fax|tel", "phone", "the name says phone number"),
    (r"(first|last|full|sur|nick|user|display|given|family)_?name|^name$", "name", "the name says name of a person"),
    (r"street|address|city|zip|post_?code", "address", "the name says postal address"),
)
_KEPT_NAMES = re.compile(r"(status|state|kind|type|currency|locale|language|country|sku|slug|code|version)$")


def propose(schema: Sequence[Mapping[str, Any]]) -> str:
    """Return the text of a rules file for a schema as production's host reports it."""
    lines = [_HEAD.rstrip(), "tables:"]
    for table in schema:
        lines.append(f"  {_key(_table_name(table))}:")
        lines.append("    columns:")
        for column in table["columns"]:
            if column["generated"]:
                continue
            rule, reason = guess(column)
            key = _key(column["name"])
            comment = f"{column['type']}: {reason}".replace("\n", " ").replace("\r", " ")
            lines.append(f"      {key}: {rule}  # {comment}" if rule else f"      # DECIDE {key}:  # {comment}")
    return "\n".join([*lines, ""])


def undecided(text: str) -> int:
    """Return how many columns of a proposal have no rule."""
    return text.count("\n      # DECIDE ")


def guess(column: Mapping[str, Any]) -> tuple[str, str]:
    """Return a rule for a column and why; an empty rule if a person must decide."""
    if column["references"]:
        return "keep", f"it refers to {column['references'][0]}; use the rule of that column"
    base, name = column["base"], column["name"].lower()
    if column["enum"] or base == "boolean" or base == "bool":
        return "keep", "one of a few values"
    if base in ("json", "jsonb"):
        return _UNDECIDED, "JSON has no default; write rule json with paths, or null"
    if base in _TEXTS:
        for pattern, rule, reason in _BY_NAME:
            if re.search(pattern, name):
                if rule == "'null'" and not column["nullable"]:
                    return "hash", f"{reason}, and it must have a value"
                return rule, reason
        if _KEPT_NAMES.search(name):
            return "keep", "the name says a word of the application"
        return _UNDECIDED, "free text has no default; text, hash, keep or null"
    if base in _NUMBERS or base == "uuid":
        if column["primary"] or column["identity"]:
            return "keep", "a key without a meaning"
        return "keep", "a number"
    if base in _DATES:
        if re.search(r"birth|born|dob", name):
            return "{rule: shift, by: " + _flow(column) + ", days: 365}", "the name says date of birth"
        return "keep", "a time of the application"
    return _UNDECIDED, "this type has no default"


def _flow(column: Mapping[str, Any]) -> str:
    return _key(str(column.get("subject") or "id"))


def _table_name(table: Mapping[str, Any]) -> str:
    return ".".join(name if _PLAIN.fullmatch(name) else _quoted(name) for name in (table["schema"], table["name"]))


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _key(name: str) -> str:
    """Return a name as a key of YAML: plain, or in the double quotes of JSON, which YAML reads, too."""
    plain = re.fullmatch(r"[a-z_][a-z0-9_.]*", name) and name not in ("null", "true", "false", "yes", "no", "on", "off")
    return name if plain and name not in ("y", "n") else json.dumps(name)

"""The expression of SQL that masks a column, for its rule and its type. Pure.

Place in the pipeline: source, between the rules and the query that reads a table. What it makes runs where the value is
read, so nothing that is not masked leaves the database. A value is masked the same wherever it stands, so joins stay.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ansible_collections.slipway.stack.plugins.module_utils.refresh import json_masking
from ansible_collections.slipway.stack.plugins.module_utils.refresh.database import identifier, literal
from ansible_collections.slipway.stack.plugins.module_utils.refresh.prelude import SCHEMA
from ansible_collections.slipway.stack.plugins.module_utils.refresh.schema import Column

TEXTS = ("text", "character varying", "character", "citext", "name")
_DATES = ("date", "timestamp without time zone", "timestamp with time zone")
#: Half of the bits that a permutation of a number changes.
_HALVES: Mapping[str, int] = {"smallint": 7, "integer": 15, "bigint": 31}
_HASH_LENGTH = 32
_LOCAL_LENGTH = 20
#: Hexadecimal digits that tell masked values apart: 48 bits, so two of a million are the same once in 500 snapshots.
_DISTINCT = 12
#: Digits after +999, a country code that nobody has. Source: ITU-T E.164, spare codes.
_PHONE_DIGITS = 9
_UNIQUE_PHONE_DIGITS = 17
#: By parts of a column's name, the array that its names or addresses come from.
_NAMES = ((r"first|given|fore", "first_names"), (r"last|sur|family", "last_names"), ("", "names"))
_ADDRESSES = (
    (r"street|road", "streets"),
    (r"city|town", "cities"),
    (r"zip|post_?(al_?)?code", "postcodes"),
    ("", "addresses"),
)


class MaskingError(ValueError):
    """A rule does not fit the type of its column. The message says what would fit."""


@dataclass(frozen=True)
class Traits:
    """What a masked text must be. ``limit``: characters, 0 for any. ``unique``: whether all must differ."""

    name: str
    limit: int
    unique: bool


def expression(column: Column, rule: Mapping[str, Any], origin: Column, domain: str) -> str:
    """Return the masked value of a column as SQL, of the type of the column.

    :param rule: normalised, see :mod:`rules`. :param domain: of masked addresses of mail.
    :param origin: the column that it refers to in the end, or itself. So both get the same values.
    :raises MaskingError: if the rule does not fit the type.
    """
    name, value = rule["rule"], identifier(column.name)
    if name == "keep":
        return value
    if name == "null":
        if not column.nullable:
            raise MaskingError("rule null: the column is NOT NULL; use constant or hash")
        return f"NULL::{column.type}"
    if name == "constant":
        return _constant(column, rule)
    if name == "sql":
        return f"({rule['expression']})::{column.type}"
    if not column.array:
        return f"({_scalar(column, rule, value, origin, domain)})::{column.type}"
    masked = _scalar(column, rule, "element", origin, domain)
    # A function gives its rows in order. An ORDER BY would sort for each row.
    each = f"SELECT {masked} FROM unnest({value}) AS elements (element)"
    return f"CASE WHEN {value} IS NOT NULL THEN ARRAY({each}) END::{column.type}"


def _constant(column: Column, rule: Mapping[str, Any]) -> str:
    if column.alone:
        raise MaskingError("rule constant: the column is unique; use hash")
    value = rule["value"]
    text = str(value).lower() if isinstance(value, bool) else str(value)
    if column.enum and not column.array and text not in column.enum:
        raise MaskingError(f"rule constant: {text!r} is not one of {', '.join(column.enum)}")
    return f"{literal(text)}::{column.type}"


def _scalar(column: Column, rule: Mapping[str, Any], value: str, origin: Column, domain: str) -> str:
    """Return the masked form of one value, of an element if the column is an array."""
    name, base = rule["rule"], column.base
    if name == "hash" and base not in TEXTS and not column.enum:
        return _hash(value, base)
    if name == "shift":
        return _shift(rule, value, base)
    if name == "json":
        if base not in ("json", "jsonb"):
            raise MaskingError(f"rule json: the column is {column.type}; it must be json or jsonb")
        return json_masking.expression(
            rule["paths"], f"{value}::jsonb", lambda one, at, field: text(one, at, Traits(field, 0, False), domain)
        )
    if base not in TEXTS:
        raise MaskingError(f"rule {name}: it does not fit {column.type}; use keep, null, constant or sql")
    limits = [one.limit for one in (column, origin) if one.limit]
    traits = Traits(origin.name, min(limits, default=0), origin.unique and not column.array)
    return text(rule, f"{value}::text", traits, domain)


def _hash(value: str, base: str) -> str:
    if base in _HALVES:
        return f"{SCHEMA}.permute({value}::bigint, {_HALVES[base]})::{base}"
    if base == "uuid":
        return f"left({SCHEMA}.hex({value}::text), 32)::uuid"
    if base == "bytea":
        return f"{SCHEMA}.digest(encode({value}, 'hex'))"
    raise MaskingError(f"rule hash: it does not fit {base}; use keep, null, constant or sql")


def _shift(rule: Mapping[str, Any], value: str, base: str) -> str:
    if base not in _DATES:
        raise MaskingError(f"rule shift: it does not fit {base}; it must be a date or a timestamp")
    days = int(rule["days"])
    subject = f"{SCHEMA}.number('shift ' || {identifier(rule['by'])}::text)"
    shift = f"({subject} % {2 * days + 1} - {days})::int"
    return f"{value} + {shift}" if base == "date" else f"{value} + make_interval(days => {shift})"


def text(rule: Mapping[str, Any], value: str, traits: Traits, domain: str) -> str:
    """Return the masked form of a text. :raises MaskingError: if it does not fit the limit of the column."""
    name = rule["rule"]
    if name == "hash":
        length = min(_HASH_LENGTH, traits.limit or _HASH_LENGTH)
        _check_distinct(name, length, traits)
        return f"left({SCHEMA}.hex({value}), {length})"
    if name == "email":
        length = min(_LOCAL_LENGTH, (traits.limit or 999) - len(domain) - 2)
        if length < _DISTINCT:
            raise MaskingError(f"rule email: addresses of {domain} do not fit {traits.limit} characters; use hash")
        return f"'u' || left({SCHEMA}.hex({value}), {length}) || {literal('@' + domain)}"
    if name == "phone":
        digits = min(_UNIQUE_PHONE_DIGITS if traits.unique else _PHONE_DIGITS, (traits.limit or 999) - 4)
        _check_distinct(name, digits, traits)
        if digits < 1:
            raise MaskingError(f"rule phone: numbers do not fit {traits.limit} characters; use hash")
        return f"'+999' || {SCHEMA}.digits({value}, {digits})"
    array = {"name": _array(traits.name, _NAMES), "address": _array(traits.name, _ADDRESSES), "text": "phrases"}[name]
    picked = f"({SCHEMA}.{array}())[{SCHEMA}.pick({value})]"
    if traits.unique:
        _check_distinct(name, traits.limit - 2 if traits.limit else _DISTINCT, traits)
        kept = f"left({picked}, {traits.limit - _DISTINCT - 1})" if traits.limit else picked
        return f"{kept} || ' ' || right({SCHEMA}.hex({value}), {_DISTINCT})"
    return f"left({picked}, {traits.limit})" if traits.limit else picked


def _check_distinct(name: str, length: int, traits: Traits) -> None:
    if traits.unique and length < _DISTINCT:
        raise MaskingError(
            f"rule {name}: the column is unique, and {traits.limit} characters are too few for different values; "
            "use keep or sql"
        )


def _array(column: str, patterns: tuple[tuple[str, str], ...]) -> str:
    return next(array for pattern, array in patterns if re.search(pattern, column.lower()))

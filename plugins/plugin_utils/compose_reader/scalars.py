"""Unquoted words of YAML as Compose reads them, and numbers as the text that Compose makes of them. Pure.

Place in the pipeline: compose_reader, under the YAML parser and whatever needs a text. The source of the rules is
go-yaml 3, which all supported versions of Compose use: ``on`` and ``22:22`` are texts; ``0x1f``, ``0o17``, ``017``,
``1_000`` and ``1e3`` are numbers.
"""

from __future__ import annotations

import base64
import binascii
import datetime
import decimal
import math
import re
from typing import Any

#: The start of a tag that YAML defines, such as ``!!str``.
YAML_TAG = "tag:yaml.org,2002:"


class Timestamp(str):
    """An unquoted date. It is its text in the file, and Compose accepts it in keys with ``x-`` only."""

    __slots__ = ()


_CONSTANTS: dict[str, Any] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
    **dict.fromkeys((".nan", ".NaN", ".NAN"), math.nan),
    **{sign + word: float(sign + word[1:]) for sign in ("", "+", "-") for word in (".inf", ".Inf", ".INF")},
}
_INTEGER = re.compile(r"([-+]?)(?:0[xX]([0-9a-fA-F]+)|0[bB]([01]+)|0[oO]?([0-7]+)|(0|[1-9][0-9]*))")
#: What go-yaml reads after its own prefixes: a second sign.
_SIGNED_AFTER_PREFIX = re.compile(r"0(?:b([-+][01]+)|o([-+][0-7]+))")
_BASES = (16, 2, 8, 10)
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_DATE = re.compile(
    r"([0-9]{4})-([0-9]{1,2})-([0-9]{1,2})"
    r"(?:(?: |([Tt]))([0-9]{1,2}):([0-9]{1,2}):([0-9]{1,2})(?:[.,][0-9]+)?(Z|[-+][0-9]{2}:[0-9]{2})?)?"
)
#: Values that Compose reads as text. YAML 1.1 reads them as booleans or as numbers in base 60.
_AMBIGUOUS = re.compile(r"(?i:y|n|yes|no|on|off)|[-+]?[1-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?")
_MAX_DIGITS = 1000


def plain(text: str) -> tuple[Any, str | None]:
    """Return the value of an unquoted scalar, and its text if the value differs from it or is ambiguous."""
    if text in _CONSTANTS:
        value = _CONSTANTS[text]
        return value, text if isinstance(value, float) else None
    if text[0] not in "+-.0123456789":
        return text, (text if len(text) <= 3 and _AMBIGUOUS.fullmatch(text) else None)
    if _is_timestamp(text):
        return Timestamp(text), None
    value = _number(text)
    if value is None:
        return text, (text if _AMBIGUOUS.fullmatch(text) else None)
    return value, (text if str(value) != text else None)


def tagged(tag: str, text: str) -> tuple[Any, str | None]:
    """Return the value of a scalar with a *tag*, and its text if the value differs from it.

    :raises ValueError: if it is none of this type; the message does not name the place.
    """
    kind = tag.removeprefix(YAML_TAG)
    if not tag.startswith(YAML_TAG) or kind == "str":
        return text, None
    if kind == "binary":
        try:
            return base64.b64decode("".join(text.split()), validate=True).decode("utf-8"), text
        except (binascii.Error, UnicodeDecodeError):
            raise ValueError(f"{text[:40]!r} is no text in base64, which the tag '!!binary' needs") from None
    value = plain(text)[0]
    if kind == "float" and isinstance(value, int) and not isinstance(value, bool):
        value = float(value)
    types = {"int": int, "float": float, "bool": bool, "null": type(None), "timestamp": Timestamp}
    # In Python a boolean is an integer, too.
    if kind in types and (not isinstance(value, types[kind]) or (isinstance(value, bool) and kind != "bool")):
        raise ValueError(f"{text[:40]!r} is not a value of the tag '!!{kind}'")
    return (value if kind in types else text), (text if kind in types and str(value) != text else None)


def scalar_text(value: Any) -> str:
    """Return the text of a scalar as a container gets it: ``true`` for a boolean, empty for ``null``."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return _float_text(value)
    return "" if value is None else str(value)


def _number(text: str) -> int | float | None:
    """Return the number that an unquoted scalar is, ``None`` if it is a text."""
    if text[0] == ".":
        return _finite(text) if _FLOAT.fullmatch(text) else None
    word = text.replace("_", "")[:_MAX_DIGITS]
    match = _INTEGER.fullmatch(word)
    if match:
        digits, base = next((digits, base) for digits, base in zip(match.groups()[1:], _BASES, strict=True) if digits)
        number = int(digits, base) * (-1 if match[1] == "-" else 1)
        # Without a sign, Compose reads numbers of 64 bits; with one, of 63.
        if -(2**63) <= number < (2**63 if match[1] else 2**64):
            return number
    if _FLOAT.fullmatch(word):
        return _finite(word)
    match = _SIGNED_AFTER_PREFIX.fullmatch(word)
    return int(match[1] or match[2], 2 if match[1] else 8) if match else None


def _finite(text: str) -> float | None:
    number = float(text)
    return number if math.isfinite(number) else None


def _is_timestamp(text: str) -> bool:
    match = _DATE.fullmatch(text)
    if not match:
        return False
    year, month, day, letter, hour, minute, second, zone = match.groups()
    try:
        datetime.date(int(year) or 4, int(month), int(day))
        datetime.time(int(hour or 0), int(minute or 0), int(second or 0))
    except ValueError:
        return False
    # A date with a `T` has a zone, one with a space has none.
    return not hour or bool(letter) == bool(zone)


def _float_text(value: float) -> str:
    """Return a number as Go writes it: the shortest digits, with an exponent below 0.0001 and from a million on."""
    if not math.isfinite(value):
        return "NaN" if math.isnan(value) else "+Inf" if value > 0 else "-Inf"
    digits = decimal.Decimal(repr(value)).as_tuple()
    significant = "".join(map(str, digits.digits)).rstrip("0") or "0"
    exponent = len(digits.digits) - 1 + int(digits.exponent) if value else 0
    sign = "-" if digits.sign else ""
    if exponent < -4 or exponent >= 6:
        mantissa = significant[0] + ("." + significant[1:] if len(significant) > 1 else "")
        return f"{sign}{mantissa}e{'-' if exponent < 0 else '+'}{abs(exponent):02d}"
    if exponent < 0:
        return f"{sign}0.{'0' * (-exponent - 1)}{significant}"
    rest = significant[exponent + 1 :]
    return f"{sign}{significant[: exponent + 1].ljust(exponent + 1, '0')}{'.' + rest if rest else ''}"

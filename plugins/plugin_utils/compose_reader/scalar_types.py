"""The scalars of Compose files: what Compose accepts as a number, a duration, a size, a port and so on. Pure.

Place in the pipeline: compose_reader, in ``value_types``. The sources are the parsers of Compose and of the libraries
that it uses for durations, sizes and ports.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from . import long_syntax

#: A variable without a value, or a secret: what Compose will read is not known. See ``interpolation``, and the markers
#: of ``compose_files``.
_UNKNOWN = re.compile("\\$\\{|[\ue000-\ue00f]")
_INTEGER = re.compile(r"[-+]?[0-9]+")
_NUMBER = re.compile(r"[-+]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?")
_BOOLEANS = frozenset(("true", "false", "y", "n", "yes", "no", "on", "off"))
_DURATION_NUMBER = r"(?:[0-9]+\.?[0-9]*|\.[0-9]+)"
_DURATION = re.compile(rf"[-+]?(?:(?:{_DURATION_NUMBER}(?:w|d|h|ms|m|us|µs|μs|ns|s))+|0)")
_SIZE = re.compile(rf"{_DURATION_NUMBER} ?(?:[kmgtp]i?)?b?", re.IGNORECASE)
_PULL_POLICY = re.compile(r"always|never|build|if_not_present|missing|refresh|daily|weekly|every_(?:[0-9]+[wdhms])+")
_PORT_RANGE = re.compile(r"([0-9]{1,5})(?:-([0-9]{1,5}))?")
_PROTOCOLS = ("tcp", "udp", "sctp")
_MAX_PORT = 65535


@dataclass(frozen=True)
class Scalar:
    """A kind of scalar: which values it has, and its name in messages, for one and for several."""

    accepts: Callable[[Any], bool]
    words: str
    plural: str = ""


def is_unknown(value: Any) -> bool:
    """Return whether *value* is a text with a part that is not known before a deploy."""
    return isinstance(value, str) and _UNKNOWN.search(value) is not None


def _text_of(accepts: Callable[[str], Any]) -> Callable[[Any], bool]:
    """Return a check for texts: those that *accepts* takes, and those that are not known."""
    return lambda value: isinstance(value, str) and (is_unknown(value) or bool(accepts(value)))


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _number_of(
    pattern: re.Pattern[str], least: float | None = None, most: float | None = None
) -> Callable[[Any], bool]:
    """Return a check for numbers between two bounds, which may be written as texts that match *pattern*."""

    def accepts(value: Any) -> bool:
        if isinstance(value, str):
            if not pattern.fullmatch(value):
                return is_unknown(value)
            value = float(value)
        elif not _is_number(value):
            return False
        whole = pattern is _NUMBER or value % 1 == 0
        return whole and (least is None or value >= least) and (most is None or value <= most)

    return accepts


def is_port_range(text: str) -> bool:
    """Return whether *text* is a port or a range of ports, or not known."""
    return is_unknown(text) or len(_ports(text)) > 0


def _is_port(text: str) -> bool:
    host, _colon, rest = text.rpartition(":")
    target, _slash, protocol = rest.partition("/")
    address, _colon, published = host.rpartition(":")
    inside, outside = _ports(target), _ports(published) if published else range(1)
    if not inside or not outside or inside[0] == 0 or (protocol and protocol.lower() not in _PROTOCOLS):
        return False
    if published and len(inside) not in (1, len(outside)):
        return False
    return (not address or _is_address(address)) and long_syntax.port(text) is not None


def _ports(text: str) -> range:
    """Return the ports of a port or a range of ports, none if *text* is neither."""
    match = _PORT_RANGE.fullmatch(text)
    first, last = (int(match[1]), int(match[2] or match[1])) if match else (1, 0)
    return range(first, last + 1) if last <= _MAX_PORT else range(0)


def _is_address(text: str) -> bool:
    """Return whether *text* is an IP address; one of version 6 is in brackets."""
    in_brackets = text.startswith("[") and text.endswith("]")
    try:
        ipaddress.ip_address(text[1:-1] if in_brackets else text)
    except ValueError:
        return False
    return in_brackets or ":" not in text


def _is_volume(text: str) -> bool:
    # A letter before a colon is a drive of Windows, and part of a path.
    sections = re.sub(r"(^|:)([a-zA-Z]):", r"\1\2", text).split(":")
    return len(text) > 0 and (len(text) < 3 or (all(sections) and len(sections) <= 3))


def _is_host(text: str) -> bool:
    name, equals, _address = text.partition("=")
    return bool(name) and (":" not in name if equals else re.match("[^:]+:", text) is not None)


SCALARS = {
    "null": Scalar(lambda value: value is None, ""),
    "text": Scalar(lambda value: isinstance(value, str), "a text", "texts"),
    "number": Scalar(_number_of(_NUMBER), "a number", "numbers"),
    "int": Scalar(_number_of(_INTEGER), "a whole number", "whole numbers"),
    "bare_number": Scalar(_is_number, "a number without quotes"),
    "bare_count": Scalar(
        lambda value: _is_number(value) and value % 1 == 0 and value >= 0, "a number from 0 without quotes"
    ),
    "bare_int": Scalar(lambda value: _is_number(value) and value % 1 == 0, "a whole number without quotes"),
    "count": Scalar(_number_of(_INTEGER, 0), "a whole number that is not negative"),
    "ticks": Scalar(
        lambda value: _is_number(value) or _text_of(_INTEGER.fullmatch)(value), "a whole number", "whole numbers"
    ),
    "port_number": Scalar(_number_of(_INTEGER, 1, _MAX_PORT), "a port"),
    "percent": Scalar(_number_of(_INTEGER, 0, 100), "a whole number from 0 to 100"),
    "oom_score": Scalar(_number_of(_INTEGER, -1000, 1000), "a whole number from -1000 to 1000"),
    "boolean": Scalar(lambda value: isinstance(value, bool), "true or false", "booleans"),
    "bool": Scalar(
        lambda value: isinstance(value, bool) or _text_of(lambda text: text.lower() in _BOOLEANS)(value),
        "true or false",
    ),
    "duration": Scalar(_text_of(_DURATION.fullmatch), "a duration such as 1m30s"),
    "size": Scalar(lambda value: _number_of(_INTEGER)(value) or _text_of(_SIZE.fullmatch)(value), "a size such as 64m"),
    "size_text": Scalar(_text_of(_SIZE.fullmatch), "a size such as 64M, as a text"),
    "mode": Scalar(
        lambda value: _is_number(value) or _text_of(re.compile("[0-7]+").fullmatch)(value), "a mode such as 0440"
    ),
    "amount": Scalar(lambda value: value == "all" or _number_of(_INTEGER)(value), "'all' or a whole number"),
    "port": Scalar(
        lambda value: _text_of(_is_port)(str(value) if isinstance(value, int) and value is not True else value),
        'a port such as "8080:80" or "127.0.0.1:8080:80/udp"',
        'ports such as "8080:80"',
    ),
    "volume": Scalar(
        _text_of(_is_volume), 'a mount such as "data:/var/lib/data:ro"', "mounts such as data:/var/lib/data"
    ),
    "host": Scalar(
        _text_of(_is_host), "a host such as db.example.com=192.0.2.7", "hosts such as db.example.com=192.0.2.7"
    ),
    "ssh_key": Scalar(_text_of(lambda text: text == "default" or "=" in text), "default or ID=PATH"),
    "assignment": Scalar(_text_of(lambda text: "=" in text), "NAME=VALUE", "texts NAME=VALUE"),
    "pull_policy": Scalar(
        _text_of(_PULL_POLICY.search), "always, never, build, missing, if_not_present, daily, weekly or every_12h"
    ),
}

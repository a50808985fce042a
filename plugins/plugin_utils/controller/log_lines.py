"""Log lines of several hosts and services, as a person reads them.

Place in the pipeline: used by the actions ``logs`` and ``show``. Pure.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping
from typing import Any

#: Colours of Ansible that tell services apart; red is for errors.
_COLOURS = ("cyan", "yellow", "green", "magenta", "blue", "bright cyan", "bright yellow", "bright green")
#: Adds a colour to a text, on a terminal that has colours.
Paint = Callable[[str, str], str]


def merged(results: Mapping[str, Mapping[str, Any]], paint: Paint) -> list[str]:
    """Return the lines of all hosts by time, and then what is not in them.

    :param results: what the module ``logs`` has returned, by name of the host. Hosts without lines are left out.
    """
    answered = {host: result for host, result in results.items() if "lines" in result}
    every = sorted(
        ((host, line) for host, result in answered.items() for line in result["lines"]), key=lambda one: one[1]["at"]
    )
    width = max((len(_who(host, line, len(results) > 1)) for host, line in every), default=0)
    lines = [_line(host, line, len(results) > 1, width, paint) for host, line in every]
    return [*lines, *(f"{host}: {note}" for host, result in answered.items() for note in result["notes"])]


def followed(host: str, result: Mapping[str, Any], several: bool, paint: Paint) -> list[str]:
    """Return the lines of one host. :param several: whether lines of other hosts come between them."""
    width = max((len(_who(host, {"service": name}, several)) for name in result["known"]), default=0)
    lines = [_line(host, line, several, width, paint) for line in result["lines"]]
    return [*lines, *(f"{host}: {note}" for note in result["notes"])]


def _who(host: str, line: Mapping[str, str], several: bool) -> str:
    return f"{host} {line['service']}" if several else line["service"]


def _line(host: str, line: Mapping[str, str], several: bool, width: int, paint: Paint) -> str:
    who = f"{_who(host, line, several):<{width}}"
    colour = _COLOURS[zlib.crc32(line["service"].encode()) % len(_COLOURS)]
    # To the millisecond: "2026-11-21T10:00:00.123".
    origin = f"{line['at'][:23]}Z  {who}"
    return f"{paint(origin, colour)}  {line['text']}".rstrip()

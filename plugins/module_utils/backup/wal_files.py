"""The names of files of WAL: their order, and whether one is missing.

Place in the pipeline: target, for what removes files of WAL and for a restore to a point in time. Pure. A name has 24
hexadecimal digits: timeline, log, and segment. Source: PostgreSQL, ``XLogFileName``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

_FILE = re.compile(r"([0-9A-F]{8})([0-9A-F]{8})([0-9A-F]{8})(\.gz)?(\.partial)?")
#: A log has at least so many segments: they have 1 GiB at most.
_FEWEST = 4


def name(file: str) -> str:
    """Return the name of the WAL that a file has, complete or not; empty for another file."""
    found = _FILE.fullmatch(file)
    return "".join(found.group(1, 2, 3)) if found else ""


def is_complete(file: str) -> bool:
    """Return whether a file has all of its WAL."""
    return bool(name(file)) and not file.endswith(".partial")


def before(files: Iterable[str], start: str) -> list[str]:
    """Return the files whose WAL is older than that of *start*, whatever their timeline is."""
    return [file for file in files if name(file) and _place(name(file)) < _place(start)]


def oldest(names: Iterable[str]) -> str:
    """Return the oldest of the names of WAL."""
    return min(names, key=_place)


def missing(files: Iterable[str], start: str) -> str:
    """Return what is missing from *start* to the newest file, as text; empty if nothing is."""
    names = {_place(name(file)): name(file) for file in files if name(file) and _place(name(file)) >= _place(start)}
    places = sorted(names)
    if not places or places[0] != _place(start):
        return f"{start} is missing"
    highest = max(segment for _log, segment in places)
    for last, following in zip(places, places[1:]):
        if not _follows(last, following, highest):
            return f"the files between {names[last]} and {names[following]} are missing"
    return ""


def _place(text: str) -> tuple[int, int]:
    return int(text[8:16], 16), int(text[16:24], 16)


def _follows(last: tuple[int, int], following: tuple[int, int], highest: int) -> bool:
    if following == (last[0], last[1] + 1):
        return True
    # How many segments a log has depends on their size. It is a power of two.
    segments = last[1] + 1
    is_end = last[1] >= highest and segments >= _FEWEST and segments & (segments - 1) == 0
    return is_end and following == (last[0] + 1, 0)

"""Suggestions for misspelt words. Pure.

Place in the pipeline: check, in messages about keys and names that do not exist.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from itertools import islice

#: A comparison takes a few microseconds, so a file with thousands of unknown words would take minutes.
_MAX_SUGGESTIONS = 100
_MAX_KNOWN = 200
_MAX_LENGTH = 60


class Suggestions:
    """Suggestions for the first misspelt words of one check. Later ones get none."""

    def __init__(self) -> None:
        self._left = _MAX_SUGGESTIONS

    def text(self, word: str, known: Iterable[str]) -> str:
        """Return the end of a message, such as ``; did you mean 'image'?``, empty if no known word is similar."""
        self._left -= 1
        if self._left < 0:
            return ""
        matches = difflib.get_close_matches(str(word)[:_MAX_LENGTH], islice(known, _MAX_KNOWN), n=1)
        return f"; did you mean {matches[0]!r}?" if matches else ""

"""Mask secrets in text from outside: log lines of containers, output of commands and health checks, errors.

Place in the pipeline: target, before such a text is written to the journal or returned to the controller. An
application may print its settings, whole or cut, and in the notation of another language. So not only a whole value is
masked, but every part of eight characters or more, as it is and as URLs, JSON, Base64 and others write it.
"""

from __future__ import annotations

import base64
import html
import json
import re
import shlex
import urllib.parse
from collections.abc import Iterable, Iterator

from ansible_collections.slipway.stack.plugins.module_utils.state.quoting import QUOTING

#: What is shown in place of a secret.
MASK = "***"
#: The shortest part of a secret that is masked, in characters.
PART = 8
#: The shortest secret that is masked. Shorter ones would mask words and numbers everywhere.
_SHORTEST = 4
#: A longer secret is masked by its first characters. It is a file that nobody prints.
_LONGEST = 64 * 1024
#: Parts of nothing but these characters are rulers and gaps, in secrets as in logs.
_RULER = frozenset("-=_*#.~+ \t")
#: The first and last line of a key in PEM format is no secret.
_PEM = re.compile(r"-----(?:BEGIN|END) [A-Z0-9 ]+-----")
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")


class Mask:
    """Masks a set of secrets. A value may have several lines; each line counts."""

    def __init__(self, values: Iterable[bytes]) -> None:
        self._parts: set[str] = set()
        words: set[str] = set()
        for form in {form for value in set(values) for form in _forms(value)}:
            if len(form) < PART:
                words.add(form)
                continue
            windows = (form[start : start + PART] for start in range(len(form) - PART + 1))
            self._parts.update(part for part in windows if not _RULER.issuperset(part))
            if _RULER.issuperset(form):
                words.add(form)
        alternatives = "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))
        # A short value is masked where it stands alone: it may be a part of a word.
        self._words = re.compile(rf"(?<!\w)(?:{alternatives})(?!\w)") if words else None

    def text(self, text: str) -> str:
        """Return *text* with each secret and each long part of one replaced by :data:`MASK`."""
        if self._words:
            text = self._words.sub(MASK, text)
        result, shown = [], 0
        for start, end in self._places(text):
            result += [text[shown:start], MASK]
            shown = end
        return "".join([*result, text[shown:]])

    def _places(self, text: str) -> Iterator[tuple[int, int]]:
        """Yield the start and the end of each place in *text* that consists of parts of secrets."""
        start = end = -1
        for position in range(len(text) - PART + 1) if self._parts else ():
            if text[position : position + PART] in self._parts:
                if position > end:
                    if end > 0:
                        yield start, end
                    start = position
                end = position + PART
        if end > 0:
            yield start, end


def printable(text: str) -> str:
    """Return *text* without colours, and with control characters escaped: it must not control the terminal."""
    text = _COLOUR.sub("", text)
    if text.isprintable():
        return text
    return "".join(one if one.isprintable() or one in "\n\t" else _escaped(one) for one in text)


def _escaped(character: str) -> str:
    return character.encode("unicode_escape").decode()


def _forms(value: bytes) -> Iterator[str]:
    """Yield the texts as which a secret can appear in a line."""
    text = value[:_LONGEST].decode("utf-8", "surrogateescape")
    lines = [line.strip() for line in text.splitlines()]
    lines = [line for line in lines if len(line) >= _SHORTEST and not _PEM.fullmatch(line)]
    for line in lines:
        yield from _notations(line)
    if len(value) >= _SHORTEST and lines:
        yield from _base64_forms(value[:_LONGEST])
        if len(lines) == 1:
            yield from _base64_forms(lines[0].encode("utf-8", "surrogateescape"))


def _notations(line: str) -> Iterator[str]:
    yield line
    try:
        quoted = [urllib.parse.quote(line, safe=""), urllib.parse.quote(line), urllib.parse.quote_plus(line)]
    except UnicodeEncodeError:
        # Bytes that are no text.
        quoted = []
    for one in quoted:
        yield one
        yield re.sub("%[0-9A-F]{2}", lambda match: match[0].lower(), one)
    for form in (json.dumps(line), json.dumps(line, ensure_ascii=False), repr(line), shlex.quote(line)):
        yield form[1:-1] if form[0] in "\"'" else form
    yield html.escape(line)
    for quote in QUOTING.values():
        yield quote(line).strip('"')


def _base64_forms(value: bytes) -> Iterator[str]:
    """Yield what Base64 makes of a value, wherever it starts in a longer text: three texts, in both alphabets."""
    for offset, first in ((0, 0), (1, 2), (2, 3)):
        encoded = base64.b64encode(b"\0" * offset + value).decode()
        # The last digit depends on what follows.
        form = encoded.rstrip("=")[first:-1] if encoded.endswith("=") else encoded[first:]
        if len(form) >= PART:
            yield form
            yield form.translate(str.maketrans("+/", "-_"))

"""Look for personal data and for production's secrets in the text of a COPY, block by block.

Place in the pipeline: source, while masked rows are written, before a snapshot may leave; destination, after they are
loaded. A find is a column and a number, never the value. Rules can be wrong: this is the second look.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

#: What a column is searched for.
MAIL, PHONE, CARD = "addresses of mail", "phone numbers", "card numbers"
ALL = frozenset((MAIL, PHONE, CARD))
SECRET = "secrets of production"
#: A domain where nobody gets mail. Source: RFC 2606.
RESERVED = re.compile(r"([a-z0-9-]+\.)*(example\.(com|net|org)|invalid|test|example)")
#: The shortest secret that is looked for, in bytes. A shorter one is found in words and numbers.
_SHORTEST = 8
#: The shortest line of a secret of several lines.
_SHORTEST_LINE = 20
#: What may not stand before the sign of a mail address.
_NO_LOCAL_PART = frozenset(b" \t\n,;:()[]<>{}")
#: A code of a country that nobody has is what masked numbers begin with.
_PHONE = re.compile(rb"\+(?!999)[1-9](?:[ ()/.-]{0,2}[0-9]){7,14}(?![0-9])")
#: Where a number begins, not the rest of a word. The text of a COPY, and of JSON in it, has a line break or a tab as a
#: backslash and a letter. ``%b`` is what was read of the number: the search is fast if the pattern begins with it.
_BEGINS = rb"(?:(?<![0-9A-Za-z_.+-]%b)|(?<=\\[bfnrtv]%b))"
_PHONE_00 = re.compile(rb"00" + _BEGINS % (b"00", b"00") + rb"(?!999)[1-9](?:[ ()/.-]{0,2}[0-9]){8,13}(?![0-9])")
#: Source: ISO/IEC 7812, the first digits of payment cards. The digits after it may be others: see :func:`_cards`.
_CARD = re.compile(rb"[2-6][0-9]{3}" + _BEGINS % (b"[0-9]{4}", b"[0-9]{4}") + rb"(?:[ -]?[0-9]){9,15}(?![0-9A-Za-z_])")
_GROUP_ENDS = re.compile(rb"(?<=[0-9])(?=[ -]|\Z)")
#: A text without a run of so many digits, separators apart, has neither a card number nor one that begins with 00.
_RUN = b"0" * 11
_TO_RUNS = bytes(48 if chr(code).isdigit() and code < 128 else code if code in b"\t\n" else 120 for code in range(256))
_SEPARATORS = b" -()/."


@dataclass(frozen=True)
class Searched:
    """A column of the text and what it is searched for besides secrets."""

    name: str
    kinds: frozenset[str]


class Scanner:
    """Scans the text of one COPY. ``rows`` and ``size`` in bytes are what it has seen."""

    def __init__(self, columns: Sequence[Searched], domain: str, secrets: Sequence[bytes]) -> None:
        """:param domain: of masked addresses of mail. :param secrets: see :func:`forms`."""
        self._columns, self._secrets = columns, secrets
        self._wanted = frozenset(kind for column in columns for kind in column.kinds)
        self._mail = re.compile(
            rb"@(?!" + re.escape(domain.encode()) + rb"(?![\w-]|\.\w))[\w\x80-\xff-]+(?:\.[\w\x80-\xff-]+)+"
        )
        self._rest: list[bytes] = []
        self.rows = self.size = 0
        self.finds: Counter[tuple[str, str]] = Counter()

    def feed(self, block: bytes) -> None:
        """Scan a block. Its last line goes on in the next one."""
        self.size += len(block)
        self.rows += block.count(b"\n")
        end = block.rfind(b"\n") + 1
        if end:
            self._scan(b"".join([*self._rest, block[:end]]))
            self._rest = []
        if end < len(block):
            self._rest.append(block[end:])

    def finish(self) -> None:
        """Scan what is left after the last block."""
        self._scan(b"".join(self._rest))
        self._rest = []

    def _scan(self, text: bytes) -> None:
        for secret in self._secrets:
            place = text.find(secret)
            while place >= 0:
                self._found(text, place, SECRET)
                place = text.find(secret, place + len(secret))
        for kind, place in self._places(text):
            column = self._column(text, place)
            if column is not None and kind in column.kinds:
                self.finds[column.name, kind] += 1

    def _places(self, text: bytes) -> Iterator[tuple[str, int]]:
        if MAIL in self._wanted:
            for found in self._mail.finditer(text):
                if found.start() and text[found.start() - 1] not in _NO_LOCAL_PART:
                    yield MAIL, found.start()
        if PHONE in self._wanted:
            for found in _PHONE.finditer(text):
                yield PHONE, found.start()
        if not self._wanted & {PHONE, CARD} or _RUN not in text.translate(_TO_RUNS, _SEPARATORS):
            return
        for found in _PHONE_00.finditer(text):
            yield PHONE, found.start()
        for place in _cards(text):
            yield CARD, place

    def _found(self, text: bytes, place: int, kind: str) -> None:
        column = self._column(text, place)
        self.finds[column.name if column else "", kind] += 1

    def _column(self, text: bytes, place: int) -> Searched | None:
        start = text.rfind(b"\n", 0, place) + 1
        number = text.count(b"\t", start, place)
        return self._columns[number] if number < len(self._columns) else None


class SecretCounter:
    """Counts secrets in content that has no lines, also over the border of two blocks."""

    def __init__(self, secrets: Sequence[bytes]) -> None:
        self._secrets, self._before = secrets, b""
        self._overlap = max((len(secret) for secret in secrets), default=1) - 1

    def count(self, block: bytes) -> int:
        """Return how many secrets end in a block."""
        text = self._before + block
        found = sum(text.count(secret) - self._before.count(secret) for secret in self._secrets)
        self._before = text[len(text) - self._overlap :] if self._overlap else b""
        return found


def _cards(text: bytes) -> Iterator[int]:
    """Return where card numbers begin. Other digits may stand before or after one, such as a date."""
    found = _CARD.search(text)
    while found:
        digits = found[0]
        ends = [end.start() for end in _GROUP_ENDS.finditer(digits)]
        size = next((end for end in reversed(ends) if is_card(digits[:end])), 0)
        if size:
            yield found.start()
        found = _CARD.search(text, found.start() + (size or 1))


def is_card(text: bytes) -> bool:
    """Return whether digits are the number of a payment card: its length, and the check digit of Luhn."""
    digits = [code - 48 for code in text if 48 <= code <= 57]
    if not 13 <= len(digits) <= 19 or len(set(digits)) == 1:
        return False
    total = 0
    for position, digit in enumerate(reversed(digits)):
        doubled = digit * 2 if position % 2 else digit
        total += doubled - 9 if doubled > 9 else doubled
    return total % 10 == 0


def forms(secrets: Iterable[bytes]) -> tuple[bytes, ...]:
    """Return secrets as they stand in the text of a COPY: as they are, and in a string of JSON."""
    found: dict[bytes, None] = {}
    for secret in secrets:
        stripped = secret.strip()
        lines = [line.strip() for line in stripped.split(b"\n")]
        parts = [stripped] if len(lines) == 1 else [one for one in lines if len(one) >= _SHORTEST_LINE]
        for part in parts:
            if len(part) < _SHORTEST or part.startswith(b"-----"):
                continue
            in_json = json.dumps(part.decode("utf-8", "surrogateescape"), ensure_ascii=False)[1:-1]
            for form in (part, in_json.encode("utf-8", "surrogateescape")):
                found[form] = None
                found[form.replace(b"\\", b"\\\\").replace(b"\t", b"\\t").replace(b"\r", b"\\r")] = None
    return tuple(found)

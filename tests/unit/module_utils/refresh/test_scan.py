"""What the scan finds in the text of a COPY, and what it leaves alone."""

from __future__ import annotations

import secrets

import pytest
from ansible_collections.slipway.stack.plugins.module_utils.refresh import scan
from ansible_collections.slipway.stack.plugins.module_utils.refresh.large_objects import LargeObjectScanner
from ansible_collections.slipway.stack.plugins.module_utils.refresh.scan import ALL, CARD, MAIL, PHONE, SECRET, Scanner


def _scanner(known: tuple[bytes, ...] = (), *kinds: frozenset[str]) -> Scanner:
    columns = [scan.Searched(f"c{number}", one) for number, one in enumerate(kinds or (ALL, ALL))]
    return Scanner(columns, "example.com", scan.forms(known))


def _found(text: str, *kinds: frozenset[str]) -> dict[tuple[str, str], int]:
    scanner = _scanner((), *kinds)
    scanner.feed(text.encode())
    scanner.finish()
    return dict(scanner.finds)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("tom@shop.test", MAIL),
        ("a tom@sub.shop.co.uk.", MAIL),
        ('{"to": "tom@shop.test"}', MAIL),
        ("tom@example.com.shop.test", MAIL),
        ("tom@notexample.com", MAIL),
        ("tom@müller.test", MAIL),
        ("call +49 30 1234567", PHONE),
        ("+1 (212) 555-0123", PHONE),
        ("0049 30 1234567", PHONE),
        ("4111111111111111", CARD),
        ("card 4111 1111 1111 1111!", CARD),
        ("5500-0000-0000-0004", CARD),
        ("378282246310005", CARD),
    ],
)
def test_personal_data_is_found(text: str, kind: str) -> None:
    assert _found(f"1\t{text}\n2\tx\n") == {("c1", kind): 1}


@pytest.mark.parametrize(
    "text",
    [
        "u0123@example.com",
        "write to u0123@example.com.",
        "@example.org",
        "hello @tom.shop",
        "+999123456789",
        "2026-11-27 12:34:56.123456+00",
        "4111111111111112",
        "0000000000000000",
        "a4111111111111111",
        "1732712345678",
        "192.168.100.200",
        "3.14159265358979323846",
    ],
)
def test_what_is_masked_or_means_nothing_is_left_alone(text: str) -> None:
    assert _found(f"{text}\tx\n") == {}


@pytest.mark.parametrize("before", [r"\n", r"\r", r"\t", r"\\n", r"\\t", r"{\\n\\r"])
@pytest.mark.parametrize(
    ("value", "kind"), [("0049 30 1234567", PHONE), ("+49 30 1234567", PHONE), ("4111111111111111", CARD)]
)
def test_a_number_at_the_beginning_of_a_line_of_a_text_is_found(before: str, value: str, kind: str) -> None:
    # A COPY writes a line break as a backslash and a letter, and that of a string of JSON as two backslashes and one.
    assert _found(f"1\tTom{before}{value}\n2\tx\n") == {("c1", kind): 1}


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("4111 1111 1111 1111 12/29", CARD),
        ("4111111111111111 123", CARD),
        ("2026-11-27 4111 1111 1111 1111", CARD),
        ("2026 378282246310005", CARD),
        ("order 1001234567 0049 30 1234567", PHONE),
        ("A0012345678 0049 30 1234567", PHONE),
    ],
)
def test_a_number_next_to_other_digits_is_found(text: str, kind: str) -> None:
    assert _found(f"{text}\n") == {("c0", kind): 1}


def test_a_column_is_searched_for_its_kinds_only() -> None:
    line = "tom@shop.test 4111111111111111\ttom@shop.test 4111111111111111\n"
    assert _found(line, frozenset(), frozenset({CARD})) == {("c1", CARD): 1}


def test_what_is_cut_by_a_block_is_found() -> None:
    scanner = _scanner()
    text = b"1\tx\n2\ttom@shop.test\n3\ty\n"
    for position in range(len(text)):
        scanner.feed(text[position : position + 1])
    scanner.finish()
    assert dict(scanner.finds) == {("c1", MAIL): 1}
    assert (scanner.rows, scanner.size) == (3, len(text))


def test_a_last_line_without_an_end_is_searched() -> None:
    assert _found("1\ttom@shop.test") == {("c1", MAIL): 1}


def test_secrets_are_found_in_every_column_and_every_form() -> None:
    plain, odd = secrets.token_hex(12).encode(), b'a"b\\c' + secrets.token_hex(8).encode()
    scanner = _scanner((plain, odd + b"\n"), frozenset(), frozenset())
    in_json = odd.replace(b"\\", b"\\\\").replace(b'"', b'\\"').replace(b"\\", b"\\\\")
    scanner.feed(b"x" + plain + plain + b"\t" + odd.replace(b"\\", b"\\\\") + b"\n1\t" + in_json + b"\n")
    scanner.finish()
    assert dict(scanner.finds) == {("c0", SECRET): 2, ("c1", SECRET): 2}


def test_lines_of_a_long_secret_count_and_short_secrets_do_not() -> None:
    line = secrets.token_hex(20).encode()
    assert scan.forms([b"-----BEGIN KEY-----\n" + line + b"\nshort\n-----END KEY-----\n", b"abc"]) == (line,)


def test_a_secret_over_two_pages_of_a_large_object_is_found() -> None:
    secret = secrets.token_hex(12).encode()
    scanner = LargeObjectScanner([secret])
    first, second = (b"a" * 100 + secret)[:110].hex(), (secret[10:] + b"b" * 10).hex()
    lines = ["SELECT lo_create(1);", *(f"SELECT lo_put(1, 0, decode('{page}', 'hex'));" for page in (first, second))]
    text = "\n".join([*lines, ""]).encode()
    for position in range(0, len(text), 7):
        scanner.feed(text[position : position + 7])
    scanner.finish()
    assert (dict(scanner.finds), scanner.rows) == ({("", SECRET): 1}, 3)

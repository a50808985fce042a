"""Masking: whatever an application makes of a secret, no long part of it is left in a line."""

from __future__ import annotations

import base64
import html
import json
import random
import shlex
import string
import time
import urllib.parse
from collections.abc import Callable

import pytest
from ansible_collections.slipway.stack.plugins.module_utils.state.masking import MASK, PART, Mask, printable
from ansible_collections.slipway.stack.plugins.module_utils.state.quoting import QUOTING

SECRET = "s3cr3t-Pa55/w0rd+x&y=z"

#: What an application may print of a value.
NOTATIONS: dict[str, Callable[[str], str]] = {
    "as it is": lambda value: f"password={value}",
    "in quotes": repr,
    "JSON": lambda value: json.dumps({"password": value}),
    "JSON, other alphabets as they are": lambda value: json.dumps([value], ensure_ascii=False),
    "URL": lambda value: f"postgresql://app:{urllib.parse.quote(value, safe='')}@db/app",
    "URL, small digits": lambda value: urllib.parse.quote(value, safe="").replace("%2F", "%2f").replace("%3D", "%3d"),
    "path of a URL": lambda value: f"/token/{urllib.parse.quote(value)}",
    "form": lambda value: urllib.parse.urlencode({"password": value}),
    "Base64": lambda value: base64.b64encode(value.encode()).decode(),
    "Base64 of a login": lambda value: f"Basic {base64.b64encode(f'user:{value}'.encode()).decode()}",
    "Base64 of a longer text": lambda value: base64.b64encode(f"ab{value}tail".encode()).decode(),
    "Base64 for URLs": lambda value: base64.urlsafe_b64encode(f"a{value}".encode()).decode(),
    "HTML": lambda value: f"<td>{html.escape(value)}</td>",
    "shell": lambda value: f"export PASSWORD={shlex.quote(value)}",
}
NOTATIONS |= {f"quoted for {name}": function for name, function in QUOTING.items()}
ALPHABETS = (
    string.ascii_letters + string.digits,
    string.printable[:94],
    string.printable[:94] + "äß€🚢",
    "ab01",
)


def _longest_part(text: str, form: str) -> int:
    """Return the length of the longest part of *form* that is in *text*."""
    for length in range(len(form), 0, -1):
        if any(form[start : start + length] in text for start in range(len(form) - length + 1)):
            return length
    return 0


@pytest.mark.parametrize("notation", NOTATIONS)
def test_no_long_part_of_a_secret_is_left(notation: str) -> None:
    text = NOTATIONS[notation](SECRET)
    masked = Mask([SECRET.encode()]).text(text)
    assert MASK in masked
    assert _longest_part(masked, SECRET) < PART


@pytest.mark.parametrize("notation", NOTATIONS)
@pytest.mark.parametrize("seed", range(25))
def test_random_secrets_are_masked_whole_and_cut(seed: int, notation: str) -> None:
    chosen = random.Random(seed)
    secret = "".join(chosen.choices(ALPHABETS[seed % len(ALPHABETS)], k=chosen.randint(12, 60)))
    mask = Mask([secret.encode()])
    shown = NOTATIONS[notation](secret)
    for _cut in range(20):
        start, end = sorted(chosen.sample(range(len(shown) + 1), 2))
        masked = mask.text(f"before {shown[start:end]} after")
        assert masked.startswith("before ")
        assert masked.endswith(" after")
        # What is left of the value itself is too short to help.
        assert _longest_part(masked, secret) < PART


@pytest.mark.parametrize("notation", NOTATIONS)
def test_a_whole_value_leaves_nothing(notation: str) -> None:
    secret = "".join(random.Random(7).choices(string.ascii_letters, k=32))
    masked = Mask([secret.encode()]).text(NOTATIONS[notation](secret))
    assert _longest_part(masked, secret) < 4


def test_22_of_23_characters_are_masked() -> None:
    secret = "kX9!mQ2#vL7$wR4%tY8&zN1"
    for text in (secret[:22], secret[1:], f"input_value='{secret[:22]}...', input_type=str"):
        masked = Mask([secret.encode()]).text(text)
        assert MASK in masked
        assert _longest_part(masked, secret) < 4


def test_other_text_is_left_as_it_is() -> None:
    mask = Mask(
        [SECRET.encode(), b"-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQEF\n-----END PRIVATE KEY-----"]
    )
    for text in (
        "",
        "short",
        "connection to db:5432 refused",
        "-----BEGIN PRIVATE KEY-----",
        "----------------------------------------",
        "Traceback (most recent call last):",
    ):
        assert mask.text(text) == text


def test_each_line_of_a_secret_with_several_lines_is_masked() -> None:
    lines = ["MIIEvQIBADANBgkqhkiG9w0BAQEFAASC", "BKcwggSjAgEAAoIBAQC7VJTUt9Us8cKj"]
    pem = "\n".join(["-----BEGIN PRIVATE KEY-----", *lines, "-----END PRIVATE KEY-----", ""])
    mask = Mask([pem.encode()])
    assert mask.text(lines[1]) == MASK
    assert _longest_part(mask.text(json.dumps(pem)), lines[0]) < PART
    assert (
        _longest_part(mask.text(base64.b64encode(pem.encode()).decode()), base64.b64encode(pem.encode()).decode())
        < PART
    )


@pytest.mark.parametrize(
    ("secret", "text", "masked"),
    [
        ("hunter2", "password hunter2!", "password ***!"),
        ("hunter2", "hunter2000 is no secret", "hunter2000 is no secret"),
        ("1234", "pin=1234", "pin=***"),
        ("1234", "port 12345", "port 12345"),
        ("abc", "abc is too short to be masked", "abc is too short to be masked"),
        ("        ", "a gap        of spaces", "a gap        of spaces"),
        ("-" * 20, "-" * 20, MASK),
    ],
)
def test_short_and_poor_secrets(secret: str, text: str, masked: str) -> None:
    assert Mask([secret.encode()]).text(text) == masked


def test_parts_that_touch_are_masked_once() -> None:
    mask = Mask([b"abcdefghij", b"klmnopqrst"])
    assert mask.text("abcdefghijklmnopqrst") == MASK
    assert mask.text("abcdefghij klmnopqrst") == f"{MASK} {MASK}"


def test_without_secrets_nothing_is_masked() -> None:
    assert Mask([]).text(SECRET) == SECRET
    assert Mask([b"", b"\n\n", b"\xff\xfe"]).text(SECRET) == SECRET


def test_a_hundred_secrets_and_a_megabyte_take_less_than_seconds() -> None:
    chosen = random.Random(1)
    secrets = ["".join(chosen.choices(string.printable[:94], k=48)).encode() for _secret in range(100)]
    text = "".join(chosen.choices(string.ascii_letters + " ", k=1024**2))
    started = time.process_time()
    mask = Mask([*secrets, b"x" * 10 * 1024**2])
    assert mask.text(text) == text
    assert time.process_time() - started < 5


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain\ttext\nGröße", "plain\ttext\nGröße"),
        ("\x1b[31mred\x1b[0m", "red"),
        ("\x1b[2J\x1b]0;title\x07", r"\x1b[2J\x1b]0;title\x07"),
        ("over\rwritten\x08", r"over\rwritten\x08"),
        ("\u202etxet", r"\u202etxet"),
    ],
)
def test_a_text_cannot_control_the_terminal(text: str, shown: str) -> None:
    assert printable(text) == shown

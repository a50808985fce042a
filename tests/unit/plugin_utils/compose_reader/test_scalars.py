"""Unquoted words of YAML are what both versions of Compose make of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ansible_collections.slipway.stack.plugins.plugin_utils.compose_reader import reading, scalars
from ansible_collections.slipway.stack.plugins.plugin_utils.compose_reader.yaml_parser import parse

from tests.support import odd_texts, real_compose
from tests.support.errors import error_of
from tests.support.real_compose import SUITES

PARTS = [
    *"0123456789012345678901234567890123456789abcdefxXoOBE_.:+-~TtZnNyY",
    *["0x", "0o", "0b", "00", "e+", "e-", ".inf", ".nan", "true", "null", "on", "yes", "2026-1-2", " 1:2:3", "1_0"],
]


def _environment(suite: str, folder: Path, words: list[str]) -> dict[str, Any]:
    lines = "".join(f"      V{number}: {word}\n" for number, word in enumerate(words))
    (folder / "compose.yaml").write_text(f"services:\n  a:\n    image: x\n    environment:\n{lines}")
    found = real_compose.read(suite, folder)
    assert found.config is not None, found.printed
    result: dict[str, Any] = found.config["services"]["a"]["environment"]
    return result


def _is_infinite(value: object) -> bool:
    return isinstance(value, float) and scalars.scalar_text(value) in ("NaN", "+Inf", "-Inf")


@pytest.mark.parametrize("suite", SUITES)
def test_compose_reads_the_same(suite: str, tmp_path: Path) -> None:
    words = [word for word in odd_texts.texts(5, 3000, PARTS, 5) if word[0] not in ":- " and not word.endswith(":")]
    words += ["-1", "-0x1f", "-0", "-.5", "-1e3", "-0b1", "-0o7", "-017", "1e400", "18446744073709551615", "9" * 20]
    # Compose 2.40 refuses dates, and 2.26 numbers that JSON does not have.
    words = [word for word in words if not isinstance(scalars.plain(word)[0], scalars.Timestamp)]
    words = [word for word in words if suite == SUITES[-1] or not _is_infinite(scalars.plain(word)[0])]
    words = [word for word in words if ": " not in word]
    theirs = _environment(suite, tmp_path, words)
    ours = {f"V{number}": scalars.plain(word)[0] for number, word in enumerate(words)}
    assert theirs == {name: None if value is None else scalars.scalar_text(value) for name, value in ours.items()}
    assert sum(not isinstance(value, str) for value in ours.values()) > len(words) // 8


@pytest.mark.parametrize(
    ("text", "value", "shown"),
    [
        ("0x1f", 31, "31"),
        ("0o17", 15, "15"),
        ("017", 15, "15"),
        ("08", 8.0, "8"),
        ("1_000", 1000, "1000"),
        ("1e3", 1000.0, "1000"),
        ("1e6", 1000000.0, "1e+06"),
        ("2.0", 2.0, "2"),
        ("0.00001", 0.00001, "1e-05"),
        (".inf", float("inf"), "+Inf"),
        ("on", "on", "on"),
        ("22:22", "22:22", "22:22"),
        ("True", True, "true"),
        ("~", None, ""),
    ],
)
def test_a_word_is_a_value(text: str, value: Any, shown: str) -> None:
    found = scalars.plain(text)[0]
    assert (found, type(found), scalars.scalar_text(found)) == (value, type(value), shown)


@pytest.mark.parametrize("word", ["2026-01-02", "2026-1-2", "2026-01-02T1:2:3Z", "2026-01-02 10:11:12.5"])
def test_a_date_is_refused_outside_of_extensions(word: str, tmp_path: Path) -> None:
    text = f"x-made: {word}\nservices:\n  a:\n    image: x\n    labels:\n      made: {word}\n"
    (tmp_path / "compose.yaml").write_text(text)
    assert real_compose.read(SUITES[-1], tmp_path).config is None
    [refusal] = reading.read([tmp_path / "compose.yaml"]).refusals
    assert refusal.mark is not None
    assert (refusal.mark.line, refusal.where) == (6, "service 'a': key 'labels.made'")
    assert refusal.message == f"{word!r} is a date for YAML; put it in quotes"


@pytest.mark.parametrize("key", ["1", "true", "~", "2026-01-02", "1.5"])
def test_a_key_that_is_no_text_is_refused(key: str, tmp_path: Path) -> None:
    (tmp_path / "compose.yaml").write_text(f"services:\n  a:\n    image: x\n    labels:\n      {key}: y\n")
    assert [real_compose.read(suite, tmp_path).config for suite in SUITES] == [None, None]
    [refusal] = reading.read([tmp_path / "compose.yaml"]).refusals
    assert refusal.mark is not None
    assert (refusal.mark.line, refusal.where) == (5, f"key {key}")
    assert refusal.message == f"is no text for YAML, and every key must be one; write {key!r}"


def test_tags_make_values() -> None:
    text = "{a: !!str 5, b: !!int '5', c: !!float 1, d: !!binary aGk=, e: !own x, f: !!bool 'true', g: !!null ''}"
    assert parse(text, "x.yaml") == [{"a": "5", "b": 5, "c": 1.0, "d": "hi", "e": "x", "f": True, "g": None}]


@pytest.mark.parametrize("text", ["!!int abc", "!!float x", "!!bool yes", "!!null 0"])
def test_a_tag_that_does_not_fit_is_refused(text: str) -> None:
    tag, word = text.split(" ")
    assert error_of(parse, f"a: 1\nb: {text}", "x.yaml") == f"x.yaml:2: {word!r} is not a value of the tag {tag!r}"


def test_a_merge_key_occurs_once_and_is_not_quoted() -> None:
    assert error_of(parse, "{<<: {a: 1}, <<: {b: 1}}", "x.yaml") == "x.yaml:1: the key '<<' occurs twice in one mapping"
    assert parse("{'<<': {a: 1}}", "x.yaml") == [{"<<": {"a": 1}}]


@pytest.mark.parametrize("line", ["command: [curl, http://x/?a=b]", "labels: {a: x?}"])
def test_a_question_mark_inside_of_brackets_needs_quotes(line: str, tmp_path: Path) -> None:
    text = f"services:\n  a:\n    image: x\n    {line}\n"
    (tmp_path / "compose.yaml").write_text(text)
    assert [real_compose.read(suite, tmp_path).config for suite in SUITES] == [None, None]
    assert error_of(parse, text, "x.yaml").startswith("x.yaml:4: not YAML: ")

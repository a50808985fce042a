"""Files of variables: what is written, and that real Compose reads exactly it back, in both places it reads them."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

import pytest
from ansible_collections.slipway.stack.plugins.plugin_utils.description import dotenv
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.errors import error_of
from tests.support.real_compose import SUITES, config

VALUES = {
    "empty": "",
    "plain": "plain",
    "dollar": "$",
    "two dollars": "$$",
    "variable": "$HOME",
    "braced variable": "${HOME}",
    "variable with default": "${X:-y}",
    "command": "$(id)`id`",
    "hash": "#",
    "comment": "a # b",
    "single quote": "it's",
    "single quoted": "'x'",
    "double quote": 'say "x"',
    "double quoted": '"x"',
    "both quotes": "'\"",
    "leading space": "  x",
    "trailing space": "x  ",
    "space": " ",
    "newline": "a\nb",
    "trailing newline": "a\n",
    "carriage return": "a\rb",
    "carriage return and newline": "a\r\nb\r\n",
    "tab": "\ta\tb\t",
    "trailing backslash": "a\\",
    "two backslashes": "a\\\\b",
    "literal backslash n": "a\\nb",
    "literal backslash r and t": "\\r\\t",
    "escaped dollar": "\\$x",
    "escaped quote": '\\"',
    "octal and unicode escapes": "\\101 \\x41 \\u00e9",
    "backslash before newline": "a\\\nb",
    "letters": "Größe 日本語",
    "emoji": "🚢",
    "line separators": "\u2028\u2029\u0085",
    "byte order mark": "\ufeff",
    "control characters": "\x01\x0b\x0c\x1b\x7f",
    "equals": "=a=b=",
    "colon": "a: b",
    "export": "export X=1",
    "percent and bang": "%d !x",
    "long": "x" * 5000,
}

text = st.text(
    st.one_of(
        st.sampled_from("$\\\"'#`{}() =:\n\r\tnrtu0"),
        st.characters(codec="utf-8", exclude_characters="\0"),
    ),
    max_size=20,
)


def _round_trip(suite: str, folder: Path, values: list[str]) -> None:
    """Have Compose read *values* as an `env_file`, and out of `.env` where `${NAME}` stands in the document."""
    (folder / "app.env").write_text(dotenv.dump({f"F{n}": value for n, value in enumerate(values)}), newline="")
    (folder / ".env").write_text(dotenv.dump({f"I{n}": value for n, value in enumerate(values)}), newline="")
    interpolated = {f"E{n}": f"${{I{n}}}" for n in range(len(values))}
    service = {"image": "x", "env_file": ["app.env"], "environment": interpolated}
    (folder / "compose.yaml").write_text(json.dumps({"services": {"app": service}}))
    found = config(suite, folder)["services"]["app"]["environment"]
    assert [found[f"F{n}"] for n in range(len(values))] == values
    assert [found[f"E{n}"] for n in range(len(values))] == values


@pytest.mark.parametrize("suite", SUITES)
def test_compose_reads_back_what_was_written(suite: str, tmp_path: Path) -> None:
    _round_trip(suite, tmp_path, list(VALUES.values()))


@pytest.mark.parametrize("suite", SUITES)
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True)
@given(values=st.lists(text, min_size=10, max_size=40))
def test_compose_reads_back_whatever_is_written(suite: str, values: list[str]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        _round_trip(suite, Path(folder), values)


def test_text_of_a_file() -> None:
    assert dotenv.dump({"A": "1", "B_2": 'a"$\n'}, "What it is.\n\nMore.", {"B_2": "Why."}) == (
        '# What it is.\n#\n# More.\nA="1"\n# Why.\nB_2="a\\"\\$\\n"\n'
    )


def test_nothing_is_an_empty_file() -> None:
    assert dotenv.dump({}) == ""


@pytest.mark.parametrize("name", ["", "A B", "A=B", "A/B", "A\n", "A\t", "A+"])
def test_a_name_that_the_parser_would_not_read(name: str) -> None:
    assert error_of(dotenv.dump, {name: "x"}) == f"{name!r} is not a valid name for an environment variable"


def test_a_value_that_no_variable_can_hold() -> None:
    assert error_of(dotenv.dump, {"A": "x\0"}) == (
        "environment variable 'A': an environment variable cannot contain a NUL character"
    )


@pytest.mark.parametrize("suite", SUITES)
def test_compose_reads_back_every_name(suite: str, tmp_path: Path) -> None:
    names = ["1A", "é", "a.b-c", "A[0]", "2FA_X", "-", ".", "日本", "export", "x٣", "_"]
    (tmp_path / "app.env").write_text(dotenv.dump(dict.fromkeys(names, "v")), encoding="utf-8")
    (tmp_path / "compose.yaml").write_text(json.dumps({"services": {"app": {"image": "x", "env_file": ["app.env"]}}}))
    assert config(suite, tmp_path)["services"]["app"]["environment"] == dict.fromkeys(names, "v")

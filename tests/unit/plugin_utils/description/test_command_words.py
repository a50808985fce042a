"""A command that is written as one text becomes the words that Compose makes of it."""

from __future__ import annotations

import pytest
from ansible_collections.slipway.stack.plugins.plugin_utils.description import command_words

from tests.support.errors import error_of

WORDS = [
    ("chown -R 1000 /data", ["chown", "-R", "1000", "/data"]),
    ("  two   spaces\ttab\nline ", ["two", "spaces", "tab", "line"]),
    ("""sh -c 'echo "a b"'""", ["sh", "-c", 'echo "a b"']),
    (r'echo "a\"b\n" \x a\ b', ["echo", 'a"bn', "x", "a b"]),
    (r"echo 'a\n'", ["echo", r"a\n"]),
    ("echo '' \"\"", ["echo", "", ""]),
    ("echo a\"b\"'c'", ["echo", "abc"]),
    ("echo a && echo b", ["echo", "a"]),
    ("echo a; echo b", ["echo", "a"]),
    ("echo a 2>&1 | tail", ["echo", "a"]),
    ("echo a>file", ["echo", "a"]),
    ("sh -c 'a && b | c; (d) `e`'", ["sh", "-c", "a && b | c; (d) `e`"]),
    ("echo # a", ["echo", "#", "a"]),
    ("", []),
]


@pytest.mark.parametrize(("text", "words"), WORDS, ids=[case[0] for case in WORDS])
def test_a_command_is_split_as_compose_splits_it(text: str, words: list[str]) -> None:
    assert command_words.split(text) == words


REFUSED = [
    ("echo 'a", "ends in the middle of a quoted text"),
    ("echo \\", "ends in the middle of a character with a backslash"),
    ("echo `date`", "has ` outside of quotes, and no shell reads it"),
    ("echo $(date)", "has ( outside of quotes, and no shell reads it"),
]


@pytest.mark.parametrize(("text", "problem"), REFUSED, ids=[case[0] for case in REFUSED])
def test_a_command_that_no_shell_reads_is_refused(text: str, problem: str) -> None:
    assert error_of(lambda: command_words.split(text)) == problem

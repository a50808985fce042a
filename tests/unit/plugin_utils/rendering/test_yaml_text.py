"""YAML as people write it; `tests/contracts/test_any_text_arrives.py` has Compose read it."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.slipway.stack.plugins.plugin_utils.rendering import yaml_text

from tests.support import odd_texts
from tests.support.real_compose import SUITES, config


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"b": 1, "a": ["x", "y"]}, "b: 1\na: [x, y]\n"),
        ({"a": "0o17"}, "a: '0o17'\n"),
        ({"a": "1e3"}, "a: '1e3'\n"),
        ({"a": "2026-1-2"}, "a: '2026-1-2'\n"),
        ({"a": "10m"}, "a: 10m\n"),
        ({"a": "1.4.2"}, "a: 1.4.2\n"),
        ({"a": None}, "a: !reset null\n"),
        ({"a": yaml_text.Override(["x"])}, "a: !override\n- x\n"),
        ({"a": ["x" * 90]}, f"a:\n- {'x' * 90}\n"),
    ],
)
def test_text(value: object, text: str) -> None:
    assert yaml_text.dump(value) == text


#: Signs and words that YAML reads in a way of its own.
PARTS = [
    *"0123456789abefxXoOBE_.:+-~TtZnNyY#?!&*|>%@`'\"[]{}, \t",
    *["0x", "0o", "0b", "e+", ".inf", ".nan", "true", "null", "on", "<<", "2026-1-2", "---", "...", "\n", "\u0085"],
    *["\ufeff", "\u2028", "é", " #", ": ", "- "],
]


@pytest.mark.parametrize("suite", SUITES)
def test_compose_reads_every_text_back(suite: str, tmp_path: Path) -> None:
    words = odd_texts.texts(7, 3000, PARTS, 6)
    labels = {f"k{number}": word for number, word in enumerate(words)}
    service = {"image": "x", "labels": labels, "command": words}
    (tmp_path / "compose.yaml").write_text(yaml_text.dump({"services": {"a": service}}), encoding="utf-8", newline="")
    found = config(suite, tmp_path)["services"]["a"]
    assert (found["labels"], found["command"]) == (labels, words)

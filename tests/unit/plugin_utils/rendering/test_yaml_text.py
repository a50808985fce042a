"""YAML as people write it; `tests/contracts/test_any_text_arrives.py` has Compose read it."""

from __future__ import annotations

import pytest
from ansible_collections.slipway.stack.plugins.plugin_utils.rendering import yaml_text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"b": 1, "a": ["x", "y"]}, "b: 1\na: [x, y]\n"),
        ({"a": "0o17"}, "a: '0o17'\n"),
        ({"a": "1e3"}, "a: '1e3'\n"),
        ({"a": "10m"}, "a: 10m\n"),
        ({"a": "1.4.2"}, "a: 1.4.2\n"),
        ({"a": None}, "a: !reset null\n"),
        ({"a": yaml_text.Override(["x"])}, "a: !override\n- x\n"),
        ({"a": ["x" * 90]}, f"a:\n- {'x' * 90}\n"),
    ],
)
def test_text(value: object, text: str) -> None:
    assert yaml_text.dump(value) == text

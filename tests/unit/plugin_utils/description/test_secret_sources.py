"""What is refused in `stack_secrets`, without repeating a secret."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.descriptions import model, plain
from tests.support.errors import error_of


@pytest.mark.parametrize(
    ("secrets", "sentence"),
    [
        ({"k": ""}, "stack_secrets, secret 'k': the value is empty"),
        ({"k": {"value": ""}}, "stack_secrets, secret 'k': the value is empty"),
        ({"k": None}, "stack_secrets, secret 'k': give a text, or {generate: LENGTH}"),
        ({"k": 5}, "stack_secrets, secret 'k': give a text, or {generate: LENGTH}"),
        ({"k": {"value": True}}, "stack_secrets, secret 'k': key 'value' is not text; put it in quotes"),
        ({"k": {}}, "stack_secrets, secret 'k': give one of 'value', 'base64' and 'generate'"),
        (
            {"k": {"value": "v", "generate": 50}},
            "stack_secrets, secret 'k': give one of 'value', 'base64' and 'generate'",
        ),
        (
            {"k": {"length": 50}},
            "stack_secrets, secret 'k': unknown key 'length'; valid values: base64, generate, value",
        ),
        (
            {"k": {"generate": 8}},
            "stack_secrets, secret 'k': key 'generate': a length from 16 to 1024 characters, not 8",
        ),
        (
            {"My Key": "v"},
            (
                "stack_secrets, secret 'My Key': 'My Key' is not a valid name; use lower-case letters, digits, "
                "- and _, the first one a letter or digit"
            ),
        ),
        (["k"], "stack_secrets: list is not a mapping of names to secrets"),
    ],
)
def test_a_secret_that_is_not_valid_is_refused(secrets: Any, sentence: str) -> None:
    assert error_of(model, {"web": plain()}, secrets) == sentence


def test_no_message_repeats_a_secret() -> None:
    source = {"value": "correct horse"}
    for secrets in (
        "correct horse",
        [source],
        {"k": [source]},
        {"k": {**source, "generate": 50}},
        {"k": {"value": [source]}},
    ):
        assert "correct horse" not in error_of(model, {"web": plain()}, secrets)

from __future__ import annotations

import pytest
from ansible_collections.slipway.stack.plugins.plugin_utils.description.secret_text import SecretFile, mark, parts

from tests.support.errors import error_of


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("", ()),
        ("literal | text", ("literal | text",)),
        (mark("a"), ({"secret": "a", "quote": "raw"},)),
        (
            f"x{mark('a', 'url')}{mark('b-c', 'redis')}y",
            ("x", {"secret": "a", "quote": "url"}, {"secret": "b-c", "quote": "redis"}, "y"),
        ),
    ],
)
def test_parts(text: str, result: object) -> None:
    assert parts(text) == result


def test_a_way_of_quoting_that_does_not_exist() -> None:
    assert error_of(mark, "a", "shell") == (
        "secret 'a': 'shell' is not a way of quoting; valid values: raw, url, redis, dotenv, json"
    )


def test_names_of_a_secret_file() -> None:
    file = SecretFile("api-key.v2", 10, 20, ())
    assert file.variable == "SECRET_API_KEY_V2_df14d53e_10"
    assert file.key == "api-key.v2_10"

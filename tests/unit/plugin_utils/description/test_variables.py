"""Variables with secrets inside of a longer text."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.descriptions import model, plain
from tests.support.errors import error_of


def test_secrets_inside_of_a_longer_text() -> None:
    use = {"name": "k", "env": "URL", "text": "redis://{k}:{other}@r/{none}"}
    secrets = {"k": "v", "other": {"generate": 20}, "left": "x"}
    web = model({"web": plain(secrets=[use])}, secrets).services["web"]
    secret, other = {"secret": "k", "quote": "dotenv"}, {"secret": "other", "quote": "dotenv"}
    assert web.secret_env is not None
    assert web.secret_env.parts == ('URL="redis://', secret, ":", other, '@r/{none}"\n')


@pytest.mark.parametrize(
    ("use", "sentence"),
    [
        ({"text": "x{k}"}, "service 'web': key 'secrets': the 'text' of 'k' is for a variable; set its name as 'env'"),
        (
            {"env": "K", "text": "{key}"},
            "service 'web': key 'secrets': the 'text' of 'k' does not contain the secret; write {k}",
        ),
    ],
)
def test_a_text_that_is_none(use: dict[str, Any], sentence: str) -> None:
    assert sentence in error_of(model, {"web": plain(secrets=[{"name": "k", **use}])}, {"k": "v"})

"""A error_of about a secret says which and why, and never what it is."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Any

import pytest

from tests.support.descriptions import SECRETS, example, model
from tests.support.errors import error_of


@pytest.mark.parametrize(
    "wrong",
    [
        pytest.param(lambda canary: {"token": {"value": canary, "valeu": canary}}, id="misspelt key"),
        pytest.param(lambda canary: {"token": {"value": [canary]}}, id="list in place of a text"),
        pytest.param(lambda canary: {"token": {"value": {"is": canary}}}, id="mapping in place of a text"),
        pytest.param(lambda canary: {"token": {"value": canary, "generate": 40}}, id="two sources"),
        pytest.param(lambda canary: {"token": {"generate": canary}}, id="value in the wrong place"),
        pytest.param(lambda canary: {"token": [canary]}, id="not a secret"),
        pytest.param(lambda canary: {"a token": canary}, id="no name"),
        pytest.param(lambda canary: {"secret_key": canary, "SECRET_KEY": canary}, id="two of one name"),
        pytest.param(lambda canary: [canary], id="not a mapping"),
        pytest.param(lambda canary: canary, id="a text"),
    ],
)
def test_the_secret_is_not_in_it(wrong: Callable[[str], Any]) -> None:
    canary = secrets.token_hex(16)
    with pytest.raises(ValueError, match="secret") as caught:
        model(example(), secrets=wrong(canary))
    assert canary not in str(caught.value)


def test_a_model_does_not_show_its_secrets() -> None:
    canary = secrets.token_hex(16)
    assert canary not in repr(model(example(), secrets={"secret_key": canary}))


@pytest.mark.parametrize("ending", ["\n", "\r\n"])
@pytest.mark.parametrize("name", ["db_password", "redis_password"])
def test_a_line_break_at_the_end_of_a_kinds_own_secret_is_refused(name: str, ending: str) -> None:
    """Postgres takes it off where a URL keeps it, and Redis' configuration breaks."""
    canary = secrets.token_hex(16)
    for given in (canary + ending, {"value": canary + ending}):
        sentence = error_of(model, example(), {**SECRETS, name: given})
        assert canary not in sentence
        assert sentence == (
            f"stack_secrets, secret {name!r}: the value ends in a line break, which some programs read as a part of "
            "it and others do not; encrypt it again without one (echo -n), or append a trim filter"
        )


def test_any_other_secret_keeps_its_line_break() -> None:
    canary = f"{secrets.token_hex(16)}\n"
    found = model(example(), {"secret_key": canary, "db_password": canary.strip()}).secrets
    assert found["secret_key"].value == canary

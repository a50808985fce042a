"""Tests of code for servers with a real engine, which is the one of the testbed, and without a server."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support import shop_database
from tests.support.local_stacks import Production
from tests.support.shop_database import Planted

#: Users of the shop in the tests that look at all that masking must do.
USERS = 2000


@pytest.fixture(scope="module")
def project() -> str:
    """Return a name for projects of Compose that no other run has."""
    return f"slipway-test-{secrets.token_hex(4)}"


@pytest.fixture(scope="module")
def production(project: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Production]:
    """Start a stack of production."""
    folder: Path = tmp_path_factory.mktemp("production")
    stack = Production(f"{project}-production", folder)
    try:
        yield stack
    finally:
        stack.remove()


@pytest.fixture(scope="module")
def planted(production: Production) -> list[Planted]:
    """Fill the database of production, save it, and return the personal values in it."""
    values = shop_database.create(production.database(), USERS)
    production.save()
    return values

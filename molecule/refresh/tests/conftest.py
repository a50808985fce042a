"""The two stacks of this scenario."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.depot import Depot
from tests.support.stacks import Stack


@pytest.fixture(scope="module")
def production(host: Any) -> Depot:
    return Depot(Stack(host, "shop", 0))


@pytest.fixture(scope="module")
def staging(host: Any) -> Depot:
    return Depot(Stack(host, "staging", 0))

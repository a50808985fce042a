"""The stack of this scenario."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.depot import Depot
from tests.support.stacks import Stack


@pytest.fixture
def depot(host: Any) -> Depot:
    return Depot(Stack(host, "depot", 0))

"""The engine of the server."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.images import Engine


@pytest.fixture
def engine(host: Any) -> Engine:
    return Engine(host)

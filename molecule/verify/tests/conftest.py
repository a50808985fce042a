"""The stack of this scenario."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.stacks import Stack


@pytest.fixture
def kiosk(host: Any) -> Stack:
    return Stack(host, "kiosk", 8421)

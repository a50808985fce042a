"""The stack of this scenario, over HTTPS."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.https import SecureStack
from tests.support.stacks import address


@pytest.fixture
def kiosk(host: Any) -> SecureStack:
    return SecureStack(host, "kiosk", address(), "kiosk.tls.test")

"""Get the message of an error, for tables of exact messages."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest


def error_of(function: Callable[..., object], *arguments: Any, **keywords: Any) -> str:
    """Return the message of the `ValueError` that a call raises. The test fails if it raises none."""
    try:
        result = function(*arguments, **keywords)
    except ValueError as error:
        return str(error)
    return pytest.fail(f"no ValueError; the result is {result!r}")

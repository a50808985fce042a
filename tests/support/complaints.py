"""What a function says when it refuses, for tables of exact sentences."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest


def complaint(function: Callable[..., object], *arguments: Any, **keywords: Any) -> str:
    """Return the sentence of the `ValueError` that a call raises; the test fails when it raises none."""
    try:
        result = function(*arguments, **keywords)
    except ValueError as error:
        return str(error)
    return pytest.fail(f"accepted; the result is {result!r}")

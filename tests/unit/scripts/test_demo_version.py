from __future__ import annotations

import pytest

from scripts.demo_version import following


@pytest.mark.parametrize(("version", "after"), [("1.0.0", "1.1.0"), ("1.9.3", "1.10.0"), ("2.1.0-unhealthy", "2.2.0")])
def test_the_next_version_is_a_minor_one(version: str, after: str) -> None:
    assert following(version) == after

from __future__ import annotations

import pytest

from scripts.demo_version import next_version


@pytest.mark.parametrize(("version", "after"), [("1.0.0", "1.1.0"), ("1.9.3", "1.10.0"), ("2.1.0-unhealthy", "2.2.0")])
def test_the_next_version_is_the_next_minor_version(version: str, after: str) -> None:
    assert next_version(version) == after

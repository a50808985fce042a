"""A moment that a person names."""

from __future__ import annotations

import re

import pytest
from ansible_collections.slipway.stack.plugins.module_utils.backup import moments


@pytest.mark.parametrize(
    ("text", "exact"),
    [
        ("2026-11-26 08:15:00+00", "2026-11-26 08:15:00.000000+00"),
        ("2026-11-26T08:15Z", "2026-11-26 08:15:00.000000+00"),
        (" 2026-11-26 08:15:00.25 UTC", "2026-11-26 08:15:00.250000+00"),
        ("2026-11-26 00:15:00+05:30", "2026-11-25 18:45:00.000000+00"),
        ("2026-11-26 23:15:00 -0100", "2026-11-27 00:15:00.000000+00"),
    ],
)
def test_a_moment(text: str, exact: str) -> None:
    assert moments.exact(moments.parse(text)) == exact


def test_one_without_a_zone_is_refused_with_the_remedy() -> None:
    with pytest.raises(ValueError, match=re.escape("has no time zone; add it: '2026-11-26 08:15:00+00'")):
        moments.parse("2026-11-26 08:15:00")


@pytest.mark.parametrize(
    "text", ["", "yesterday", "2026-13-26 08:15:00Z", "2026-11-26 25:00Z", "2026-11-26 08:15+99", "0001-01-01 00:00+14"]
)
def test_anything_else_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(ValueError, match=re.escape("is no time such as '2026-11-26 08:15:00+00'")):
        moments.parse(text)


def test_what_is_shown_can_be_given() -> None:
    assert moments.parse(moments.show(1795790349.9)).timestamp() == 1795790349

"""Data services that would be on another host than before."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.slipway.stack.plugins.module_utils.release import moved_data

from tests.support.fake_host import settings, spec

WITH_DATA = {"db": {**settings(volumes=["db-data:/var/lib/postgresql/data"]), "class": "stateful"}}


def _consumer(address: str) -> dict[str, Any]:
    return {"web": spec(reaches={"db": [address, 5432]})}


@pytest.mark.parametrize(
    ("before", "content", "said"),
    [
        (
            WITH_DATA,
            {"services": {}, "elsewhere": {"db": "data2"}},
            (
                "service 'db': its data is on this host, in volume db-data, and it would be on data2, where it would "
                "start without its data; save it, restore it there, and deploy with -e"
            ),
        ),
        (
            _consumer("10.0.0.2"),
            {"services": _consumer("10.0.0.5"), "elsewhere": {"db": "data2"}},
            "service 'db': it is at 10.0.0.2, and would be at 10.0.0.5, on data2, where",
        ),
        (
            _consumer("10.0.0.2"),
            {"services": {**WITH_DATA, "web": spec()}},
            "service 'db': it is at 10.0.0.2, and would be on this host, where",
        ),
        (_consumer("10.0.0.2"), {"services": _consumer("10.0.0.2"), "elsewhere": {"db": "data1"}}, ""),
        (WITH_DATA, {"services": WITH_DATA}, ""),
        ({"web": spec()}, {"services": _consumer("10.0.0.2"), "elsewhere": {"db": "data1"}}, ""),
        # A service that has no data moves as it likes.
        ({"web": spec()}, {"services": {}, "elsewhere": {"web": "app2"}}, ""),
        # An older controller.
        (WITH_DATA, {"services": WITH_DATA, "elsewhere": None}, ""),
    ],
)
def test_data_is_not_left_behind(before: dict[str, Any], content: dict[str, Any], said: str) -> None:
    found = moved_data.refusals(content, {"services": before})
    assert len(found) == bool(said)
    assert "".join(found).startswith(said)
    assert moved_data.refusals({**content, "moved_data": ["db"]}, {"services": before}) == []
    assert moved_data.refusals(content, None) == []

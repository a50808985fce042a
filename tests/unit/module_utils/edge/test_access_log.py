"""Who has answered a request, and in which time, as both proxies write it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from ansible_collections.slipway.stack.plugins.module_utils.edge.access_log import Answer, parse

#: 2026-11-28T08:00:00Z.
SECOND = 1_795_852_800
TIME = {"time": "2026-11-28T08:00:00Z"}


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        ({"status": 200, "upstream": "172.18.0.5:8000", "upstream_seconds": "0.012"}, ("172.18.0.5:8000", 0.012)),
        ({"status": 200, "upstream": "a:1, b:2", "upstream_seconds": "0.001, 0.020"}, ("b:2", 0.02)),
        ({"status": 200, "upstream": "a:1 : b:2", "upstream_seconds": "0.001 : 0.020"}, ("b:2", 0.02)),
        ({"status": 502, "upstream": "web_80_canary", "upstream_seconds": "0.000"}, ("web_80_canary", 0.0)),
        ({"status": 304, "upstream": "", "upstream_seconds": ""}, ("", None)),
        ({"status": 504, "upstream": "a:1", "upstream_seconds": "-"}, ("a:1", None)),
        ({"DownstreamStatus": 200, "ServiceAddr": "shop-web-1:80", "OriginDuration": 12e6}, ("shop-web-1:80", 0.012)),
        ({"DownstreamStatus": 404}, ("", None)),
        ({"DownstreamStatus": 200, "ServiceAddr": 5, "OriginDuration": "x"}, ("5", None)),
    ],
)
def test_the_last_one_that_was_asked_has_answered(entry: dict[str, Any], expected: tuple[str, float | None]) -> None:
    status = entry.get("status") or entry["DownstreamStatus"]
    assert parse(json.dumps({**TIME, **entry})) == Answer(SECOND, status, *expected)

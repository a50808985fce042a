"""The page of a report in a real browser: nothing is asked for, nothing is cut off, and nobody is kept from reading it.

The screenshots are in ``.testbed/reports/report``.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ansible_collections.slipway.stack.plugins.plugin_utils.report.page import page

from tests.contracts.checkout import ROOT
from tests.support import browser, reported

SCREENSHOTS = ROOT / ".testbed/reports/report"


@pytest.fixture(scope="module")
def views(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """Return what there is to see of a full page and of an empty one."""
    browser.ready(SCREENSHOTS)
    folder: Path = tmp_path_factory.mktemp("pages")
    nothing = reported.host([])
    nothing["facts"]["timelines"] = []
    results = {"full": reported.three_hosts(), "empty": {"one": nothing, "two": {"msg": "Connection timed out"}}}
    for name, hosts in results.items():
        html = page("shop", hosts, [reported.requests()], 5, reported.BEGIN + 3600)
        (folder / f"{name}.html").write_text(html, encoding="utf-8")
    folder.chmod(0o755)
    return browser.seen({name: f"file:///pages/{name}.html" for name in results}, SCREENSHOTS, folder=folder)


def test_it_asks_for_nothing_and_the_browser_says_nothing(views: list[dict[str, Any]]) -> None:
    for one in views:
        assert (one["asked"], one["said"]) == ([one["url"]], []), one


def test_nothing_keeps_anybody_from_reading_it(views: list[dict[str, Any]]) -> None:
    for one in views:
        assert one["barriers"] == [], (one["name"], one["width"], one["scheme"], one["barriers"])
        assert one["smallest"] >= 12, one


def test_it_fits_a_telephone(views: list[dict[str, Any]]) -> None:
    # Tables and the drawing scroll in boxes of their own.
    assert {one["overflow"] for one in views} == {0}


def test_it_is_dark_where_the_browser_is(views: list[dict[str, Any]]) -> None:
    for one in views:
        assert (sum(one["paper"]) < 150) is (one["scheme"] == "dark"), one


def test_it_shows_what_happened(views: list[dict[str, Any]]) -> None:
    full = [one for one in views if one["name"] == "full"]
    assert all("start 5.0 s, stop 2.0 s" in one["text"] for one in full)
    assert all("everything is up, and something differs" in one["text"] for one in full)
    assert all("two: Connection timed out" in one["text"] for one in views if one["name"] == "empty")

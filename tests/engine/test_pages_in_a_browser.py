"""The pages of the edge in a real browser: ours, and pages of a user, on a telephone and a screen, in light and dark.

The screenshots are in ``.testbed/reports/pages``.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.slipway.stack.plugins.module_utils.state.maintenance import Maintenance

from tests.contracts.checkout import ROOT
from tests.support import browser
from tests.support.real_edge import HOST, Edge, running

SCREENSHOTS = ROOT / ".testbed/reports/pages"
ROUTES: list[dict[str, Any]] = [
    {"path": "/dead/", "to": "app", "port": 9},
    {"path": "/quick/", "to": "app", "timeout": "1s"},
    {"path": "/", "to": "app"},
]
#: By name of a page: what opens it, its status, and a text on it.
OURS = {
    "502": ("/dead/", 502, "No answer"),
    "504": ("/quick/slow?pause=3", 504, "No answer in time"),
}
CLOSED = {"maintenance": ("/", 503, "Maintenance")}
#: With all that a page may need, none of which comes from elsewhere.
PAGE = """<!doctype html>
<html lang="de">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Gleich zurück</title>
<link rel="icon" href="data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg'/>">
<style>
  :root { color-scheme: light dark }
  body { font: 18px/1.5 sans-serif; margin: 2rem; background: light-dark(#fff, #111); color: light-dark(#111, #eee) }
</style>
<main>
<h1>Gleich zurück</h1>
<svg width="40" height="40" role="img" aria-label="shop"><circle cx="20" cy="20" r="18" fill="teal"/></svg>
<p>Fehler {status}, Anfrage <code style="overflow-wrap: anywhere">{request_id}</code></p>
<p id="script">ohne</p>
</main>
<script>document.querySelector('#script').textContent = 'mit Skript für $0'</script>
"""
PAGES = {"directory": {"error.html": PAGE}}
THEIRS = {"own-502": ("/dead/", 502, "mit Skript für $0"), "own-504": ("/quick/slow?pause=3", 504, "Fehler 504")}


@pytest.fixture(scope="module", autouse=True)
def _browser() -> None:
    browser.ready(SCREENSHOTS)


def _seen(edge: Edge, pages: dict[str, tuple[str, int, str]], port: int = 8080) -> list[dict[str, Any]]:
    """Open pages of an edge, and return what there was to see of each, at each width and in light and dark."""
    scheme = "http" if port == 8080 else "https"
    urls = {name: f"{scheme}://{HOST}:{port}{path}" for name, (path, _status, _text) in pages.items()}
    return browser.seen(urls, SCREENSHOTS, edge.address, edge.network)


def _hold(seen: Sequence[dict[str, Any]], pages: dict[str, tuple[str, int, str]], language: str) -> None:
    for one in seen:
        _path, status, text = pages[one["name"]]
        assert (one["status"], one["language"]) == (status, language), one
        assert text in one["text"], one
        assert one["title"]
        # Nothing from elsewhere, and nothing that the policy of the page forbids.
        assert (one["asked"], one["said"]) == ([one["url"]], []), one
        # Nothing keeps anybody from reading it.
        assert one["barriers"] == [], one
        # Nobody has to scroll sideways or to enlarge it.
        assert (one["overflow"], one["outside"]) == (0, []), one
        assert one["smallest"] >= 14, one
        assert _contrast(one["ink"], one["paper"]) >= 7, one
        assert (_luminance(one["paper"]) < 0.1) is (one["scheme"] == "dark"), one
        assert (SCREENSHOTS / f"{one['name']}-{one['width']}-{one['scheme']}.png").stat().st_size > 1000


def _luminance(color: Sequence[float]) -> float:
    """Return the relative luminance of WCAG 2, from 0 to 1."""
    linear = [part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in (c / 255 for c in color)]
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=False))


def _contrast(one: Sequence[float], other: Sequence[float]) -> float:
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_our_pages_of_errors(tmp_path: Path) -> None:
    with running("nginx", tmp_path, routes=ROUTES) as edge:
        seen = _seen(edge, OURS)
    _hold(seen, OURS, "en")


def test_our_page_of_maintenance_over_https(tmp_path: Path) -> None:
    closed = Maintenance("ada", (), 60)
    with running("nginx", tmp_path, closed=closed, tls={"source": "internal"}) as edge:
        seen = _seen(edge, CLOSED, port=8443)
    _hold(seen, CLOSED, "en")


def test_pages_of_a_user(tmp_path: Path) -> None:
    with running("nginx", tmp_path, routes=ROUTES, error_pages=PAGES) as edge:
        seen = _seen(edge, THEIRS)
    _hold(seen, THEIRS, "de")


def test_page_of_maintenance_of_a_user(tmp_path: Path) -> None:
    expected = {"own-maintenance": ("/", 503, "Fehler 503")}
    with running("nginx", tmp_path, closed=Maintenance("ada", (), 60), error_pages=PAGES) as edge:
        seen = _seen(edge, expected)
    _hold(seen, expected, "de")


def test_what_traefik_says_of_maintenance(tmp_path: Path) -> None:
    expected = {"traefik-maintenance": ("/", 503, "Service Unavailable")}
    with running("traefik", tmp_path, closed=Maintenance("ada", (), 60)) as edge:
        (one, *_more) = _seen(edge, expected)
    assert (one["status"], one["text"], one["asked"], one["said"]) == (503, "Service Unavailable", [one["url"]], [])

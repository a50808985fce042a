"""The page of a report: what is on it, and what is not."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.slipway.stack.plugins.plugin_utils.report import page_file, rollouts, topology
from ansible_collections.slipway.stack.plugins.plugin_utils.report.page import MARK, page

from tests.support import reported


def _page(results: dict[str, dict[str, Any]], requests: list[dict[str, Any]] | None = None) -> str:
    return page("shop", results, requests or [], 5, reported.BEGIN + 3600)


def _text(html: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<style>.*?</style>|<[^>]*>", " ", html, flags=re.DOTALL))


def test_it_says_what_runs_where_and_since_when() -> None:
    text = _text(_page(reported.three_hosts(), [reported.requests()]))
    for part in (
        "everything is up, and something differs from the release",
        "backend 1 of 1 healthy registry.example.com/shop/backend:1.4.0 2026-11-28T08:00:09Z",
        "backend differs somebody has stopped a container",
        "db used up its memory",
        "10.0.0.2:5432:5432 , db on data1",
        "db_password , read by backend, db",
        "2026-11-28 08:00:00: version 1.4.0 live 12.0 s, by ada@laptop",
        "1849 requests, at most 47 in a second, 3 failed",
        "service 'backend': is unhealthy".replace("'", "&#39;"),
        "Backup: newest 20261128T030000Z, 5 h old, 7.0 MiB",
        "Certificate: in use shop.example.com, until 2027-01-27T08:00:00Z, 60 days left",
        "SLP080 warning db publishes port 5432 private",
    ):
        assert part in text, part


def test_it_asks_for_nothing_and_is_well_formed() -> None:
    html = _page(reported.three_hosts(), [reported.requests()])
    assert html.splitlines()[1] == MARK
    assert not re.search(r"https?://|<script|@import|url\(", html)
    opened: list[str] = []

    class Parser(HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            if tag not in ("meta", "link", "br") and not self.get_starttag_text().endswith("/>"):  # type: ignore[union-attr]
                opened.append(tag)

        def handle_endtag(self, tag: str) -> None:
            if f"<{tag}" in ("<path", "<rect", "<circle", "<polyline"):
                return
            assert opened.pop() == tag

    Parser().feed(html)
    assert opened == []


def test_what_hosts_say_is_text_and_never_markup() -> None:
    results = reported.three_hosts()
    evil = "<img src=x onerror=alert(1)>\"'&"
    results["app1"]["status"]["services"][0]["reason"] = evil
    results["app1"]["facts"]["timelines"][0]["bars"][0]["part"] = evil
    results["app1"]["facts"]["services"][0]["image"] = evil
    results["app1"]["facts"]["version"] = evil
    results["app2"] = {"msg": evil}
    html = _page(results)
    assert "<img" not in html
    assert html.count("&lt;img src=x onerror=alert(1)&gt;") >= 4


def test_a_host_that_did_not_answer_is_named_first() -> None:
    text = _text(_page({**reported.three_hosts(), "app2": {"msg": "Connection timed out"}}))
    assert "Problem: app2 did not answer." in text
    assert "app2: Connection timed out" in text


@pytest.mark.parametrize(
    ("status", "verdict"),
    [
        ({}, "OK: everything is up, as the release says."),
        ({"release": None, "services": []}, "Problem: no release is live on one."),
        (
            {"services": [{"service": "web", "state": "down", "reason": "exited", "image": "", "since": ""}]},
            "Problem: not up: web.",
        ),
    ],
)
def test_the_first_line_is_the_state_of_everything(status: dict[str, Any], verdict: str) -> None:
    assert verdict in _text(_page({"one": reported.host([reported.service("web")], **status)}))


def test_a_host_without_a_journal() -> None:
    one = reported.host([])
    one["facts"].update(timelines=[], environment="", version="", commit="")
    one["status"].update(rollouts=[], release=None)
    text = _text(_page({"one": one}))
    assert "No rollout is recorded." in text
    assert "There is no data to save, and no HTTPS." in text


def test_hosts_of_one_rollout_share_a_chart() -> None:
    late = reported.timeline()
    late.update(start=late["start"] + 2, end=late["end"] + 8)
    (found,) = rollouts.rollouts({"a": [reported.timeline()], "b": [late]}, {}, [reported.requests()], 5)
    assert (found.seconds, found.state) == (20, "done")
    assert {row.host for row in found.rows} == {"a", "b"}
    first = next(row for row in found.rows if row.service == "backend")
    assert [(span.part, span.left, span.width) for span in first.spans] == [("start", 20.0, 25.0), ("stop", 50.0, 10.0)]
    assert (first.says, first.up) == ("start 5.0 s, stop 2.0 s", (45.0,))
    assert found.requests is not None
    assert (found.requests.left, found.requests.right) == (34.88, 81.4)


def test_the_same_release_again_is_another_rollout() -> None:
    again = reported.timeline()
    again.update(start=again["start"] + 20, end=again["end"] + 20)
    assert len(rollouts.rollouts({"a": [again, reported.timeline()]}, {}, [], 5)) == 2
    apart = reported.timeline()
    apart.update(start=apart["start"] + 3600, end=apart["end"] + 3600)
    assert len(rollouts.rollouts({"a": [reported.timeline()], "b": [apart]}, {}, [], 5)) == 2
    assert len(rollouts.rollouts({"a": [again, reported.timeline()]}, {}, [], 1)) == 1


def test_who_is_the_line_of_the_audit_that_ended_then() -> None:
    lines = [
        {"at": "2026-11-28T09:00:12Z", "release": reported.RELEASE, "owner": "later"},
        {"at": "2026-11-28T08:00:12Z", "release": reported.RELEASE, "owner": "ada"},
        {"at": "noon", "release": reported.RELEASE, "owner": "nobody"},
        {"at": "2026-11-28T08:00:12Z", "release": "other", "owner": "other"},
    ]
    (found,) = rollouts.rollouts({"a": [reported.timeline()]}, {"a": lines}, [], 5)
    assert found.owner == "ada"


def test_a_drawing_goes_from_the_edge_to_the_data() -> None:
    facts = {host: one["facts"]["services"] for host, one in reported.three_hosts().items()}
    drawing = topology.draw(facts, {"edge": "up", "backend": "down", "db": "up"})
    assert [(box.name, box.state) for box in sorted(drawing.boxes, key=lambda box: box.x)] == [
        ("edge", "up"),
        ("backend", "down"),
        ("db", "up"),
    ]
    assert drawing.sentences == ("edge needs backend", "backend needs db")
    assert len(drawing.lines) == 2
    assert max(box.x + topology.BOX_WIDTH for box in drawing.boxes) <= drawing.width


def test_services_in_a_circle_have_places() -> None:
    services = [reported.service("a", needs=["b"]), reported.service("b", needs=["a"]), reported.service("c")]
    assert {box.name for box in topology.draw({"one": services}, {}).boxes} == {"a", "b", "c"}
    assert topology.draw({"one": []}, {}).boxes == ()


def test_long_names_stay_in_their_box() -> None:
    long = reported.service("n" * 60, image="registry.example.com/a/" + "i" * 80 + ":1", volumes=["v" * 80])
    (box,) = topology.draw({"one": [long]}, {}).boxes
    assert all(len(text) <= 32 for text in box.lines)
    assert len(box.name) <= 24


def test_a_file_of_somebody_else_is_not_replaced(tmp_path: Path) -> None:
    other, ours = tmp_path / "index.html", tmp_path / "report.html"
    other.write_text("<!doctype html>\n<h1>The shop</h1>\n")
    with pytest.raises(ValueError, match=r"index\.html is there and no report; name another file"):
        page_file.write(other, "new")
    page_file.write(ours, f"<!doctype html>\n{MARK}\nold")
    page_file.write(ours, f"<!doctype html>\n{MARK}\nnew")
    assert ours.read_text().endswith("new")
    assert other.read_text().endswith("The shop</h1>\n")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["index.html", "report.html"]


def test_a_link_a_directory_and_a_missing_one(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    for name in ("link", "."):
        with pytest.raises(ValueError, match="is no regular file"):
            page_file.write(tmp_path / name, "new")
    with pytest.raises(ValueError, match="cannot be written: No such file or directory"):
        page_file.write(tmp_path / "gone" / "report.html", "new")

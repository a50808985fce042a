"""Log lines of several hosts and services for a person."""

from __future__ import annotations

from typing import Any

from ansible_collections.slipway.stack.plugins.plugin_utils.controller import log_lines


def _line(at: str, service: str, text: str) -> dict[str, str]:
    return {"at": f"2026-11-21T10:00:{at}456789Z", "service": service, "container": "c", "text": text}


APP1: dict[str, Any] = {
    "lines": [_line("01.123", "web", "one"), _line("03.123", "worker", "three")],
    "notes": ["only the newest 2 lines are shown"],
    "known": ["web", "worker"],
}
APP2: dict[str, Any] = {"lines": [_line("02.123", "db", "")], "notes": [], "known": ["db"]}


def _plain(text: str, _colour: str) -> str:
    return text


def test_lines_of_several_hosts_are_by_time_with_the_name_of_the_host() -> None:
    assert log_lines.merged({"app1": APP1, "app2": APP2, "app3": {}}, _plain) == [
        "2026-11-21T10:00:01.123Z  app1 web     one",
        "2026-11-21T10:00:02.123Z  app2 db",
        "2026-11-21T10:00:03.123Z  app1 worker  three",
        "app1: only the newest 2 lines are shown",
    ]


def test_one_host_needs_no_name() -> None:
    assert log_lines.merged({"app1": APP1}, _plain)[0] == "2026-11-21T10:00:01.123Z  web     one"
    assert log_lines.merged({"app1": {"failed": True}}, _plain) == []


def test_followed_lines_are_aligned_with_services_that_say_something_later() -> None:
    only_web = {**APP1, "lines": APP1["lines"][:1]}
    assert log_lines.followed("app1", only_web, True, _plain)[0] == "2026-11-21T10:00:01.123Z  app1 web     one"
    assert log_lines.followed("app1", only_web, False, _plain)[0] == "2026-11-21T10:00:01.123Z  web     one"


def test_a_service_has_one_colour() -> None:
    painted: list[str] = []
    log_lines.merged(
        {"app1": {**APP1, "lines": APP1["lines"] * 2}}, lambda text, colour: painted.append(colour) or text
    )
    assert (painted[0], painted[2]) == (painted[1], painted[3])
    assert painted[0] != painted[2]

"""What all hosts have answered, as one document."""

from __future__ import annotations

import json
from typing import Any

from ansible_collections.slipway.stack.plugins.plugin_utils.controller import documents

STATUS: dict[str, Any] = {
    "changed": False,
    "invocation": {"module_args": {}},
    "_ansible_no_log": False,
    "release": "r1",
    "services": [{"service": "web", "state": "down", "reason": "exit | 1", "image": "web:1", "since": "now"}],
    "damage": [],
    "under_way": None,
    "drained": "",
    "stopped": "",
    "away": [],
    "maintenance": None,
    "drift": [{"service": "web", "reason": "1 of 2 up"}],
    "incidents": [],
    "rollouts": [],
}
ENTRY = {
    "at": "2026-11-02T10:00:00Z",
    "what": "deploy",
    "version": "1.4.2",
    "commit": "0123456789abcdef",
    "owner": "ada@laptop",
    "seconds": 16.9,
    "outcome": "failed",
    "reason": "service 'web': exit 1",
}


def test_json_has_every_host_and_nothing_of_ansible() -> None:
    text = documents.as_json("shop", {"app1": STATUS, "app2": {}, "app3": {"failed": True, "msg": "no stack"}})
    document = json.loads(text)
    assert document["stack"] == "shop"
    assert list(document["hosts"]) == ["app1", "app2", "app3"]
    assert set(document["hosts"]["app1"]) == {*STATUS, "failed"} - {"changed", "invocation", "_ansible_no_log"}
    assert document["hosts"]["app1"]["failed"] is False
    assert document["hosts"]["app2"] == {"failed": True, "msg": "the host did not answer"}
    assert document["hosts"]["app3"] == {"failed": True, "msg": "no stack"}
    # So that a script can cut it out of the output of ansible-playbook.
    assert (text.split("\n")[0], text.split("\n")[-1]) == ("{", "}")


def test_markdown_has_a_table_for_each_host() -> None:
    lines = documents.status_markdown("shop", {"app1": STATUS, "app2": {}}).split("\n")
    assert lines == [
        "### Status of shop",
        "",
        "**app1**",
        "",
        "Release r1",
        "",
        "| state | service | reason | image | since |",
        "|---|---|---|---|---|",
        "| **down** | web | exit \\| 1 | web:1 | now |",
        "",
        "- differs from the release: web: 1 of 2 up",
        "",
        "**app2**",
        "",
        "the host did not answer",
    ]


def test_markdown_says_everything_that_is_wrong() -> None:
    closed = {"owner": "ada", "since": 0, "allow": [], "retry_after": 300, "complete": True}
    wrong = {
        "damage": ["state/x is empty"],
        "under_way": "ada deploys",
        "drained": "since ten",
        "away": ["app2 is drained"],
        "maintenance": closed,
        "incidents": [{"service": "web", "reason": "restarted"}],
        "rollouts": [{"outcome": "failed", "reason": "exit 1"}],
    }
    lines = documents.status_markdown("shop", {"app1": {**STATUS, **wrong}}).split("\n")
    assert [line for line in lines if line.startswith("- ")] == [
        "- damaged: state/x is empty",
        "- under way: ada deploys",
        "- drained: since ten",
        "- drained: app2 is drained",
        "- maintenance: the edge is closed since 1970-01-01T00:00:00Z by ada",
        "- differs from the release: web: 1 of 2 up",
        "- since the release went live: web: restarted",
        "- the last rollout failed: exit 1",
    ]


def test_what_an_application_says_stays_in_its_cell() -> None:
    service = {**STATUS["services"][0], "reason": "a\nb | `c` <img src=x>"}
    text = documents.status_markdown("shop", {"app1": {**STATUS, "services": [service]}})
    assert "| a b \\| \\`c\\` &lt;img src=x> |" in text


def test_the_history_is_a_table_with_the_reason_of_a_failure() -> None:
    ok = {**ENTRY, "outcome": "ok", "reason": "", "commit": ""}
    assert documents.history_lines("app1", {"entries": [ENTRY, ok]}) == [
        "history on app1:",
        "  2026-11-02T10:00:00Z  deploy  1.4.2  0123456789ab  ada@laptop  16.9 s  failed: service 'web': exit 1",
        "  2026-11-02T10:00:00Z  deploy  1.4.2  -             ada@laptop  16.9 s  ok",
    ]
    assert documents.history_lines("app1", {"entries": []})[1:] == ["  nothing was rolled out yet"]
    lines = documents.history_markdown("shop", {"app1": {"entries": [ok]}}).split("\n")
    assert lines[-1] == "| 2026-11-02T10:00:00Z | deploy | 1.4.2 | - | ada@laptop | 16.9 | ok |"

"""Lines for a person: on standard output, unless a program reads that."""

from __future__ import annotations

import pytest
from ansible import constants
from ansible_collections.slipway.stack.plugins.plugin_utils.controller import terminal


@pytest.mark.parametrize(
    ("callback", "for_programs"),
    [
        ("default", False),
        ("ansible.builtin.default", False),
        ("community.general.yaml", False),
        ("json", True),
        ("ansible.posix.json", True),
        ("ansible.posix.jsonl", True),
        ("example.tools.ci_json", True),
    ],
)
def test_a_callback_for_programs_has_standard_output_for_itself(
    callback: str, for_programs: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(constants, "DEFAULT_STDOUT_CALLBACK", callback)
    terminal.show("a line")
    captured = capsys.readouterr()
    assert ((captured.err if for_programs else captured.out).strip(), terminal.is_for_programs()) == (
        "a line",
        for_programs,
    )
    assert not (captured.out if for_programs else captured.err)

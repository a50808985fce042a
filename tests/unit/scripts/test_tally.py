"""What the tally of a run says about its reports."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from scripts import tally

REPORT = """<testsuites><testsuite name="pytest">
<testcase classname="tests.test_edge" name="test_answers" />
<testcase classname="tests.test_edge" name="test_waits">
<failure message="assert 3 &lt; 2&#10;the edge waited">the whole text</failure></testcase>
<testcase classname="tests.test_edge" name="test_long"><skipped message="long" /></testcase>
</testsuite></testsuites>"""


def test_a_failed_test_is_listed_with_its_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "edge.xml").write_text(REPORT)
    monkeypatch.setattr(sys, "argv", ["tally", str(tmp_path), "--seconds", "7"])
    tally.main()
    assert capsys.readouterr().out.splitlines() == [
        "FAILED edge: tests.test_edge::test_waits",
        "  assert 3 < 2",
        "  the edge waited",
        "===== 1 failed, 1 passed, 1 skipped in 7s =====",
    ]


def test_a_step_that_failed_without_a_test_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["tally", str(tmp_path), "--seconds", "7", "--failed-step", "lint"])
    tally.main()
    assert capsys.readouterr().out.splitlines() == ["===== 1 error in 7s ====="]

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from testbed import shell


@pytest.fixture(autouse=True)
def _own_state(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(shell, "ROOT", tmp_path)
    monkeypatch.setattr(shell, "STATE", tmp_path / ".testbed")


def test_output_goes_to_the_log_of_the_step(capfd: pytest.CaptureFixture[str]) -> None:
    shell.run("trial", [sys.executable, "-c", "print('built')"])
    assert "built" in shell.log_path("trial").read_text()
    assert capfd.readouterr().out == ""


def test_failure_shows_the_output_of_this_command_only(capfd: pytest.CaptureFixture[str]) -> None:
    shell.run("trial", [sys.executable, "-c", "print('earlier')"])
    with pytest.raises(shell.StepError, match=r"trial: .* ended with code 3; its output is in \.testbed/log/trial"):
        shell.run("trial", [sys.executable, "-c", "import sys; print('broken'); sys.exit(3)"])
    shown = capfd.readouterr().out
    assert "broken" in shown
    assert "earlier" not in shown


def test_missing_command_is_named() -> None:
    with pytest.raises(shell.StepError, match="trial: the command no-such-command is not installed"):
        shell.run("trial", ["no-such-command"])


def test_answer_is_none_on_failure_and_stripped_otherwise() -> None:
    assert shell.answer([sys.executable, "-c", "print(' yes ')"]) == "yes"
    assert shell.answer([sys.executable, "-c", "raise SystemExit(1)"]) is None
    assert shell.answer(["no-such-command"]) is None


def test_standard_input_comes_from_a_file(tmp_path: Path) -> None:
    key = tmp_path / "key"
    key.write_text("public key\n")
    shell.run("trial", [sys.executable, "-c", "import sys; print(sys.stdin.read())"], stdin=key)
    assert "public key" in shell.log_path("trial").read_text()

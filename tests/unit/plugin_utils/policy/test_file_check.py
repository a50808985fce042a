"""The files, profiles and variables of a check are those that Compose would use."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.slipway.stack.plugins.plugin_utils.compose_reader import reading
from ansible_collections.slipway.stack.plugins.plugin_utils.policy import cli, file_check
from ansible_collections.slipway.stack.plugins.plugin_utils.policy.file_check import Options

from tests.support.errors import error_of

DAY = "2026-11-21"
BASE = "services: {web: {image: 'a:1'}, tool: {image: 'b:1', profiles: [tools]}}"
MORE = "services: {more: {image: 'c:1'}}"


def _names(folder: Path, monkeypatch: pytest.MonkeyPatch, dotenv: str, **options: object) -> list[str]:
    """Return the services that are checked in a directory without naming a file."""
    for name, text in {"compose.yaml": BASE, "one.yml": BASE, "deploy/two.yml": MORE, ".env": dotenv}.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    monkeypatch.chdir(folder)
    found = file_check.check(Options(**options), DAY)  # type: ignore[arg-type]
    return sorted({finding.service for finding in found.findings if finding.rule == "SLP001"})


@pytest.mark.parametrize(
    ("dotenv", "expected"),
    [
        ("", ["tool", "web"]),
        ("COMPOSE_FILE=one.yml\n", ["tool", "web"]),
        ("COMPOSE_FILE=deploy/two.yml\n", ["more"]),
        ("COMPOSE_FILE=one.yml:deploy/two.yml\n", ["more", "tool", "web"]),
        ("COMPOSE_PATH_SEPARATOR=;\nCOMPOSE_FILE='one.yml;deploy/two.yml'\n", ["more", "tool", "web"]),
        ("COMPOSE_FILE=\n", ["tool", "web"]),
        ("COMPOSE_PROFILES=tools\n", ["tool", "web"]),
        ("COMPOSE_PROFILES=other,more\n", ["web"]),
        ("COMPOSE_PROFILES=\n", ["tool", "web"]),
    ],
)
def test_dotenv_says_which_files_and_profiles_are_checked(
    dotenv: str, expected: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert _names(tmp_path, monkeypatch, dotenv) == expected


def test_options_take_precedence_over_dotenv(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    dotenv = "COMPOSE_FILE=deploy/two.yml\nCOMPOSE_PROFILES=other\n"
    assert _names(tmp_path, monkeypatch, dotenv, files=[Path("one.yml")], profiles=["tools"]) == ["tool", "web"]


def test_a_missing_file_of_dotenv_is_named(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("COMPOSE_FILE=none.yml", encoding="utf-8")
    message = error_of(reading.default_files, tmp_path)
    assert message == f"{tmp_path}/.env: COMPOSE_FILE names {tmp_path}/none.yml, which does not exist"


@pytest.mark.parametrize(
    ("exported", "expected"),
    [
        ({}, ""),
        ({"TAG": "1"}, ""),
        ({"TAG": "2"}, "TAG is exported with another value than in .env"),
        ({"TAG": "2", "UNUSED": "2"}, "TAG is exported"),
        ({"UNUSED": "2"}, ""),
        ({"TAG": "2", "NAME": ""}, "TAG, NAME are exported with other values"),
        ({"COMPOSE_PROJECT_NAME": "b"}, "COMPOSE_PROJECT_NAME is exported"),
    ],
)
def test_an_exported_variable_that_differs_from_dotenv_is_noted(
    exported: dict[str, str], expected: str, tmp_path: Path
) -> None:
    path = tmp_path / "compose.yaml"
    path.write_text("services: {web: {image: 'a:${TAG}', environment: [\"N=$NAME\"]}}", encoding="utf-8")
    path.with_name(".env").write_text("TAG=1\nNAME=hunter2\nUNUSED=1\nCOMPOSE_PROJECT_NAME=a\n", encoding="utf-8")
    notes = file_check.check(Options(files=[path], exported=exported), DAY).notes
    assert len(notes) == bool(expected)
    assert all(note.startswith(expected) and "hunter2" not in note for note in notes)


def test_the_command_looks_at_what_is_exported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "compose.yaml").write_text("services: {web: {image: 'a:${TAG}'}}", encoding="utf-8")
    (tmp_path / ".env").write_text("TAG=1\n", encoding="utf-8")
    monkeypatch.setenv("TAG", "2")
    cli.main([str(tmp_path / "compose.yaml")])
    output = capsys.readouterr().out
    assert "note: TAG is exported with another value than in .env" in output
    assert "'a:1'" in output


@pytest.mark.parametrize("text", ["services: {}", "networks: {a: }", "services: {web: {image: 'a:1', profiles: [p]}}"])
def test_files_without_a_service_are_no_success(text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "compose.yaml").write_text(text, encoding="utf-8")
    (tmp_path / "other.yaml").write_text("services: {web: {image: 'a:1'}}", encoding="utf-8")
    assert cli.main(["--profile", "x", str(tmp_path / "compose.yaml")]) == 2
    assert "the files have no service whose profile is active, so nothing was checked" in capsys.readouterr().err
    assert cli.main(["--level", "off", "--each", str(tmp_path / "compose.yaml"), str(tmp_path / "other.yaml")]) == 0

from __future__ import annotations

from typing import Any

import pytest

from testbed import images, langflow, shell


@pytest.fixture
def commands(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    recorded: list[list[str]] = []

    def run(_step: str, argv: list[str], **_: Any) -> None:
        recorded.append(argv)

    monkeypatch.setattr(shell, "run", run)
    monkeypatch.setattr(images, "image_id", lambda reference: "sha256:1" if reference == "langflow:real" else None)
    return recorded


def test_a_local_image_is_pushed_unchanged(commands: list[list[str]]) -> None:
    langflow.ensure("langflow:real")
    assert commands == [
        ["docker", "tag", "langflow:real", langflow.REFERENCE],
        ["docker", "push", langflow.REFERENCE],
    ]


def test_a_stand_in_is_built_without_an_image(commands: list[list[str]]) -> None:
    langflow.ensure()
    assert [argv[:3] for argv in commands] == [["docker", "buildx", "build"], ["docker", "push", langflow.REFERENCE]]
    assert f"--tag={langflow.REFERENCE}" in commands[0]


def test_a_missing_image_is_named(commands: list[list[str]]) -> None:
    with pytest.raises(shell.StepError, match="langflow: this engine has no image langflow:else; pull it"):
        langflow.ensure("langflow:else")
    assert commands == []

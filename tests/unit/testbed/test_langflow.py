from __future__ import annotations

from typing import Any

import pytest

from testbed import images, langflow, shell


@pytest.fixture
def commands(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    made: list[list[str]] = []

    def run(_step: str, argv: list[str], **_: Any) -> None:
        made.append(argv)

    monkeypatch.setattr(shell, "run", run)
    monkeypatch.setattr(images, "image_id", lambda reference: "sha256:1" if reference == "langflow:real" else None)
    return made


def test_an_image_that_is_there_is_pushed_as_it_is(commands: list[list[str]]) -> None:
    langflow.ensure("langflow:real")
    assert commands == [
        ["docker", "tag", "langflow:real", langflow.REFERENCE],
        ["docker", "push", langflow.REFERENCE],
    ]


def test_without_one_a_stand_in_is_built(commands: list[list[str]]) -> None:
    langflow.ensure()
    assert [argv[:3] for argv in commands] == [["docker", "buildx", "build"], ["docker", "push", langflow.REFERENCE]]
    assert f"--tag={langflow.REFERENCE}" in commands[0]


def test_one_that_is_not_there_is_named(commands: list[list[str]]) -> None:
    with pytest.raises(shell.StepError, match="langflow: this engine has no image langflow:else; pull it"):
        langflow.ensure("langflow:else")
    assert commands == []

"""Fixtures for tests of code on the host."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.fake_engine import Answer, engine


@pytest.fixture(autouse=True)
def no_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the tests away from the engine of this machine: one that a test forgot to replace does not answer."""
    monkeypatch.setenv("DOCKER_HOST", "unix:///nonexistent/docker.sock")


@pytest.fixture
def answer(no_engine: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Answer]:
    """Start a fake engine that gives the answers of the test."""
    # The path of a socket has at most 108 bytes. Directories of pytest have longer paths.
    with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as running:
        socket = Path(folder) / "s"
        monkeypatch.setenv("DOCKER_HOST", f"unix://{socket}")
        yield lambda answers: running.enter_context(engine(socket, answers))

"""Fixtures for tests of code on the host."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.fake_engine import Answer, engine


@pytest.fixture
def answer(monkeypatch: pytest.MonkeyPatch) -> Iterator[Answer]:
    """Start a fake engine that gives the answers of the test."""
    # The path of a socket has at most 108 bytes. Directories of pytest have longer paths.
    with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as running:
        socket = Path(folder) / "s"
        monkeypatch.setenv("DOCKER_HOST", f"unix://{socket}")
        yield lambda answers: running.enter_context(engine(socket, answers))

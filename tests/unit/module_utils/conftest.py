"""An engine that answers with what a test gives it."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.fake_engine import Answer, engine


@pytest.fixture
def answer(monkeypatch: pytest.MonkeyPatch) -> Iterator[Answer]:
    """Have an engine answer with what the test gives."""
    # The path of a socket may have 108 bytes; those of pytest's folders are longer.
    with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as running:
        socket = Path(folder) / "s"
        monkeypatch.setenv("DOCKER_HOST", f"unix://{socket}")
        yield lambda answers: running.enter_context(engine(socket, answers))

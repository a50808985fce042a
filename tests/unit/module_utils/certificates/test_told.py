"""The timer of the certificate tells that it was renewed, or why it was not."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.slipway.stack.plugins.module_utils.certificates import program
from ansible_collections.slipway.stack.plugins.module_utils.state import events
from ansible_collections.slipway.stack.plugins.module_utils.state.journal import RolloutFailed
from ansible_collections.slipway.stack.plugins.module_utils.state.layout import Home


@pytest.mark.parametrize(
    ("in_use", "error", "code", "said"),
    [
        (["one", "one"], "", 0, []),
        (["one", "two"], "", 0, [("certificate_renewed", "")]),
        (["one"], "the authority does not answer", 1, [("certificate_failed", "the authority does not answer")]),
    ],
)
def test_a_renewal(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    in_use: list[str],
    error: str,
    code: int,
    said: list[tuple[str, str]],
) -> None:
    home = Home(str(tmp_path))
    home.make_directories()
    home.events.mkdir()

    def renew(*_: object) -> None:
        if error:
            raise RolloutFailed(error)

    monkeypatch.setattr(program.certificate_files, "current", lambda _home: in_use.pop(0))
    monkeypatch.setattr(program.work, "renew_live", renew)
    assert program.main([str(home.path), "renew"]) == code
    assert [(one.event, one.reason) for one in events.take(home)] == said

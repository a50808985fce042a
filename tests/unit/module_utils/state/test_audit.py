"""The audit log, also after a full disk or a power cut."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.slipway.stack.plugins.module_utils.state import audit
from ansible_collections.slipway.stack.plugins.module_utils.state.layout import Home
from ansible_collections.slipway.stack.plugins.module_utils.state.transaction import Transaction

MANIFEST = {"version": "1.4.2", "commit": "0123456789ab", "services": {"web": {"pinned": "app@sha256:1"}}}


@pytest.fixture
def home(tmp_path: Path) -> Home:
    (tmp_path / "state").mkdir()
    return Home(str(tmp_path))


def _write(home: Home, release: str) -> None:
    audit.write(home, MANIFEST, Transaction(release, None, "ada@laptop"), "ok", 1.23)


def _releases(home: Home, limit: int = 0) -> list[str]:
    return [line["release"] for line in audit.read(home, limit)]


def test_lines_are_read_oldest_first(home: Home) -> None:
    assert audit.read(home) == []
    for release in ("r1", "r2", "r3"):
        _write(home, release)
    assert (_releases(home), _releases(home, 2)) == (["r1", "r2", "r3"], ["r2", "r3"])


@pytest.mark.parametrize("incomplete", [b'{"release": "r2", "outc', b"\0\0\0\0", b'{"release": "Gr\xc3', b"17"])
def test_an_incomplete_line_affects_no_other_line(home: Home, incomplete: bytes) -> None:
    _write(home, "r1")
    with open(home.audit, "ab") as stream:
        stream.write(incomplete)
    assert _releases(home) == ["r1"]
    _write(home, "r3")
    assert (_releases(home), _releases(home, 1)) == (["r1", "r3"], ["r3"])


def test_a_line_says_what_was_restarted(home: Home) -> None:
    audit.write(home, MANIFEST, Transaction("r1", "r1", "ada@laptop", restart=["web", "worker"]), "ok", 1.23)
    _write(home, "r2")
    assert [line["for"] for line in audit.read(home)] == ["restart of web, worker", ""]

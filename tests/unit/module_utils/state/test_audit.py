"""The record of rollouts, on a disk that was full or a host that lost its power."""

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


def _releases(home: Home, last: int = 0) -> list[str]:
    return [line["release"] for line in audit.read(home, last)]


def test_what_was_written_is_read_oldest_first(home: Home) -> None:
    assert audit.read(home) == []
    for release in ("r1", "r2", "r3"):
        _write(home, release)
    assert (_releases(home), _releases(home, 2)) == (["r1", "r2", "r3"], ["r2", "r3"])


@pytest.mark.parametrize("torn", [b'{"release": "r2", "outc', b"\0\0\0\0", b'{"release": "Gr\xc3', b"17"])
def test_a_torn_line_costs_no_other_line(home: Home, torn: bytes) -> None:
    _write(home, "r1")
    with open(home.audit, "ab") as stream:
        stream.write(torn)
    assert _releases(home) == ["r1"]
    _write(home, "r3")
    assert (_releases(home), _releases(home, 1)) == (["r1", "r3"], ["r3"])

"""A stack's directory with backups in it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.slipway.stack.plugins.module_utils.backup import catalog
from ansible_collections.slipway.stack.plugins.module_utils.state import state_file
from ansible_collections.slipway.stack.plugins.module_utils.state.layout import Home

#: A backup with one archive of three bytes.
ARCHIVE: dict[str, Any] = {
    "service": "db",
    "sort": "stream",
    "name": "database",
    "item": "shop",
    "file": "db/0000.zst",
    "size": 3,
    "sha256": "0" * 64,
    "facts": {},
    "about": {},
}


@pytest.fixture
def home(tmp_path: Path) -> Home:
    (tmp_path / "state").mkdir()
    return Home(str(tmp_path))


@pytest.fixture
def backed_up(home: Home) -> Callable[..., Path]:
    """Return a function that writes a backup with an id, and returns its directory. Keys change its manifest."""

    def write(backup_id: str, **changes: Any) -> Path:
        folder = catalog.begin(home, backup_id)
        (folder / "db").mkdir()
        (folder / "db/0000.zst").write_bytes(b"abc")
        manifest = {
            "format": state_file.FORMAT,
            "id": backup_id,
            "stack": "shop",
            "environment": "production",
            "release": "r1",
            "owner": "ada",
            "seconds": 1.5,
            "archives": [ARCHIVE],
            **changes,
        }
        (folder / "manifest.json").write_text(json.dumps(manifest))
        return catalog.complete(home, folder)

    return write

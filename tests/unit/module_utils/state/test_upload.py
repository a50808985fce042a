"""The lock of an upload."""

from __future__ import annotations

from pathlib import Path

from ansible_collections.slipway.stack.plugins.module_utils.state import upload
from ansible_collections.slipway.stack.plugins.module_utils.state.layout import Home


def test_one_process_at_a_time_has_the_lock(tmp_path: Path) -> None:
    home = Home(str(tmp_path / "shop"))
    with upload.lock(home) as first, upload.lock(home, 0.1) as second:
        assert (first, second) == (True, False)
    with upload.lock(home, 0.0) as again:
        assert again

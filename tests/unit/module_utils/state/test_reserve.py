"""Space that a rollout reserves."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.slipway.stack.plugins.module_utils.state import reserve


def test_the_space_is_on_the_disk_until_it_is_released(tmp_path: Path) -> None:
    path = tmp_path / "reserve"
    for _ in range(2):
        reserve.hold(path)
        assert path.stat().st_blocks * 512 >= reserve.SIZE
    assert path.stat().st_mode & 0o777 == 0o600
    for _ in range(2):
        reserve.release(path)
        assert not path.exists()


def test_a_disk_without_the_space_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_arguments: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.posix_fallocate", full)
    with pytest.raises(OSError, match="No space left"):
        reserve.hold(tmp_path / "reserve")

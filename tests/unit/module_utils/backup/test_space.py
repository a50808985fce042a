"""Too little space on a disk is said before anything is written."""

from __future__ import annotations

import shutil
from collections import namedtuple
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.slipway.stack.plugins.module_utils.backup import space, streams
from ansible_collections.slipway.stack.plugins.module_utils.backup.pipeline import StreamError
from ansible_collections.slipway.stack.plugins.module_utils.engine import docker
from ansible_collections.slipway.stack.plugins.module_utils.state.journal import RolloutFailed

MIB = 1024**2
_Usage = namedtuple("_Usage", ["total", "used", "free"])


@pytest.fixture
def free(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Return a function that sets how many MiB are free on every disk."""

    def set_free(mib: int) -> None:
        monkeypatch.setattr(shutil, "disk_usage", lambda _path: _Usage(0, 0, mib * MIB))

    return set_free


def test_a_backup_may_be_a_quarter_larger_than_the_last_one(free: Callable[[int], None], tmp_path: Path) -> None:
    free(256 + 125)
    space.check_for_backup(tmp_path, 100 * MIB)
    free(256 + 124)
    with pytest.raises(RolloutFailed) as error:
        space.check_for_backup(tmp_path, 100 * MIB)
    assert str(error.value) == (
        f"the disk of {tmp_path} needs about 381 MiB for another backup, and 380 MiB are free; remove data there, or "
        f"lower backup_keep"
    )


def test_restored_data_needs_the_size_of_the_original(
    free: Callable[[int], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(docker, "get", lambda _path: {"DockerRootDir": "/data/docker"})
    archives: list[dict[str, Any]] = [
        {"size": MIB, "about": {"size": str(50 * MIB)}},
        {"size": 10 * MIB, "about": {}},
        {"size": 0, "about": {"size": "a lot"}},
    ]
    free(256 + 90)
    space.check_for_restore(archives)
    free(256 + 89)
    with pytest.raises(RolloutFailed, match="the disk of /data/docker needs about 346 MiB for the restored data"):
        space.check_for_restore(archives)


def test_a_backup_is_given_up_before_the_disk_is_full(
    free: Callable[[int], None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    free(255)
    with pytest.raises(StreamError, match=f"the disk of {tmp_path} is nearly full, so the backup was given up"):
        streams.save(["head", "-c", "9999", "/dev/urandom"], tmp_path / "a.zst", 30.0)
    assert list(tmp_path.iterdir()) == []
    free(256)
    streams.save(["head", "-c", "9999", "/dev/urandom"], tmp_path / "a.zst", 30.0)

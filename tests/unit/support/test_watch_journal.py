from __future__ import annotations

import fcntl
import os
from pathlib import Path
from typing import Any

import pytest

from tests.support.watch_journal import find, holders

RECORDS: list[dict[str, Any]] = [
    {"step": "pull", "text": "1"},
    {"step": "prepare", "text": "2"},
    {"step": "prepare", "text": "3"},
    {"step": "end", "text": "4"},
]


@pytest.mark.parametrize(
    ("step", "text"), [("1", "1"), ("3", "3"), ("4", None), ("prepare", "2"), ("end", None), ("switch", None)]
)
def test_a_record_is_found_by_number_or_by_step(step: str, text: str | None) -> None:
    found = find(RECORDS, step)
    assert (found and found["text"]) == text


def test_a_reader_of_the_lease_is_not_its_holder(tmp_path: Path) -> None:
    lease = tmp_path / "lease"
    lease.touch()
    with lease.open():
        assert holders(str(lease)) == []
        with lease.open("r+") as stream:
            fcntl.flock(stream, fcntl.LOCK_EX)
            assert holders(str(lease)) == [os.getpid()]

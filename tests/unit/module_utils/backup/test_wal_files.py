"""Names of files of WAL."""

from __future__ import annotations

import pytest
from ansible_collections.slipway.stack.plugins.module_utils.backup import wal_files

_TIMELINE = "00000001"


def _name(log: int, segment: int, timeline: str = _TIMELINE) -> str:
    return f"{timeline}{log:08X}{segment:08X}"


def _names(first: int, last: int, segments: int = 256) -> list[str]:
    return [_name(*divmod(number, segments)) for number in range(first, last + 1)]


@pytest.mark.parametrize("ending", ["", ".gz", ".partial", ".gz.partial"])
def test_the_name_of_a_file(ending: str) -> None:
    assert wal_files.name(_name(1, 2) + ending) == _name(1, 2)


@pytest.mark.parametrize("file", ["00000002.history", "x", _name(1, 2) + ".tmp", _name(1, 2)[1:]])
def test_another_file_has_no_name(file: str) -> None:
    assert wal_files.name(file) == ""
    assert wal_files.before([file], _name(9, 9)) == []


@pytest.mark.parametrize("segments", [4, 64, 256, 4096])
def test_nothing_is_missing_across_logs(segments: int) -> None:
    names = _names(segments - 2, 3 * segments + 1, segments)
    assert wal_files.missing([f"{name}.gz" for name in names], names[0]) == ""


@pytest.mark.parametrize("gone", [1, 5, 255 - 250, 256 - 250, 9])
def test_a_missing_file_is_named(gone: int) -> None:
    names = _names(250, 260)
    rest = [name for name in names if name != names[gone]]
    assert wal_files.missing(rest, names[0]) == f"the files between {names[gone - 1]} and {names[gone + 1]} are missing"


def test_the_first_one_is_needed() -> None:
    names = _names(5, 9)
    assert wal_files.missing(names, _name(0, 4)) == f"{_name(0, 4)} is missing"
    assert wal_files.missing([], _name(0, 4)) == f"{_name(0, 4)} is missing"
    assert wal_files.missing(names, names[3]) == ""


def test_another_timeline_goes_on() -> None:
    names = [*_names(5, 9), _name(0, 9, "00000002"), _name(0, 10, "00000002")]
    assert wal_files.missing(names, names[0]) == ""


def test_what_is_older() -> None:
    names = _names(254, 258)
    assert wal_files.before([*names, "00000002.history"], names[3]) == names[:3]
    assert wal_files.oldest(reversed(names)) == names[0]


def test_a_log_does_not_end_before_the_highest_segment() -> None:
    names = [_name(0, 2), _name(0, 3), *(_name(1, segment) for segment in range(200))]
    assert wal_files.missing(names, names[0]) == f"the files between {names[1]} and {names[2]} are missing"

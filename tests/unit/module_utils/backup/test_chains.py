"""Chains of base backups and WAL: what is kept, and what is removed."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from ansible_collections.slipway.stack.plugins.module_utils.backup import chains
from ansible_collections.slipway.stack.plugins.module_utils.backup.chains import Base, Chain
from ansible_collections.slipway.stack.plugins.module_utils.state.journal import RolloutFailed
from ansible_collections.slipway.stack.plugins.module_utils.state.layout import Home

_USER = (os.getuid(), os.getgid())


def _wal(number: int) -> str:
    return f"0000000100000000{number:08X}"


def _base(chain: Chain, day: int, previous: int = 0) -> Base:
    chains.empty_new(chain, _USER)
    (chain.new / "base.tar.gz").write_text("")
    base = Base(_id(day), _id(previous) if previous else "", _wal(day), day * 100.0, day * 100.0 + 10, 0)
    chain.add(base)
    return base


def _id(day: int) -> str:
    return f"202601{day:02}T000000Z"


@pytest.fixture
def chain(tmp_path: Path) -> Chain:
    home = Home(str(tmp_path))
    home.make_directories()
    found = chains.begin(home, "db", _USER)
    for number in range(1, 10):
        (found.wal / f"{_wal(number)}.gz").write_text("")
    (found.wal / "00000002.history").write_text("")
    return found


def test_a_chain_is_found_again(tmp_path: Path, chain: Chain) -> None:
    base = _base(chain, 3)
    [found] = chains.of_service(Home(str(tmp_path)), "db")
    assert found.bases() == [base]
    assert found.wal.stat().st_mode & 0o777 == 0o700
    assert (tmp_path / "backups").stat().st_mode & 0o777 == 0o700


def test_what_a_killed_base_backup_has_left_is_removed(chain: Chain) -> None:
    base = _base(chain, 3)
    (chain.bases_folder / _id(4)).mkdir()
    chains.empty_new(chain, _USER)
    (chain.new / "x").write_text("")
    chains.empty_new(chain, _USER)
    assert list(chain.new.iterdir()) == []
    assert {path.name for path in chain.bases_folder.iterdir()} == {base.id, f"{base.id}.json"}


def test_a_damaged_record_is_no_base_backup(chain: Chain) -> None:
    _base(chain, 3)
    (chain.bases_folder / f"{_id(3)}.json").write_text("{")
    assert chain.bases() == []


def test_an_incremental_one_needs_those_before(chain: Chain) -> None:
    bases = [_base(chain, 1), _base(chain, 2, 1), _base(chain, 3, 2)]
    assert chain.lineage(bases[2]) == bases
    chain.remove(bases[0])
    with pytest.raises(RolloutFailed, match=re.escape(f"{_id(2)} needs {_id(1)}, which is not in")):
        chain.lineage(bases[2])


def test_a_circle_ends(chain: Chain) -> None:
    _base(chain, 1, 2)
    second = _base(chain, 2, 1)
    with pytest.raises(RolloutFailed, match="needs"):
        chain.lineage(second)


@pytest.mark.parametrize(
    ("oldest", "kept", "first_wal"),
    [
        (0.0, [1, 2, 3, 4, 5], 1),
        # The newest one before that moment stays, with those that it needs.
        (250.0, [1, 2, 3, 4, 5], 1),
        (310.0, [3, 4, 5], 3),
        (309.0, [1, 2, 3, 4, 5], 1),
        (450.0, [3, 4, 5], 3),
        (9999.0, [5], 5),
    ],
)
def test_what_is_removed(chain: Chain, oldest: float, kept: list[int], first_wal: int) -> None:
    for day, previous in ((1, 0), (2, 1), (3, 0), (4, 3), (5, 0)):
        _base(chain, day, previous)
    removed = chains.prune([chain], oldest)
    assert [base.id for base in chain.bases()] == [_id(day) for day in kept]
    assert removed == [_id(day) for day in range(1, 6) if day not in kept]
    assert chain.files() == [*(f"{_wal(number)}.gz" for number in range(first_wal, 10)), "00000002.history"]


def test_a_chain_that_nobody_needs_is_removed(tmp_path: Path, chain: Chain) -> None:
    _base(chain, 1)
    later = Chain(chain.folder.with_name("20991231T000000Z"))
    for folder in (later.bases_folder, later.wal):
        folder.mkdir(parents=True)
    assert chains.prune([chain, later], 9999.0) == []
    _base(later, 5)
    assert chains.prune([chain, later], 9999.0) == [_id(1)]
    assert chains.of_service(Home(str(tmp_path)), "db") == [later]


def test_the_last_chain_stays_before_its_first_base_backup(chain: Chain) -> None:
    assert chains.prune([chain], 9999.0) == []
    assert len(chain.files()) == 10


def test_links_in_the_directory_of_a_container_are_not_followed(tmp_path: Path, chain: Chain) -> None:
    outside = tmp_path / "outside"
    outside.write_text("mine")
    (chain.wal / f"{_wal(0)}.gz").symlink_to(outside)
    assert f"{_wal(0)}.gz" not in chain.files()
    _base(chain, 5)
    chains.prune([chain], 0.0)
    assert outside.read_text() == "mine"

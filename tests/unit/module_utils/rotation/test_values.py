"""The values of a rotation on disk, and the content of a secret file that changes behind its path."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.slipway.stack.plugins.module_utils.rotation.values import Pair, Values, generate
from ansible_collections.slipway.stack.plugins.module_utils.state.journal import RolloutFailed
from ansible_collections.slipway.stack.plugins.module_utils.state.layout import Home
from ansible_collections.slipway.stack.plugins.module_utils.state.secret_store import SecretStore

from tests.support.errors import error_of

FILE: dict[str, Any] = {
    "name": "db_password",
    "uid": 999,
    "gid": 999,
    "variable": "V",
    "parts": [{"secret": "db_password", "quote": "raw"}],
}


@pytest.fixture
def store(tmp_path: Path) -> Values:
    return Values(Home(str(tmp_path)))


def _manifest(address: str) -> dict[str, Any]:
    return {"secret_files": [FILE], "addresses": {"V": address}}


def _addresses(tmp_path: Path, value: str) -> str:
    return SecretStore(tmp_path).addresses([FILE], {"db_password": {"value": value}})["V"]


def test_values_are_there_until_they_are_forgotten(store: Values, tmp_path: Path) -> None:
    pair = Pair("old", "new")
    assert "old" not in repr(pair)
    store.begin(pair, {"V": b"content"})
    assert (store.pair(), store.original("V")) == (pair, b"content")
    assert {path.stat().st_mode & 0o777 for path in (tmp_path / "secrets/rotation").iterdir()} == {0o400}
    store.commit("key", pair, keeps_previous=True)
    assert (store.generated("key"), store.previous("key")) == ("new", "old")
    assert store.places("old", []) == []
    store.forget()
    with pytest.raises(RolloutFailed, match="restore it from a backup"):
        store.pair()
    store.end_overlap("key")
    assert store.previous("key") == ""


def test_a_changed_content_keeps_its_path_its_file_and_its_owner(store: Values, tmp_path: Path) -> None:
    address = _addresses(tmp_path, "first")
    path = tmp_path / f"secrets/999/db_password.{address}"
    with open(path, "rb") as mounted:
        store.change(FILE, address, b"a longer second one")
        assert mounted.read() == b"a longer second one"
    assert (path.stat().st_uid, path.stat().st_mode & 0o777) == (999, 0o400)
    assert store.problems(_manifest(address)) == []
    # A deploy with the new value finds the same path.
    assert _addresses(tmp_path, "a longer second one") == address
    store.change(FILE, address, b"third")
    assert path.read_bytes() == b"third"
    assert _addresses(tmp_path, "third") == address


def test_another_content_than_the_recorded_one_is_damage(store: Values, tmp_path: Path) -> None:
    address = _addresses(tmp_path, "first")
    store.change(FILE, address, b"second")
    (tmp_path / f"secrets/999/db_password.{address}").write_text("by hand")
    assert "was changed after it was written" in store.problems(_manifest(address))[0]


def test_a_content_that_comes_back_is_that_of_its_own_address(store: Values, tmp_path: Path) -> None:
    address = _addresses(tmp_path, "first")
    store.change(FILE, address, b"second")
    store.change(FILE, address, b"first")
    assert _addresses(tmp_path, "first") == address
    assert json.loads((tmp_path / "secrets/renamed.json").read_text()) == {"format": 1}


def test_a_path_that_no_release_needs_is_forgotten(store: Values, tmp_path: Path) -> None:
    address = _addresses(tmp_path, "first")
    store.change(FILE, address, b"second")
    store.prune([_manifest(address)])
    assert _addresses(tmp_path, "second") == address
    store.prune([_manifest("0" * 16)])
    assert _addresses(tmp_path, "second") != address


def test_a_damaged_record_is_named_with_what_to_do(store: Values, tmp_path: Path) -> None:
    address = _addresses(tmp_path, "first")
    (tmp_path / "secrets/renamed.json").write_text("{")
    assert "renamed.json" in error_of(_addresses, tmp_path, "first")
    assert "renamed.json" in store.problems(_manifest(address))[0]


def test_an_interrupted_change_is_no_damage(store: Values, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    address = _addresses(tmp_path, "first")
    monkeypatch.setattr(os, "fsync", lambda _file: os._exit(0))
    child = os.fork()
    if child == 0:
        store.change(FILE, address, b"second")
    os.waitpid(child, 0)
    assert store.problems(_manifest(address)) == []


def test_places_of_a_value_are_found_apart_from_expected_ones(store: Values, tmp_path: Path) -> None:
    address = _addresses(tmp_path, "first")
    assert store.places("first", []) == [f"{tmp_path}/secrets/999/db_password.{address}"]
    assert store.places("first", [FILE]) == []


def test_a_generated_value_needs_no_quoting() -> None:
    value = generate(50)
    assert (len(value), value.isalnum(), value.isascii()) == (50, True, True)
    assert generate(50) != value

"""The secret store on a real file system; owners are set, so these tests run as root, as the module does."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.slipway.stack.plugins.module_utils.state.secret_store import SecretStore

from tests.support.on_host import tree

VALUE = "correct horse"


def _file(name: str = "key", uid: int = 999, gid: int = 998, parts: list[Any] | None = None) -> dict[str, Any]:
    whole = [{"secret": name, "quote": "raw"}]
    return {"name": name, "uid": uid, "gid": gid, "variable": f"SECRET_{name.upper()}_{uid}", "parts": parts or whole}


def _given(value: str, name: str = "key") -> dict[str, Any]:
    return {name: {"value": value, "generate": None}}


def _path(home: Path, addresses: dict[str, str], name: str = "key", uid: int = 999) -> Path:
    return home / "secrets" / str(uid) / f"{name}.{addresses[f'SECRET_{name.upper()}_{uid}']}"


def _mode(path: Path) -> str:
    return oct(stat.S_IMODE(path.stat().st_mode))


def test_one_uid_and_nobody_else_reads_a_secret(tmp_path: Path) -> None:
    path = _path(tmp_path, SecretStore(tmp_path).addresses([_file()], _given(VALUE)))
    assert path.read_text() == VALUE
    assert (_mode(path), path.stat().st_uid, path.stat().st_gid) == ("0o400", 999, 998)
    for folder in (path.parent, tmp_path / "secrets"):
        assert (_mode(folder), folder.stat().st_uid) == ("0o700", 0)
    salt = tmp_path / "secrets/salt"
    assert (_mode(salt), salt.stat().st_uid) == ("0o400", 0)


def test_a_lax_umask_makes_no_difference(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        path = _path(tmp_path, SecretStore(tmp_path).addresses([_file()], _given(VALUE)))
    finally:
        os.umask(before)
    assert (_mode(path), _mode(path.parent)) == ("0o400", "0o700")


def test_a_folder_that_others_could_enter_is_closed(tmp_path: Path) -> None:
    (tmp_path / "secrets/999").mkdir(parents=True, mode=0o755)
    SecretStore(tmp_path).addresses([_file()], _given(VALUE))
    assert (_mode(tmp_path / "secrets"), _mode(tmp_path / "secrets/999")) == ("0o700", "0o700")


def test_the_same_content_keeps_its_address_and_another_has_another(tmp_path: Path) -> None:
    first, second, third = (
        SecretStore(tmp_path).addresses([_file()], _given(value)) for value in (VALUE, VALUE, "battery staple")
    )
    assert first == second
    assert first != third
    # Both are there: the old container still reads the old one.
    assert _path(tmp_path, first).read_text() == VALUE
    assert _path(tmp_path, third).read_text() == "battery staple"


def test_only_what_was_not_there_is_written(tmp_path: Path) -> None:
    store = SecretStore(tmp_path)
    store.addresses([_file(), _file(uid=10001)], _given(VALUE))
    assert store.written == ["key for uid 999", "key for uid 10001"]
    again = SecretStore(tmp_path)
    again.addresses([_file(), _file(uid=10001)], _given(VALUE))
    assert again.written == []


def test_an_address_does_not_tell_the_secret(tmp_path: Path) -> None:
    """It stands in labels, which everybody on the host can read; a weak password must not be guessed from it."""
    addresses = [SecretStore(tmp_path / home).addresses([_file()], _given("1234")) for home in ("a", "b")]
    assert addresses[0] != addresses[1]


def test_parts_are_quoted_for_their_surroundings(tmp_path: Path) -> None:
    parts = [
        'URL="x://',
        {"secret": "key", "quote": "url"},
        '"\n',
        {"secret": "key", "quote": "redis"},
        {"secret": "key", "quote": "dotenv"},
    ]
    addresses = SecretStore(tmp_path).addresses([_file(parts=parts)], _given('a"/ü'))
    assert _path(tmp_path, addresses).read_text(encoding="utf-8") == 'URL="x://a%22%2F%C3%BC"\n"a\\"/ü"a\\"/ü'


def test_a_generated_secret_is_made_once_and_kept(tmp_path: Path) -> None:
    source = {"key": {"value": None, "generate": 50}}
    addresses = SecretStore(tmp_path).addresses([_file()], source)
    made = _path(tmp_path, addresses).read_text()
    assert len(made) == 50
    assert made.isascii()
    assert made.isalnum()
    # Another length is no reason to lose the only copy of a password that a database has.
    longer = {"key": {"value": None, "generate": 60}}
    assert SecretStore(tmp_path).addresses([_file()], longer) == addresses
    assert _mode(tmp_path / "secrets/generated/key") == "0o400"
    assert SecretStore(tmp_path / "other").addresses([_file()], source) != addresses


def test_users_of_a_generated_secret_get_the_same(tmp_path: Path) -> None:
    source = {"key": {"value": None, "generate": 32}}
    addresses = SecretStore(tmp_path).addresses([_file(uid=1), _file(uid=2)], source)
    assert _path(tmp_path, addresses, uid=1).read_text() == _path(tmp_path, addresses, uid=2).read_text()


def test_a_given_value_goes_before_one_that_was_made(tmp_path: Path) -> None:
    SecretStore(tmp_path).addresses([_file()], {"key": {"value": None, "generate": 32}})
    assert _path(tmp_path, SecretStore(tmp_path).addresses([_file()], _given(VALUE))).read_text() == VALUE


def test_a_dry_store_writes_nothing(tmp_path: Path) -> None:
    store = SecretStore(tmp_path, dry=True)
    sources = {**_given(VALUE), "made": {"value": None, "generate": 32}}
    addresses = store.addresses([_file(), _file("made")], sources)
    assert sorted(addresses) == ["SECRET_KEY_999", "SECRET_MADE_999"]
    assert store.written == ["key for uid 999", "made for uid 999"]
    assert list(tmp_path.iterdir()) == []


def test_a_dry_store_knows_what_is_there(tmp_path: Path) -> None:
    sources = {**_given(VALUE), "made": {"value": None, "generate": 32}}
    files = [_file(), _file("made")]
    addresses = SecretStore(tmp_path).addresses(files, sources)
    before = tree(tmp_path)
    store = SecretStore(tmp_path, dry=True)
    assert store.addresses(files, sources) == addresses
    assert store.written == []
    assert store.addresses(files, {**sources, **_given("new")})["SECRET_KEY_999"] != addresses["SECRET_KEY_999"]
    assert tree(tmp_path) == before


def test_without_files_there_is_no_store(tmp_path: Path) -> None:
    assert SecretStore(tmp_path).addresses([], _given(VALUE)) == {}
    assert list(tmp_path.iterdir()) == []


def test_pruning_removes_what_nobody_has_and_never_what_was_made_here(tmp_path: Path) -> None:
    files = [_file(), _file(uid=5), _file("made")]
    made = {"made": {"value": None, "generate": 32}}
    old, new = (SecretStore(tmp_path).addresses(files, {**_given(value), **made}) for value in ("old", "new"))
    SecretStore(tmp_path).prune(set(new.values()) - {new["SECRET_MADE_999"]})
    assert tree(tmp_path) == [
        f"secrets/5/key.{new['SECRET_KEY_5']}",
        f"secrets/999/key.{new['SECRET_KEY_999']}",
        "secrets/generated/made",
        "secrets/salt",
    ]
    assert old["SECRET_KEY_5"] != new["SECRET_KEY_5"]


def test_pruning_where_nothing_is(tmp_path: Path) -> None:
    SecretStore(tmp_path).prune(set())
    assert list(tmp_path.iterdir()) == []


def test_a_write_that_fails_leaves_nothing_half_done(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    SecretStore(tmp_path).addresses([_file()], _given(VALUE))
    before = tree(tmp_path)

    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        SecretStore(tmp_path).addresses([_file()], _given("new"))
    assert tree(tmp_path) == before

"""The secret store on a real file system. It sets owners, so these tests run as root, as the module does."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.slipway.stack.plugins.module_utils.state.secret_store import SecretStore

from tests.support.errors import error_of
from tests.support.fake_host import tree

VALUE = "correct horse"


def _file(name: str = "key", uid: int = 999, gid: int = 998, parts: list[Any] | None = None) -> dict[str, Any]:
    value = [{"secret": name, "quote": "raw"}]
    return {"name": name, "uid": uid, "gid": gid, "variable": f"SECRET_{name.upper()}_{uid}", "parts": parts or value}


def _source(value: str, name: str = "key") -> dict[str, Any]:
    return {name: {"value": value, "generate": None}}


def _path(home: Path, addresses: dict[str, str], name: str = "key", uid: int = 999) -> Path:
    return home / "secrets" / str(uid) / f"{name}.{addresses[f'SECRET_{name.upper()}_{uid}']}"


def _mode(path: Path) -> str:
    return oct(stat.S_IMODE(path.stat().st_mode))


def test_only_one_uid_reads_a_secret(tmp_path: Path) -> None:
    path = _path(tmp_path, SecretStore(tmp_path).addresses([_file()], _source(VALUE)))
    assert path.read_text() == VALUE
    assert (_mode(path), path.stat().st_uid, path.stat().st_gid) == ("0o400", 999, 998)
    for folder in (path.parent, tmp_path / "secrets"):
        assert (_mode(folder), folder.stat().st_uid) == ("0o700", 0)
    salt = tmp_path / "secrets/salt"
    assert (_mode(salt), salt.stat().st_uid) == ("0o400", 0)


def test_the_umask_does_not_change_the_mode(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        path = _path(tmp_path, SecretStore(tmp_path).addresses([_file()], _source(VALUE)))
    finally:
        os.umask(before)
    assert (_mode(path), _mode(path.parent)) == ("0o400", "0o700")


def test_a_directory_that_others_could_enter_is_closed(tmp_path: Path) -> None:
    (tmp_path / "secrets/999").mkdir(parents=True, mode=0o755)
    SecretStore(tmp_path).addresses([_file()], _source(VALUE))
    assert (_mode(tmp_path / "secrets"), _mode(tmp_path / "secrets/999")) == ("0o700", "0o700")


def test_different_content_has_a_different_address(tmp_path: Path) -> None:
    first, second, third = (
        SecretStore(tmp_path).addresses([_file()], _source(value)) for value in (VALUE, VALUE, "battery staple")
    )
    assert first == second
    assert first != third
    # Both files exist: the old container still reads the old one.
    assert _path(tmp_path, first).read_text() == VALUE
    assert _path(tmp_path, third).read_text() == "battery staple"


def test_only_missing_files_are_written(tmp_path: Path) -> None:
    store = SecretStore(tmp_path)
    store.addresses([_file(), _file(uid=10001)], _source(VALUE))
    assert store.written == ["key for uid 999", "key for uid 10001"]
    again = SecretStore(tmp_path)
    again.addresses([_file(), _file(uid=10001)], _source(VALUE))
    assert again.written == []


def test_an_address_does_not_reveal_the_secret(tmp_path: Path) -> None:
    """Labels contain the address and everybody on the host can read them. A weak password must stay unknown."""
    addresses = [SecretStore(tmp_path / home).addresses([_file()], _source("1234")) for home in ("a", "b")]
    assert addresses[0] != addresses[1]


def test_parts_are_quoted_for_their_context(tmp_path: Path) -> None:
    parts = [
        'URL="x://',
        {"secret": "key", "quote": "url"},
        '"\n',
        {"secret": "key", "quote": "redis"},
        {"secret": "key", "quote": "dotenv"},
    ]
    addresses = SecretStore(tmp_path).addresses([_file(parts=parts)], _source('a"/ü'))
    assert _path(tmp_path, addresses).read_text(encoding="utf-8") == 'URL="x://a%22%2F%C3%BC"\n"a\\"/ü"a\\"/ü'


def test_a_secret_is_generated_once_and_kept(tmp_path: Path) -> None:
    source = {"key": {"value": None, "generate": 50}}
    addresses = SecretStore(tmp_path).addresses([_file()], source)
    generated = _path(tmp_path, addresses).read_text()
    assert len(generated) == 50
    assert generated.isascii()
    assert generated.isalnum()
    assert SecretStore(tmp_path).addresses([_file()], source) == addresses
    assert _mode(tmp_path / "secrets/generated/key") == "0o400"
    assert SecretStore(tmp_path / "other").addresses([_file()], source) != addresses


@pytest.mark.parametrize("text", ["correct horse".ljust(32, "x"), "0" * 31 + "\n", "ä" * 16])
def test_a_generated_secret_of_another_alphabet_is_refused(tmp_path: Path, text: str) -> None:
    source = {"key": {"value": None, "generate": 32}}
    SecretStore(tmp_path).addresses([_file()], source)
    path = tmp_path / "secrets/generated/key"
    path.write_text(text)
    message = error_of(SecretStore(tmp_path).addresses, [_file()], source)
    assert f"{path} has other characters than letters and digits" in message
    assert text not in message


def test_all_users_of_a_generated_secret_get_the_same_value(tmp_path: Path) -> None:
    source = {"key": {"value": None, "generate": 32}}
    addresses = SecretStore(tmp_path).addresses([_file(uid=1), _file(uid=2)], source)
    assert _path(tmp_path, addresses, uid=1).read_text() == _path(tmp_path, addresses, uid=2).read_text()


def test_a_given_value_takes_precedence_over_a_generated_one(tmp_path: Path) -> None:
    SecretStore(tmp_path).addresses([_file()], {"key": {"value": None, "generate": 32}})
    assert _path(tmp_path, SecretStore(tmp_path).addresses([_file()], _source(VALUE))).read_text() == VALUE


def test_a_dry_run_writes_nothing(tmp_path: Path) -> None:
    store = SecretStore(tmp_path, dry_run=True)
    sources = {**_source(VALUE), "made": {"value": None, "generate": 32}}
    addresses = store.addresses([_file(), _file("made")], sources)
    assert sorted(addresses) == ["SECRET_KEY_999", "SECRET_MADE_999"]
    assert store.written == ["key for uid 999", "made for uid 999"]
    assert list(tmp_path.iterdir()) == []


def test_a_dry_run_reads_existing_secrets(tmp_path: Path) -> None:
    sources = {**_source(VALUE), "made": {"value": None, "generate": 32}}
    files = [_file(), _file("made")]
    addresses = SecretStore(tmp_path).addresses(files, sources)
    before = tree(tmp_path)
    store = SecretStore(tmp_path, dry_run=True)
    assert store.addresses(files, sources) == addresses
    assert store.written == []
    assert store.addresses(files, {**sources, **_source("new")})["SECRET_KEY_999"] != addresses["SECRET_KEY_999"]
    assert tree(tmp_path) == before


def test_without_files_no_store_is_created(tmp_path: Path) -> None:
    assert SecretStore(tmp_path).addresses([], _source(VALUE)) == {}
    assert list(tmp_path.iterdir()) == []


def test_pruning_removes_unused_files_and_keeps_generated_secrets(tmp_path: Path) -> None:
    files = [_file(), _file(uid=5), _file("made")]
    made = {"made": {"value": None, "generate": 32}}
    old, new = (SecretStore(tmp_path).addresses(files, {**_source(value), **made}) for value in ("old", "new"))
    SecretStore(tmp_path).prune([{"addresses": new, "secret_files": files[:2]}])
    assert tree(tmp_path) == [
        f"secrets/5/key.{new['SECRET_KEY_5']}",
        f"secrets/999/key.{new['SECRET_KEY_999']}",
        "secrets/generated/made",
        "secrets/salt",
    ]
    assert old["SECRET_KEY_5"] != new["SECRET_KEY_5"]


def test_pruning_an_empty_home(tmp_path: Path) -> None:
    SecretStore(tmp_path).prune([])
    assert list(tmp_path.iterdir()) == []


def test_pruning_tells_files_with_the_same_content_apart_unless_a_manifest_is_too_old(tmp_path: Path) -> None:
    files = [_file(), _file("other")]
    addresses = SecretStore(tmp_path).addresses(files, {**_source(VALUE), **_source(VALUE, "other")})
    kept = {"SECRET_KEY_999": addresses["SECRET_KEY_999"]}
    paths = [_path(tmp_path, addresses, name) for name in ("key", "other")]
    SecretStore(tmp_path).prune([{"addresses": kept}])
    assert [path.exists() for path in paths] == [True, True]
    SecretStore(tmp_path).prune([{"addresses": kept, "secret_files": files}])
    assert [path.exists() for path in paths] == [True, False]


def test_a_failed_write_leaves_no_incomplete_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    SecretStore(tmp_path).addresses([_file()], _source(VALUE))
    before = tree(tmp_path)

    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        SecretStore(tmp_path).addresses([_file()], _source("new"))
    assert tree(tmp_path) == before

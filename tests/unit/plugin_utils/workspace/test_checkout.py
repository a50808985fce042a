from __future__ import annotations

import json
from pathlib import Path

import pytest
from ansible_collections.slipway.stack.plugins.plugin_utils.workspace.checkout import (
    Checkout,
    Secrets,
    digest,
    file_state,
)

STATE = ".slipway/workspace.json"


@pytest.mark.parametrize(
    ("current", "desired", "recorded", "state"),
    [
        (None, "a", None, "created"),
        (None, "a", "a", "created"),
        ("a", "a", None, "unchanged"),
        ("a", "a", "b", "unchanged"),
        ("a", "b", "a", "updated"),
        ("a", "b", None, "kept"),
        ("mine", "b", "a", "kept"),
        ("a", None, "a", "removed"),
        ("mine", None, "a", "kept"),
    ],
)
def test_the_state_follows_from_the_texts_and_the_record(
    current: str | None, desired: str | None, recorded: str | None, state: str
) -> None:
    assert file_state(current, desired, recorded and digest(recorded)) == state


def _run(root: Path, **desired: str) -> dict[str, str]:
    checkout = Checkout(root, STATE)
    files = checkout.compare(desired)
    checkout.write(files)
    return {file.path: file.state for file in files}


def test_a_changed_file_is_kept(tmp_path: Path) -> None:
    assert _run(tmp_path, a="1", b="1") == {"a": "created", "b": "created"}
    assert _run(tmp_path, a="1", b="1") == {"a": "unchanged", "b": "unchanged"}
    (tmp_path / "a").write_text("mine")
    for text in ("1", "2", "2"):
        assert _run(tmp_path, a=text, b=text)["a"] == "kept"
        assert (tmp_path / "a").read_text() == "mine"
    assert (tmp_path / "b").read_text() == "2"


def test_a_restored_file_is_updated_again(tmp_path: Path) -> None:
    _run(tmp_path, a="1")
    (tmp_path / "a").write_text("mine")
    _run(tmp_path, a="2")
    (tmp_path / "a").write_text("1")
    assert _run(tmp_path, a="2") == {"a": "updated"}


def test_an_obsolete_file_is_removed_unless_it_was_changed(tmp_path: Path) -> None:
    _run(tmp_path, a="1", b="1")
    (tmp_path / "a").write_text("mine")
    assert _run(tmp_path) == {"b": "removed"}
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == ["a"]
    assert _run(tmp_path) == {}


def test_the_record_works_for_a_second_developer(tmp_path: Path) -> None:
    _run(tmp_path, a="1")
    record = json.loads((tmp_path / STATE).read_text())
    assert record == {"files": {"a": digest("1")}}
    assert _run(tmp_path, a="2") == {"a": "updated"}


def test_missing_variables_of_an_env_file_are_listed(tmp_path: Path) -> None:
    (tmp_path / "a").write_text('# A="1"\nB="2"\n')
    file = Checkout(tmp_path, STATE).compare({"a": 'A="0"\nB="0"\nC_2="0"\n'})[0]
    assert (file.state, file.missing_variables) == ("kept", ["A", "C_2"])


def test_compare_writes_nothing(tmp_path: Path) -> None:
    Checkout(tmp_path, STATE).compare({"a": "1"})
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("text", ["{", "[]", '{"files": 1}'])
def test_an_invalid_record_is_reported(tmp_path: Path, text: str) -> None:
    (tmp_path / ".slipway").mkdir()
    (tmp_path / STATE).write_text(text)
    with pytest.raises(
        ValueError, match=r"workspace\.json is not a valid record of written files; restore or remove it$"
    ):
        Checkout(tmp_path, STATE)


def test_a_directory_at_the_path_is_reported(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    with pytest.raises(ValueError, match="a cannot be read as text"):
        Checkout(tmp_path, STATE).compare({"a": "1"})


SOURCES = {"db_password": {"value": None, "generate": 32}, "key": {"value": "given", "generate": None}}
FILES = [
    {
        "name": "db_password",
        "uid": 999,
        "gid": 999,
        "variable": "A",
        "parts": [{"secret": "db_password", "quote": "raw"}],
    },
    {"name": "key", "uid": 10001, "gid": 10001, "variable": "B", "parts": ["k=", {"secret": "key", "quote": "raw"}]},
]


def test_secrets_are_written_once_below_a_private_directory(tmp_path: Path) -> None:
    store = Secrets(tmp_path)
    store.addresses(FILES, SOURCES)
    assert store.written == ["db_password for uid 999", "key for uid 10001"]
    made = (tmp_path / "secrets/999/db_password").read_text()
    assert len(made) == 32
    assert (tmp_path / "secrets/10001/key").read_text() == "k=given"
    assert {path.stat().st_mode & 0o777 for path in (tmp_path / "secrets", tmp_path / "secrets/999")} == {0o700}
    # Any uid in a container can read it; the container mounts this file only.
    assert (tmp_path / "secrets/999/db_password").stat().st_mode & 0o777 == 0o444
    again = Secrets(tmp_path)
    again.addresses(FILES, SOURCES)
    assert again.written == []
    assert (tmp_path / "secrets/999/db_password").read_text() == made


def test_a_new_value_replaces_the_old_one(tmp_path: Path) -> None:
    Secrets(tmp_path).addresses(FILES, SOURCES)
    store = Secrets(tmp_path)
    store.addresses(FILES, {**SOURCES, "key": {"value": "other", "generate": None}})
    assert store.written == ["key for uid 10001"]
    assert (tmp_path / "secrets/10001/key").read_text() == "k=other"

"""The secrets that a host knows: of all releases on it, whole files and secrets within longer texts."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.slipway.stack.plugins.module_utils.state import audit, journal, known_secrets
from ansible_collections.slipway.stack.plugins.module_utils.state.journal import Journal
from ansible_collections.slipway.stack.plugins.module_utils.state.layout import Home
from ansible_collections.slipway.stack.plugins.module_utils.state.quoting import QUOTING
from ansible_collections.slipway.stack.plugins.module_utils.state.secret_store import SecretStore
from ansible_collections.slipway.stack.plugins.module_utils.state.transaction import Transaction

from tests.support.fake_host import write_release

VALUE = 'p@ss/"w0rd"$\\x%41'
GENERATED = {"value": None, "generate": 32}


def _file(name: str, *parts: Any) -> dict[str, Any]:
    return {"name": name, "uid": 0, "gid": 0, "variable": f"SECRET_{name.upper()}_0", "parts": list(parts)}


def _secret(name: str, quote: str = "raw") -> dict[str, str]:
    return {"secret": name, "quote": quote}


def _release(home: Home, release_id: str, files: list[dict[str, Any]], value: str = VALUE) -> None:
    sources = {"db": {"value": value, "generate": None}, "made": GENERATED}
    addresses = SecretStore(home.path).addresses(files, sources)
    write_release(home, release_id, secret_files=files, addresses=addresses)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = Home(str(tmp_path / "shop"))
    home.state.mkdir(parents=True)
    return home


@pytest.mark.parametrize("quote", QUOTING)
def test_a_secret_within_a_longer_text_is_known_without_the_text(home: Home, quote: str) -> None:
    parts = ["postgresql://app:", _secret("db", quote), "@db/app?x=", _secret("made"), "&y=1"]
    _release(home, "r1", [_file("url", *parts)])
    known = set(known_secrets.values(home))
    assert {VALUE.encode(), QUOTING[quote](VALUE).encode()} <= known
    assert (home.path / "secrets/generated/made").read_bytes() in known
    mask = known_secrets.masking(home)
    assert mask("postgresql://app: and @db/app?x= are no secrets") == "postgresql://app: and @db/app?x= are no secrets"
    assert mask(f"bad password {VALUE}") == "bad password ***"


def test_secrets_of_earlier_releases_are_known(home: Home) -> None:
    """Their containers may still run, and a rollback starts them again."""
    _release(home, "r1", [_file("db", _secret("db"))], "the-old-password")
    _release(home, "r2", [_file("db", _secret("db"))], "the-new-password")
    mask = known_secrets.masking(home)
    assert mask("the-old-password the-new-password") == "*** ***"


def test_files_of_releases_of_older_versions_are_secrets_as_a_whole(home: Home) -> None:
    SecretStore(home.path).addresses([_file("db", _secret("db"))], {"db": {"value": VALUE, "generate": None}})
    write_release(home, "r1")
    assert known_secrets.masking(home)(VALUE) == "***"


def test_what_cannot_be_read_does_not_disturb(home: Home) -> None:
    _release(home, "r1", [_file("db", _secret("db"))])
    for path, make in (("pipe", os.mkfifo), ("link", lambda path: path.symlink_to("/etc/passwd")), ("dir", Path.mkdir)):
        make(home.path / "secrets/0" / path)
    (home.release("r1") / "manifest.json").write_text("")
    assert known_secrets.masking(home)(f"{VALUE} root:x:0:0:root") == "*** root:x:0:0:root"
    assert list(known_secrets.values(Home(str(home.path / "nowhere")))) == []


def test_the_salt_is_no_secret_of_the_stack(home: Home) -> None:
    _release(home, "r1", [_file("db", _secret("db"))])
    assert (home.path / "secrets/salt").read_bytes() not in set(known_secrets.values(home))


def test_the_journal_has_no_secret_and_no_control_character(home: Home) -> None:
    _release(home, "r1", [_file("db", _secret("db"))])
    writer = Journal(home.journal, "r1", known_secrets.masking(home))
    lines = (f"  DATABASE_URL=postgresql://app:{QUOTING['url'](VALUE)}@db", "\x1b[31mboom\x07", "x" * 10_000)
    writer.write("rollout", "failed", f"service 'web': cannot log in with {VALUE}", detail=lines)
    (record,) = journal.read(home.journal, 0)[0]
    assert record["text"] == "service 'web': cannot log in with ***"
    assert record["detail"][:2] == ["  DATABASE_URL=postgresql://app:***@db", r"boom\x07"]
    assert record["detail"][2] == f"{'x' * 4000}... (6000 more characters)"
    audit.write(home, {"version": "1", "commit": "", "services": {}}, Transaction("r1", None, "ada"), "failed", 1.0, "")
    assert VALUE not in home.journal.read_text() + json.dumps(audit.read(home))

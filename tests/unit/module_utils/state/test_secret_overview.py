"""The overview of secrets on a host: which value is live, since when, and what the description would change."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.slipway.stack.plugins.module_utils.state.layout import Home, link
from ansible_collections.slipway.stack.plugins.module_utils.state.secret_overview import overview
from ansible_collections.slipway.stack.plugins.module_utils.state.secret_store import SecretStore

from tests.support.fake_host import write_release

VALUE = 'p@ss/"w0rd"$\\x%41'
GENERATED = {"value": None, "generate": 32}
URL = ["postgresql://app:", {"secret": "smtp", "quote": "url"}, "@db/", {"secret": "made", "quote": "dotenv"}]


def _file(name: str, *parts: Any) -> dict[str, Any]:
    return {"name": name, "uid": 0, "gid": 0, "variable": f"SECRET_{name.upper()}_0", "parts": list(parts)}


FILES = [_file("app_env", *URL), _file("made", {"secret": "made", "quote": "raw"})]


def _given(value: str) -> dict[str, Any]:
    return {"value": value, "generate": None}


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = Home(str(tmp_path / "shop"))
    home.make_directories()
    return home


def _states(home: Home, **sources: Any) -> dict[str, str]:
    return {one["name"]: one["state"] for one in overview(home, FILES, sources)}


def _deploy(home: Home, value: str = VALUE) -> None:
    addresses = SecretStore(home.path).addresses(FILES, {"smtp": _given(value), "made": GENERATED})
    write_release(home, "r1", secret_files=FILES, addresses=addresses)
    link(home.current, "releases/r1")


def test_before_the_first_release_every_secret_is_new(home: Home) -> None:
    assert _states(home, smtp=_given(VALUE), made=GENERATED) == {"smtp": "new", "made": "new"}
    assert not (home.path / "secrets").exists()


def test_a_live_value_is_told_from_another_one_also_within_a_longer_text(home: Home) -> None:
    _deploy(home)
    assert _states(home, smtp=_given(VALUE), made=GENERATED) == {"smtp": "live", "made": "live"}
    assert _states(home, smtp=_given("another"), made=GENERATED) == {"smtp": "differs", "made": "live"}


def test_a_lost_copy_of_a_generated_secret_is_told_from_a_new_one(home: Home) -> None:
    _deploy(home)
    (home.path / "secrets/generated/made").unlink()
    assert _states(home, smtp=_given(VALUE), made=GENERATED) == {"smtp": "live", "made": "lost"}


def test_a_secret_without_a_reader_and_one_without_a_description_are_listed(home: Home) -> None:
    _deploy(home)
    found = _states(home, smtp=_given(VALUE), spare=_given("x"))
    assert found == {"smtp": "live", "spare": "unused", "made": "left"}


def test_since_is_when_the_live_value_was_written(home: Home) -> None:
    _deploy(home)
    for path in (home.path / "secrets/0").iterdir():
        os.utime(path, (7000, 7000 if path.name.startswith("made") else 9000))
    os.utime(home.path / "secrets/generated/made", (5000, 5000))
    found = {one["name"]: one["since"] for one in overview(home, FILES, {"smtp": _given(VALUE), "made": GENERATED})}
    assert found == {"smtp": 9000, "made": 5000}


def test_no_value_is_in_the_result(home: Home) -> None:
    _deploy(home)
    made = (home.path / "secrets/generated/made").read_text()
    text = json.dumps(overview(home, FILES, {"smtp": _given("another"), "made": GENERATED}))
    assert made not in text
    assert "another" not in text
    assert json.dumps(VALUE) not in text

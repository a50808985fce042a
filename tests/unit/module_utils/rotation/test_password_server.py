"""The server of a password: which files keep their paths, and what they say meanwhile."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ansible_collections.slipway.stack.plugins.module_utils.rotation import password_server
from ansible_collections.slipway.stack.plugins.module_utils.rotation.password_server import (
    BOTH,
    NEW,
    OLD,
    PasswordServer,
)
from ansible_collections.slipway.stack.plugins.module_utils.rotation.values import Pair, Values
from ansible_collections.slipway.stack.plugins.module_utils.state.journal import RolloutFailed
from ansible_collections.slipway.stack.plugins.module_utils.state.layout import Home

PAIR = Pair("OldOld", "NewNew")
SECRET = {"secret": "store_password", "quote": "redis"}
PARTS = ["dir /data\nrequirepass ", SECRET, "\nport 6379\n"]
METHOD = {"line": "requirepass", "line_for_both": 'user default on >"CURRENT" >"OTHER"', "login": ""}


def _file(name: str, uid: int, parts: list[Any]) -> dict[str, Any]:
    return {"name": name, "uid": uid, "gid": uid, "variable": f"V_{name}_{uid}", "parts": parts}


@pytest.fixture
def store(tmp_path: Path) -> Values:
    return Values(Home(str(tmp_path)))


@pytest.fixture
def server(store: Values) -> PasswordServer:
    files = [_file("config", 999, PARTS), _file("password", 999, [SECRET]), _file("password", 5, [SECRET])]
    addresses = store.addresses(files, {"store_password": {"value": PAIR.old}})
    services = {
        "store": {"secrets": {"V_config_999": "config", "V_password_999": "password"}, "rotation": {}},
        "app": {"secrets": {"V_password_5": "password"}},
    }
    manifest = {"stack": "shop", "services": services, "secret_files": files, "addresses": addresses}
    found = PasswordServer("store", METHOD, manifest)
    own = found.files("store_password")
    store.begin(PAIR, {file["variable"]: store.content(manifest, file["variable"]) for file in own})
    return found


def test_only_the_files_of_the_server_keep_their_paths(server: PasswordServer) -> None:
    assert [file["variable"] for file in server.files("store_password")] == ["V_config_999", "V_password_999"]


@pytest.mark.parametrize(
    ("state", "line", "password"),
    [
        (OLD, 'requirepass "OldOld"', '"OldOld"'),
        (BOTH, 'user default on >"OldOld" >"NewNew"', '"OldOld"'),
        (NEW, 'requirepass "NewNew"', '"NewNew"'),
    ],
)
def test_the_files_say_what_the_server_accepts_after_a_restart(
    server: PasswordServer, store: Values, state: str, line: str, password: str
) -> None:
    # From every state, as after a rotation that was interrupted.
    for before in (OLD, BOTH, NEW):
        server.write_files(store, "store_password", PAIR, before)
        server.write_files(store, "store_password", PAIR, state)
        assert store.content(server.manifest, "V_config_999").decode() == f"dir /data\n{line}\nport 6379\n"
        assert store.content(server.manifest, "V_password_999").decode() == password
        assert store.content(server.manifest, "V_password_5") == b'"OldOld"'
        assert store.problems(server.manifest) == []


def test_the_second_role_has_a_name_that_postgres_can_have() -> None:
    assert PasswordServer("db", {"login": "shop"}, {}).second == "shop_rotation"
    assert len(PasswordServer("db", {"login": "x" * 63}, {}).second) == 63
    assert PasswordServer("db", {"login": ""}, {}).second == ""


def test_a_server_that_accepts_every_password_fails_the_rotation(
    server: PasswordServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(PasswordServer, "_run", lambda *_: None)
    monkeypatch.setattr(PasswordServer, "accepts", lambda *_: True)
    with pytest.raises(RolloutFailed, match="still accepts the password that it should refuse"):
        server.keep(PAIR.new, PAIR.old)


def test_the_server_of_a_secret_is_the_service_whose_kind_says_how() -> None:
    services = {"db": {"rotation": {"db_password": METHOD}}, "app": {}}
    found = password_server.of({"services": services}, "db_password")
    assert found is not None
    assert found.service == "db"
    assert password_server.of({"services": services}, "key") is None

"""What is rotated and what is refused, by the live release alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ansible_collections.slipway.stack.plugins.module_utils.rotation import rotating
from ansible_collections.slipway.stack.plugins.module_utils.rotation.password_server import PasswordServer
from ansible_collections.slipway.stack.plugins.module_utils.rotation.values import Pair, Values
from ansible_collections.slipway.stack.plugins.module_utils.state.journal import RolloutFailed
from ansible_collections.slipway.stack.plugins.module_utils.state.layout import Home, link
from ansible_collections.slipway.stack.plugins.module_utils.state.rotation import BEGUN, COMMITTED, ROLLED, Rotation

from tests.support.fake_host import spec, write_release

GENERATED = {"value": None, "generate": 20}
METHOD = {"login": "", "accept": "", "drop": "", "accepts": "", "before": ""}


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = Home(str(tmp_path / "shop"))
    home.make_directories()
    return home


def _file(name: str, uid: int) -> dict[str, Any]:
    parts = [{"secret": name, "quote": "raw"}]
    return {"name": name, "uid": uid, "gid": uid, "variable": f"V_{name}_{uid}", "parts": parts}


def _deploy(home: Home, sources: dict[str, Any], services: dict[str, Any]) -> None:
    files = [_file(name, uid) for name in sources for uid in (5, 999)]
    addresses = Values(home).addresses(files, sources)
    write_release(home, "r1", secret_files=files, addresses=addresses, services=services, files={})
    link(home.current, "releases/r1")


def _refusal(home: Home, secret: str, finish: bool = False) -> str:
    with pytest.raises(RolloutFailed) as caught:
        rotating.check(home, secret, finish)
    return str(caught.value)


def test_a_generated_secret_gets_a_value_of_the_same_length(home: Home) -> None:
    _deploy(home, {"key": GENERATED}, {"app": spec(secrets={"V_key_5": "key"})})
    _manifest, pair, server = rotating.check(home, "key", False)
    assert (len(pair.new), pair.old == pair.new, server) == (20, False, None)
    assert not home.rotation.exists()


def test_without_a_release_there_is_nothing_to_rotate(home: Home) -> None:
    assert "deploy first" in _refusal(home, "key")


def test_a_secret_that_nobody_reads_is_refused(home: Home) -> None:
    _deploy(home, {"key": GENERATED}, {})
    assert "no service reads a secret 'kee'; playbooks/secrets.yml lists them" in _refusal(home, "kee")


def test_a_value_of_the_inventory_is_refused_with_what_to_do(home: Home) -> None:
    services = {"app": spec(), "store": spec(rotation={"store_pw": METHOD}), "db": spec(rotation={"db_pw": METHOD})}
    _deploy(home, {name: {"value": "given"} for name in ("key", "store_pw", "db_pw")}, services)
    assert "change it at its source and deploy, which replaces the services" in _refusal(home, "key")
    assert "deploy_allow_downtime" in _refusal(home, "store_pw")
    manifest = home.manifest("r1")
    assert manifest is not None
    entry = {"volume": "v", "key": "k", "secrets": ["db_pw"], "values": {}}
    write_release(home, "r1", **{**manifest, "initial": {"db": entry}})
    assert "a deploy with another value is refused, because the data keeps the old one" in _refusal(home, "db_pw")


def test_a_value_of_the_inventory_in_place_of_an_earlier_generated_one_is_refused(home: Home) -> None:
    _deploy(home, {"key": GENERATED}, {})
    _deploy(home, {"key": {"value": "given"}}, {})
    assert "comes from the inventory" in _refusal(home, "key")


def test_a_password_in_data_of_another_kind_is_refused(home: Home) -> None:
    initial = {"volume": "v", "values": {"MYSQL_PASSWORD": {"parts": [{"secret": "key"}], "file": None}}}
    _deploy(home, {"key": GENERATED}, {"db": spec(initial=initial)})
    assert "whose kind does not say how to change it" in _refusal(home, "key")


def test_a_service_with_the_very_file_of_the_server_is_refused(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    store = spec(secrets={"V_pw_999": "pw"}, rotation={"pw": METHOD})
    once = {**spec(secrets={"V_pw_999": "pw"}), "class": "oneshot"}
    _deploy(home, {"pw": GENERATED}, {"store": store, "once": once, "app": spec(secrets={"V_pw_999": "pw"})})
    assert "service 'app' runs with the uid of 'store'" in _refusal(home, "pw")
    _deploy(home, {"pw": GENERATED}, {"store": store, "once": once, "app": spec(secrets={"V_pw_5": "pw"})})
    monkeypatch.setattr(PasswordServer, "accepts", lambda *_: True)
    assert rotating.check(home, "pw", False)[2] is not None
    monkeypatch.setattr(PasswordServer, "accepts", lambda *_: False)
    assert "somebody has changed the password there" in _refusal(home, "pw")


def test_an_overlap_that_is_none_is_refused(home: Home) -> None:
    _deploy(home, {"key": GENERATED}, {})
    assert "secret 'key' has no previous value" in _refusal(home, "key", finish=True)


def test_a_rotation_that_was_killed_before_it_removed_its_record_is_over(home: Home) -> None:
    store = Values(home)
    store.begin(Pair("old", "new"), {})
    rotations = {phase: Rotation("key", "me", "r1", phase) for phase in (BEGUN, ROLLED, COMMITTED)}
    assert [rotating.is_over(home, one) for one in rotations.values()] == [False, False, False]
    store.forget()
    assert [phase for phase, one in rotations.items() if rotating.is_over(home, one)] == [BEGUN, COMMITTED]

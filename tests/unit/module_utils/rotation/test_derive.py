"""A release with other values of secrets: contents of secret files, addresses, logins."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ansible_collections.slipway.stack.plugins.module_utils.rotation import derive
from ansible_collections.slipway.stack.plugins.module_utils.rotation.derive import Change
from ansible_collections.slipway.stack.plugins.module_utils.rotation.values import Values
from ansible_collections.slipway.stack.plugins.module_utils.state.journal import RolloutFailed
from ansible_collections.slipway.stack.plugins.module_utils.state.layout import Home, write_text
from ansible_collections.slipway.stack.plugins.module_utils.state.quoting import QUOTING

from tests.support.fake_host import spec

OLD, NEW, OTHER = "OldValue1234567890", "NewValue0987654321", 'p@ss/"w0rd"$\\x%41'


def _secret(name: str, quote: str = "raw") -> dict[str, str]:
    return {"secret": name, "quote": quote}


def _content(parts: list[Any], **values: str) -> bytes:
    texts = (part if isinstance(part, str) else QUOTING[part["quote"]](values[part["secret"]]) for part in parts)
    return "".join(texts).encode()


@pytest.mark.parametrize("quote", QUOTING)
def test_only_the_rotated_secret_changes_within_a_longer_text(quote: str) -> None:
    parts = ['A="', _secret("key", quote), '"\nB="', _secret("other", "dotenv"), '"\nC="', _secret("key", quote), '"\n']
    before = _content(parts, key=OLD, other=OTHER)
    after = derive.rewritten(before, parts, Change({"key": NEW}, {"key": OLD}))
    assert after == _content(parts, key=NEW, other=OTHER)


def test_a_previous_value_takes_the_place_of_an_empty_one() -> None:
    parts = ['A="', _secret("key", "dotenv"), '"\nB="', _secret("key_previous", "dotenv"), '"\n']
    before = _content(parts, key=OLD, key_previous="")
    after = derive.rewritten(before, parts, Change({"key": NEW, "key_previous": OLD}, {"key": OLD}))
    assert after == _content(parts, key=NEW, key_previous=OLD)


def test_a_value_that_was_not_generated_here_is_refused() -> None:
    with pytest.raises(RolloutFailed, match="comes from the inventory"):
        derive.rewritten(b"another value", [_secret("key")], Change({"key": NEW}, {"key": OLD}))


def test_a_file_of_another_form_is_refused() -> None:
    with pytest.raises(RolloutFailed, match="does not have the form"):
        derive.rewritten(f"A={OLD}\n".encode(), ["KEY=", _secret("key")], Change({"key": NEW}, {}))


@pytest.mark.parametrize(
    ("literal", "changed"),
    [
        ("postgresql://shop:", "postgresql://second:"),
        ("postgresql://myshop:", "postgresql://myshop:"),
        ("postgresql://db/shop?password=", "postgresql://db/shop?password="),
    ],
)
def test_the_second_login_is_in_a_url_before_the_password_only(literal: str, changed: str) -> None:
    parts = [literal, _secret("db_password"), "@db/shop"]
    wanted = Change({"db_password": NEW}, {"db_password": OLD}, (), "db_password", "shop", "second")
    after = derive.rewritten(_content(parts, db_password=OLD), parts, wanted)
    assert after.decode() == f"{changed}{NEW}@db/shop"


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = Home(str(tmp_path / "shop"))
    home.make_directories()
    return home


def _base(home: Home, store: Values) -> dict[str, Any]:
    files = [
        {"name": "db_password", "uid": uid, "gid": uid, "variable": f"V_{uid}", "parts": [_secret("db_password")]}
        for uid in (5, 999)
    ]
    addresses = store.addresses(files, {"db_password": {"value": OLD}})
    environment = {"POSTGRES_USER": "shop", "POSTGRES_DB": "shop", "OWN": "shop"}
    services = {
        "db": {**spec(secrets={"V_999": "db_password"}), "release": None},
        "app": {
            **spec(secrets={"V_5": "db_password"}, settings={"image": "app:1", "environment": environment}),
            "logins": {"POSTGRES_USER": "db_password"},
        },
    }
    dotenv = 'COMPOSE_PROJECT_NAME="shop"\n' + "".join(f'{name}="{one}"\n' for name, one in addresses.items())
    write_text(home.release("r1") / ".env", dotenv)
    write_text(home.release("r1") / "compose.images.yaml", "services: {}\n")
    manifest = {"release": "r1", "services": services, "addresses": addresses, "secret_files": files, "digest": "d"}
    return {**manifest, "files": {".env": "", "compose.images.yaml": ""}, "initial": {}, "owner": "you"}


def test_a_derived_release_has_other_addresses_where_a_path_may_change(home: Home) -> None:
    store = Values(home)
    base = _base(home, store)
    wanted = Change({"db_password": NEW}, {"db_password": OLD}, ["V_999"], "db_password", "shop", "second")
    manifest, texts = derive.derive(home, store, base, wanted, "r2", "me")
    assert manifest["addresses"]["V_999"] == base["addresses"]["V_999"]
    assert manifest["addresses"]["V_5"] != base["addresses"]["V_5"]
    assert f'V_5="{manifest["addresses"]["V_5"]}"' in texts[".env"]
    assert f'V_5="{base["addresses"]["V_5"]}"' not in texts[".env"]
    assert (manifest["release"], manifest["owner"], manifest["digest"]) == ("r2", "me", "d")
    assert store.content(manifest, "V_5") == NEW.encode()
    assert store.content(base, "V_5") == OLD.encode()


def test_a_service_logs_in_as_the_second_role_by_the_variables_of_its_needs(home: Home) -> None:
    store = Values(home)
    base = _base(home, store)
    wanted = Change({"db_password": NEW}, {"db_password": OLD}, ["V_999"], "db_password", "shop", "second")
    manifest, texts = derive.derive(home, store, base, wanted, "r2", "me")
    environment = manifest["services"]["app"]["settings"]["environment"]
    assert environment == {"POSTGRES_USER": "second", "POSTGRES_DB": "shop", "OWN": "shop"}
    assert '    environment: {"POSTGRES_USER": "second"}' in texts["compose.images.yaml"]
    assert manifest["services"]["db"] == base["services"]["db"]

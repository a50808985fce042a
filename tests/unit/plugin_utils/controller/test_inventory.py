from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.slipway.stack.plugins.module_utils.state.layout import write_text
from ansible_collections.slipway.stack.plugins.plugin_utils.controller import inventory

from tests.support.descriptions import example, plain
from tests.support.errors import error_of


def _arguments(services: dict[str, Any], **values: Any) -> dict[str, Any]:
    given = {"name": "shop", "environment": "production", "domain": "", "root": "/opt/stacks", "secrets": {}}
    return {**given, "probes": [], "kinds_paths": [], "services": services, **values}


def test_a_file_is_read_relative_to_the_inventory(tmp_path: Path) -> None:
    (tmp_path / "files").mkdir()
    (tmp_path / "files/app.toml").write_text("name = 'Größe'\n", encoding="utf-8")
    services = {"web": plain(files={"/etc/app.toml": {"src": "files/app.toml"}, "/etc/b": {"content": "b"}})}
    assert sorted(inventory.bundle_of(_arguments(services), tmp_path).mounted.values()) == ["b", "name = 'Größe'\n"]


def test_a_missing_file_is_reported(tmp_path: Path) -> None:
    services = {"web": plain(files={"/etc/a": {"src": "a"}})}
    assert error_of(inventory.bundle_of, _arguments(services), tmp_path) == (
        "service 'web', key 'files', file '/etc/a': a: a cannot be read: No such file or directory"
    )


def test_a_binary_file_arrives_unchanged(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"\xff\xfe")
    services = {"web": plain(files={"/etc/a": {"src": "a"}})}
    [(address, text)] = inventory.bundle_of(_arguments(services), tmp_path).mounted.items()
    assert address == f"{hashlib.sha256(bytes([0xFF, 0xFE])).hexdigest()}/a"
    write_text(tmp_path / "there", json.loads(json.dumps(text)))
    assert (tmp_path / "there").read_bytes() == b"\xff\xfe"


def test_a_directory_is_read_with_its_executable_files(tmp_path: Path) -> None:
    (tmp_path / "conf/sub").mkdir(parents=True)
    (tmp_path / "conf/a").write_text("one")
    (tmp_path / "conf/sub/run.sh").write_text("two")
    (tmp_path / "conf/sub/run.sh").chmod(0o755)
    found = inventory.bundle_of(_arguments({"web": plain(files={"/etc/conf": {"src": "conf"}})}), tmp_path)
    [first, second] = found.mounted
    assert (first.partition("/")[2], second.partition("/")[2]) == ("conf/a", "conf/sub/run.sh")
    assert found.executable == (second,)
    address = second.partition("/")[0]
    assert f"/files/{address}/conf:/etc/conf:ro" in found.services["web"]["settings"]["volumes"][0]


def test_content_takes_precedence_over_src(tmp_path: Path) -> None:
    services = {"web": plain(files={"/etc/a": {"src": "nowhere", "content": "x"}})}
    assert list(inventory.bundle_of(_arguments(services), tmp_path).mounted.values()) == ["x"]


def test_kinds_are_read_relative_to_the_inventory(tmp_path: Path) -> None:
    (tmp_path / "kinds").mkdir()
    kind = {"description": "Ours", "class": "rolling", "networks": ["app"], "health": {"test": ["CMD", "true"]}}
    (tmp_path / "kinds/ours.yml").write_text(yaml.safe_dump(kind))
    found = inventory.bundle_of(_arguments({"a": {"kind": "ours", "image": "a:1"}}, kinds_paths=["kinds"]), tmp_path)
    assert found.services["a"]["kind"] == "ours"


def test_images_can_be_described_without_the_secrets(tmp_path: Path) -> None:
    services = example(backend={"secrets": ["secret_key", {"name": "token", "env": "TOKEN"}]})
    stack = inventory.without_secrets(_arguments(services), tmp_path)
    assert {name: secret.generate for name, secret in stack.secrets.items()} == {
        "db_password": 32,
        "redis_password": 32,
        "secret_key": 32,
        "token": 32,
    }


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"command": ["a", "b\0c"]}, "service 'web': key 'command': 'b\\x00c' contains a NUL character"),
        (
            {"compose": {"labels": {"x": "\ud800"}}},
            "service 'web': key 'compose.labels.x': '\\ud800' contains the character U+D800",
        ),
        (
            {"environment": {"A": "\ue000db_password|raw\ue001"}},
            "service 'web': key 'environment.A': '\\ue000db_password|raw\\ue001' contains the character U+E000",
        ),
    ],
)
def test_a_character_that_no_text_can_have(tmp_path: Path, changed: dict[str, Any], message: str) -> None:
    said = error_of(inventory.bundle_of, _arguments({"web": plain(**changed)}), tmp_path)
    assert said == f"{message}, which no text here can have; remove it"


def test_a_character_of_an_icon_font_is_a_text_as_any_other(tmp_path: Path) -> None:
    services = {"web": plain(environment={"ICON": "\ue000 \ue001"})}
    assert "\ue000 \ue001" in inventory.bundle_of(_arguments(services), tmp_path).files["env/web.env"]


@pytest.mark.parametrize(
    ("variables", "base"),
    [
        ({"inventory_dir": "/i", "playbook_dir": "/p"}, "/i"),
        ({"inventory_dir": None, "playbook_dir": "/p"}, "/p"),
        ({}, "."),
    ],
)
def test_relative_paths_start_from_the_inventory(variables: dict[str, Any], base: str) -> None:
    assert inventory.base_directory(variables) == Path(base)


VOLUME = plain(volumes=["files:/files"])


def test_settings_of_networks_and_volumes_are_in_the_base(tmp_path: Path) -> None:
    described = {"volumes": {"files": {"name": "real", "external": True}}, "networks": {"app": {"internal": True}}}
    [base, _] = inventory.bundle_of(_arguments({"web": VOLUME}, **described), tmp_path).documents
    assert base["volumes"] == described["volumes"]
    assert base["networks"] == described["networks"]


@pytest.mark.parametrize(
    ("described", "sentence"),
    [
        ({"volumes": {"file": {}}}, "stack_volumes: no service has the volume 'file'; did you mean 'files'?"),
        ({"networks": {"front": None}}, "stack_networks: no service has the network 'front'; valid values: app"),
        ({"volumes": {"files": "real"}}, "stack_volumes, 'files': 'real' is not a mapping of Compose's keys to values"),
    ],
)
def test_a_network_or_volume_without_a_service_is_refused(
    described: dict[str, Any], sentence: str, tmp_path: Path
) -> None:
    assert error_of(inventory.bundle_of, _arguments({"web": VOLUME}, **described), tmp_path) == sentence


def test_a_volume_of_another_environment_is_accepted(tmp_path: Path) -> None:
    services = {"web": plain(), "mail": {**VOLUME, "only_in": ["development"]}}
    assert inventory.bundle_of(_arguments(services, volumes={"files": {"external": True}}), tmp_path)


def test_settings_of_a_volume_take_precedence_over_the_file(tmp_path: Path) -> None:
    text = "services: {web: {image: 'a:1', volumes: ['vd:/d']}}\nvolumes: {vd: {name: theirs}}\n"
    (tmp_path / "compose.yaml").write_text(text)
    files = {
        "compose_files": ["compose.yaml"],
        "compose_profiles": [],
        "compose_variables": {},
        "compose_host_paths": [],
    }
    [base, _] = inventory.bundle_of(_arguments({}, **files, volumes={"vd": {"name": "ours"}}), tmp_path).documents
    assert base["volumes"] == {"vd": {"name": "ours"}}

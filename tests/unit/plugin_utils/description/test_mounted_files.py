"""Mounted files that are secrets: kept in the secret store at the same path, or refused in a sentence."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.slipway.stack.plugins.module_utils.state.secret_store import SecretStore
from ansible_collections.slipway.stack.plugins.plugin_utils.controller import inventory

from tests.support.compose_projects import arguments, parcel, write
from tests.support.descriptions import parcel as described
from tests.support.descriptions import plain
from tests.support.errors import error_of

KEY = "-----BEGIN PRIVATE KEY-----\ncanary\n-----END PRIVATE KEY-----\n"
USERS = "ada:$apr1$H6uskkkW$IgXLP6ewTrSuBkTrqE8wj/\n"


def _stored(release: Any, folder: Path) -> dict[str, tuple[str, int]]:
    """Write the secrets of a release; return text and mode of each file by the path at which it is mounted."""
    home = folder / "shop"
    addresses = SecretStore(home).addresses(list(release.secret_files), json.loads(json.dumps(release.secrets())))
    files = {f"{file['name']}_{file['uid']}": file for file in release.secret_files}
    result = {}
    for spec in release.services.values():
        for use in spec["settings"].get("secrets", []):
            file = files[use["source"]]
            path = home / "secrets" / str(file["uid"]) / f"{file['name']}.{addresses[file['variable']]}"
            result[use["target"]] = (path.read_bytes().decode("utf-8", "surrogateescape"), path.stat().st_mode & 0o777)
    return result


DESCRIBED = [
    ({"content": KEY}, "file '/x': it contains a private key"),
    ({"content": USERS}, "file '/x': it contains passwords of users"),
    ({"directory": {"a/key": KEY, "b": "x"}}, "directory '/x': 'a/key' contains a private key"),
]


@pytest.mark.parametrize(("entry", "message"), DESCRIBED)
def test_a_secret_that_nobody_called_one_is_refused(entry: dict[str, Any], message: str) -> None:
    assert error_of(described, {"web": plain(files={"/x": entry})}) == (
        f"service 'web', key 'files', {message}, and everybody on the server could read it; make it a secret with "
        f"'secret: true', or write 'secret: false' if everybody may read it"
    )


def test_a_file_that_is_called_a_secret_is_in_the_store_only(tmp_path: Path) -> None:
    files = {"/etc/key": {"content": KEY, "secret": True}, "/etc/plain": {"content": "x"}}
    release = described({"web": plain(files=files, user="1000:1000")}, {}, root=str(tmp_path))
    assert list(release.mounted.values()) == ["x"]
    assert "canary" not in json.dumps(release.content())
    [file] = release.secret_files
    assert (file["uid"], file["gid"]) == (1000, 1000)


def test_a_file_that_only_looks_like_a_secret(tmp_path: Path) -> None:
    release = described({"web": plain(files={"/etc/key": {"content": KEY, "secret": False}})}, {})
    assert list(release.mounted.values()) == [KEY]
    assert release.secret_files == ()


def test_a_secret_in_a_directory_is_mounted_over_an_empty_file(tmp_path: Path) -> None:
    files = {"/etc/tls": {"directory": {"a.crt": "public", "sub/a.key": KEY}, "secret": ["sub/a.key"]}}
    release = described({"web": plain(files=files)}, {}, root=str(tmp_path))
    assert sorted(release.mounted.values()) == ["", "public"]
    assert _stored(release, tmp_path) == {"/etc/tls/sub/a.key": (KEY, 0o444)}


@pytest.mark.parametrize(
    ("secret", "message"),
    [
        (["b"], "'secret' names 'b', which the directory does not have"),
        ("yes", "'secret' is neither true nor false nor a list of paths"),
    ],
)
def test_a_wrong_value(secret: object, message: str) -> None:
    files = {"/x": {"directory": {"a": "1"}, "secret": secret}}
    assert error_of(described, {"web": plain(files=files)}) == f"service 'web', key 'files', directory '/x': {message}"


def test_a_source_that_others_may_not_read_is_refused_in_a_description(tmp_path: Path) -> None:
    write(tmp_path, {"a.conf": "x"})
    (tmp_path / "a.conf").chmod(0o640)
    tmp_path.chmod(0o755)
    services = {"web": plain(files={"/x": {"src": "a.conf"}})}
    given = arguments(services=services, compose_files=[])
    assert error_of(inventory.bundle_of, given, tmp_path) == (
        "service 'web', key 'files', file '/x': a.conf: others may not read a.conf here, and everybody on the server "
        "could; make it a secret with 'secret: true', or write 'secret: false' if everybody may read it"
    )
    services["web"]["files"]["/x"]["secret"] = True
    assert next(iter(inventory.bundle_of(given, tmp_path).sources.values())).value == "x"
    tmp_path.chmod(0o700)
    del services["web"]["files"]["/x"]["secret"]
    assert list(inventory.bundle_of(given, tmp_path).mounted.values()) == ["x"], "a umask hides every file"


COMPOSE = """\
services:
  proxy:
    image: nginx:1.30
    volumes: ["./tls:/etc/tls:ro", "./users:/etc/nginx/.htpasswd:ro", "./nginx.conf:/etc/nginx/nginx.conf:ro"]
    configs: [{source: token, target: /etc/token}]
  app:
    image: app:1
    user: "1000:1000"
    volumes: ["./store.p12:/app/store.p12:ro", "./private.conf:/app/private.conf:ro", "./run.sh:/run.sh:ro"]
configs: {token: {file: ./token.yml}}
"""
BINARY = bytes(range(256)) + b"\r\n\0\n"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    write(
        tmp_path,
        {
            "compose.yml": COMPOSE,
            "tls/a.crt": "-----BEGIN CERTIFICATE-----\n",
            "tls/a.key": KEY,
            "users": USERS,
            "nginx.conf": "events {}\n",
            "token.yml": "token: ghp_0123456789abcdefghijABCDEFGHIJ012345\n",
            "private.conf": "level: 1\n",
            "run.sh": f"#!/bin/sh\n# {KEY}",
        },
    )
    (tmp_path / "store.p12").write_bytes(BINARY)
    for path in tmp_path.rglob("*"):
        path.chmod(0o755 if path.is_dir() or path.name == "run.sh" else 0o644)
    (tmp_path / "private.conf").chmod(0o600)
    return tmp_path


def test_secrets_that_a_team_mounts_are_in_the_store_at_the_same_path(project: Path) -> None:
    release = parcel(project, "compose.yml", root=str(project / "stacks"))
    assert sorted(release.mounted.values()) == ["", "-----BEGIN CERTIFICATE-----\n", "events {}\n"]
    assert "canary" not in json.dumps(release.content())
    assert _stored(release, project / "stacks") == {
        "/etc/tls/a.key": (KEY, 0o444),
        "/etc/nginx/.htpasswd": (USERS, 0o444),
        "/etc/token": ("token: ghp_0123456789abcdefghijABCDEFGHIJ012345\n", 0o444),
        "/app/store.p12": (BINARY.decode("utf-8", "surrogateescape"), 0o400),
        "/app/private.conf": ("level: 1\n", 0o400),
        "/run.sh": (f"#!/bin/sh\n# {KEY}", 0o500),
    }


def test_the_notes_say_what_became_a_secret(project: Path) -> None:
    notes = parcel(project, "compose.yml").notes
    assert "./tls: a.key looks like a secret, so it is kept in the secret store" in notes["proxy"]
    assert "./users contains passwords of users, so it is kept in the secret store" in notes["proxy"]
    assert "the config 'token' contains a token, so it is kept in the secret store" in notes["proxy"]
    assert "./private.conf may not be read by others here, so it is kept in the secret store" in notes["app"]


def test_the_inventory_may_say_that_a_file_is_no_secret(project: Path) -> None:
    services = {"app": {"files": {"/app/private.conf": {"secret": False}}}}
    release = parcel(project, "compose.yml", services=services)
    assert "level: 1\n" in release.mounted.values()


def test_modes_say_nothing_where_others_may_not_read_the_compose_file(project: Path) -> None:
    (project / "compose.yml").chmod(0o600)
    assert "level: 1\n" in parcel(project, "compose.yml").mounted.values()


def test_another_secret_has_another_address(project: Path) -> None:
    def addresses() -> dict[str, str]:
        release = parcel(project, "compose.yml")
        return SecretStore(project / "home").addresses(list(release.secret_files), release.secrets())

    before, digest = addresses(), parcel(project, "compose.yml").digest
    with (project / "store.p12").open("ab") as stream:
        stream.write(b"\xff")
    changed = {name for name, address in addresses().items() if before[name] != address}
    assert changed == {name for name in before if "STORE_P12" in name}
    assert parcel(project, "compose.yml").digest == digest, "no digest tells anything of a secret"
    assert os.listdir(project / "home/secrets/1000")

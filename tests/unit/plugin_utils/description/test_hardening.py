"""Which Compose keys harden a service, and which keys of its own it keeps."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.slipway.stack.plugins.plugin_utils.description import hardening

NEW = ["no-new-privileges:true"]
WHOLE: dict[str, Any] = {
    "security_opt": NEW,
    "cap_drop": ["ALL"],
    "read_only": True,
    "tmpfs": ["/tmp"],
    "pids_limit": 512,
}
CHANGES_USER = ["CHOWN", "DAC_OVERRIDE", "FOWNER", "SETGID", "SETUID"]


def _keys(own: dict[str, Any], image: str = "app:1", user: str = "", volumes: Any = (), *paths: str) -> dict[str, Any]:
    return hardening.keys(image, user, own, hardening.mounted_paths(volumes, own, *paths))


def _without(*names: str, **changes: Any) -> dict[str, Any]:
    return {**{key: value for key, value in WHOLE.items() if key not in names}, **changes}


@pytest.mark.parametrize(
    ("own", "added"),
    [
        ({}, WHOLE),
        ({"security_opt": ["apparmor:web"]}, _without(security_opt=["apparmor:web", *NEW])),
        ({"security_opt": ["no-new-privileges=false"]}, _without("security_opt")),
        ({"security_opt": None}, _without("security_opt")),
        ({"cap_drop": ["NET_RAW"]}, _without("cap_drop")),
        ({"cap_drop": None}, _without("cap_drop")),
        ({"cap_add": ["CHOWN"]}, WHOLE),
        ({"privileged": True}, _without("cap_drop")),
        ({"read_only": False}, _without("read_only", "tmpfs")),
        ({"tmpfs": ["/run:size=1m"]}, _without(tmpfs=["/run:size=1m", "/tmp"])),
        ({"tmpfs": "/run"}, _without(tmpfs=["/run", "/tmp"])),
        ({"tmpfs": ["/tmp:size=9m"]}, _without("tmpfs")),
        ({"pids_limit": -1}, _without("pids_limit")),
        ({"deploy": {"resources": {"limits": {"pids": 9}}}}, _without("pids_limit")),
        (
            {"deploy": {"resources": {"limits": {"memory": "64m"}}}},
            _without("pids_limit", deploy={"resources": {"limits": {"pids": 512}}}),
        ),
        ({"deploy": {"resources": None}}, WHOLE),
    ],
)
def test_a_service_keeps_what_it_says_itself(own: dict[str, Any], added: dict[str, Any]) -> None:
    assert _keys(own) == added


@pytest.mark.parametrize(
    ("image", "user", "capabilities", "paths"),
    [
        ("registry.example.com/shop/web:1", "", [], ["/tmp"]),
        ("postgres:17", "", CHANGES_USER, ["/tmp", "/run/postgresql"]),
        ("postgres:17", "0:0", CHANGES_USER, ["/tmp", "/run/postgresql"]),
        ("pgvector/pgvector:pg17", "root", CHANGES_USER, ["/tmp", "/run/postgresql"]),
        ("postgres:17", "999:999", [], ["/tmp", "/run/postgresql"]),
        ("redis:8", "", CHANGES_USER, ["/tmp"]),
        ("mariadb:11", "", CHANGES_USER, ["/tmp", "/run/mysqld"]),
        ("nginx:1.30", "", CHANGES_USER, ["/tmp", "/run", "/var/cache/nginx"]),
        ("nginxinc/nginx-unprivileged:1.30", "", [], ["/tmp"]),
        ("caddy:2", "1000", ["NET_BIND_SERVICE"], ["/tmp"]),
        # It runs as root and changes to no other user.
        ("minio/minio:RELEASE.2025", "", [], ["/tmp"]),
    ],
)
def test_a_known_image_gets_what_it_needs(image: str, user: str, capabilities: list[str], paths: list[str]) -> None:
    found = _keys({}, image, user)
    assert (found.get("cap_add", []), found["tmpfs"]) == (capabilities, paths)


def test_capabilities_of_its_own_stay() -> None:
    assert _keys({"cap_add": ["CAP_CHOWN", "SYS_NICE"]}, "redis:8")["cap_add"] == [
        *("CAP_CHOWN", "SYS_NICE", "DAC_OVERRIDE", "FOWNER", "SETGID", "SETUID")
    ]


def test_nothing_is_mounted_over_a_mount() -> None:
    assert _keys({}, "nginx:1.30", "", ["cache:/var/cache/nginx/"], "/tmp")["tmpfs"] == ["/run"]
    assert _keys({}, "nginx:1.30", "", [{"type": "tmpfs", "target": "/var/run"}])["tmpfs"] == [
        "/tmp",
        "/var/cache/nginx",
    ]


def test_the_note_says_what_was_added() -> None:
    assert hardening.note(WHOLE, {}) == (
        "is hardened: no-new-privileges; no capabilities; a read-only root with /tmp in memory; 512 processes at most"
    )
    assert "no capabilities but CHOWN;" in hardening.note(WHOLE, {"cap_add": ["CHOWN"]})
    assert hardening.note({}, {}) == "is hardened by its own keys"

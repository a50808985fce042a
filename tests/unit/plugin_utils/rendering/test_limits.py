"""Limits of memory with swap, of processes and of files in memory, in every kind."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ansible_collections.slipway.stack.plugins.plugin_utils.description import hardening
from ansible_collections.slipway.stack.plugins.plugin_utils.description.units import parse_size
from ansible_collections.slipway.stack.plugins.plugin_utils.rendering import limits

from tests.support.descriptions import KINDS, documents, parcel, plain
from tests.support.real_compose import SUITES, config

ROUTES = {"routes": [{"path": "/", "to": "other", "port": 80}]}
MORE: dict[str, dict[str, Any]] = {
    "nginx": ROUTES,
    "traefik": ROUTES,
    "langflow": {"needs": ["db"]},
    "postgres_database": {"needs": ["db"]},
    "custom": {"health": {"test": ["CMD", "true"]}},
}


def _service(kind: str, **keys: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the base and the overlay of a service of this kind."""
    image = {} if KINDS[kind].body["image"] else {"image": "app:1"}
    services = {
        "db": {"kind": "postgres"},
        "other": plain(),
        "it": {"kind": kind, **image, **MORE.get(kind, {}), **keys},
    }
    base, overlay = documents(services, {})
    return base["services"]["it"], (overlay.get("services") or {}).get("it", {})


SHIPPED = sorted(name for name, kind in KINDS.items() if not kind.plain)


@pytest.mark.parametrize("kind", SHIPPED)
def test_every_kind_has_limits(kind: str) -> None:
    keys, _overlay = _service(kind)
    memory = keys["deploy"]["resources"]["limits"]["memory"]
    assert keys["memswap_limit"] == memory
    assert 32 <= keys["pids_limit"] <= 2048
    assert KINDS[kind].body["compose"]["pids_limit"] == keys["pids_limit"]


@pytest.mark.parametrize("kind", SHIPPED)
def test_files_in_memory_are_limited_to_less_than_the_memory(kind: str) -> None:
    keys, _overlay = _service(kind)
    # What is written next to the files of an image is not in memory.
    entries = keys["tmpfs"] if keys["read_only"] else keys.get("tmpfs", [])
    options = [option for entry in entries for option in entry.partition(":")[2].split(",")]
    sizes = [parse_size(option.removeprefix("size=")) for option in options if option.startswith("size=")]
    assert len(sizes) == len(entries)
    assert sum(sizes) <= parse_size(keys["deploy"]["resources"]["limits"]["memory"]) // 2


@pytest.mark.parametrize(
    ("keys", "swap", "pids"),
    [
        ({"memory": "1g"}, "1g", 256),
        ({"compose": {"memswap_limit": "2g", "pids_limit": 7}}, "2g", 7),
        ({"compose": {"memswap_limit": None, "pids_limit": None}}, None, None),
        ({"compose": {"deploy": {"resources": {"limits": {"memory": "300m"}}}}}, "300m", 256),
        ({"compose": {"deploy": {"resources": None}}}, None, 256),
    ],
)
def test_a_description_changes_them(keys: dict[str, Any], swap: object, pids: object) -> None:
    found, _overlay = _service("custom", **keys)
    assert (found.get("memswap_limit"), found.get("pids_limit")) == (swap, pids)


OVERLAYS = [
    ({"deploy": {"resources": {"limits": {"memory": "1g"}}}}, "memswap_limit: 1g\n"),
    ({"deploy": {"resources": None}}, "memswap_limit: !reset null\n"),
    ({"deploy": {"resources": {"limits": {"memory": None}}}}, "memswap_limit: !reset null\n"),
    ({"deploy": None}, "memswap_limit: !reset null\n"),
    ({"deploy": {"resources": {"limits": {"cpus": "2"}}}}, ""),
    ({"memswap_limit": "3g", "deploy": {"resources": {"limits": {"memory": "1g"}}}}, "memswap_limit: 3g\n"),
    ({"labels": {"a": "b"}}, ""),
]


@pytest.mark.parametrize(("overlay", "line"), OVERLAYS)
def test_an_environment_that_changes_the_memory_changes_both(overlay: dict[str, Any], line: str) -> None:
    text = parcel({"web": plain(environments={"production": overlay})}, {}).files["compose.production.yaml"]
    found = [one.strip() + "\n" for one in text.splitlines() if "memswap" in one]
    assert "".join(found) == line


def test_a_kind_without_a_limit_of_processes_gets_one() -> None:
    assert limits.complete({}, {}) == {"pids_limit": hardening.PIDS}
    deploy = {"resources": {"limits": {"pids": 5}}}
    assert limits.complete({"deploy": deploy}, {}) == {"deploy": deploy, "pids_limit": 5}


@pytest.mark.parametrize("suite", SUITES)
@pytest.mark.parametrize("overlay", [one for one, _line in OVERLAYS] + [{"pids_limit": 9}, {"pids_limit": None}])
def test_compose_accepts_them(suite: str, tmp_path: Path, overlay: dict[str, Any]) -> None:
    files = parcel({"web": plain(environments={"production": overlay})}, {}).files
    for name, text in {**files, "compose.images.yaml": "services: {}\n"}.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    found = config(suite, tmp_path)["services"]["web"]
    assert found.get("pids_limit") == overlay.get("pids_limit", 256)

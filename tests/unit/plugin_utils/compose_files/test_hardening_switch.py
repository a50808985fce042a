"""``stack_compose_hardening``: the services of Compose files are hardened, and the plan and the policy show it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.slipway.stack.plugins.plugin_utils.controller import adoption, inventory
from ansible_collections.slipway.stack.plugins.plugin_utils.policy import release_check
from ansible_collections.slipway.stack.plugins.plugin_utils.rendering.bundle import Bundle

from tests.support import real_compose
from tests.support.compose_projects import arguments, release_of, write
from tests.support.errors import error_of

_FILE = """\
services:
  web: {image: "app:1", deploy: {resources: {limits: {memory: 64m}}}}
  db: {image: "postgres:17", environment: {POSTGRES_PASSWORD_FILE: /x}, volumes: ["data:/var/lib/postgresql/data"]}
  free: {image: "app:1", read_only: false, cap_drop: [], security_opt: [], pids_limit: -1}
  edited: {image: "app:2", x-slipway: {hardening: false}}
volumes: {data: }
"""
_PROTECTIONS = ("security_opt", "cap_drop", "cap_add", "read_only", "tmpfs", "pids_limit")


def _services(release: Bundle) -> dict[str, dict[str, Any]]:
    services = yaml.safe_load(release.files["compose.yaml"])["services"]
    return {name: {key: keys[key] for key in _PROTECTIONS if key in keys} for name, keys in services.items()}


def test_nothing_is_added_by_default(tmp_path: Path) -> None:
    assert _services(release_of(_FILE, tmp_path)) == {
        "web": {},
        "db": {},
        "free": {"read_only": False, "pids_limit": -1},
        "edited": {},
    }


def test_every_service_is_hardened_unless_it_says_otherwise(tmp_path: Path) -> None:
    release = release_of(_FILE, tmp_path, compose_hardening=True)
    found = _services(release)
    common = {"security_opt": ["no-new-privileges:true"], "cap_drop": ["ALL"], "read_only": True}
    assert found["web"] == {**common, "tmpfs": ["/tmp"]}
    assert release.services["web"]["settings"]["deploy"]["resources"]["limits"] == {"memory": "64m", "pids": 512}
    assert found["db"] == {
        **common,
        "cap_add": ["CHOWN", "DAC_OVERRIDE", "FOWNER", "SETGID", "SETUID"],
        "tmpfs": ["/tmp", "/run/postgresql"],
        "pids_limit": 512,
    }
    assert found["free"] == {"read_only": False, "pids_limit": -1}
    assert found["edited"] == {}


def test_the_inventory_decides_for_one_service(tmp_path: Path) -> None:
    services = {"web": {"hardening": True, "compose": {"read_only": False, "cap_add": ["NET_BIND_SERVICE"]}}}
    assert _services(release_of(_FILE, tmp_path, services=services))["web"] == {
        "security_opt": ["no-new-privileges:true"],
        "cap_drop": ["ALL"],
        "cap_add": ["NET_BIND_SERVICE"],
        "read_only": False,
    }
    services = {"web": {"hardening": False}}
    assert _services(release_of(_FILE, tmp_path, services=services, compose_hardening=True))["web"] == {}


def test_the_plan_shows_it(tmp_path: Path) -> None:
    notes = release_of(_FILE, tmp_path, compose_hardening=True).notes
    assert (
        "is hardened: no-new-privileges; no capabilities but CHOWN, DAC_OVERRIDE, FOWNER, SETGID, SETUID; "
        "a read-only root with /tmp, /run/postgresql in memory; 512 processes at most"
    ) in notes["db"]
    assert "is hardened by its own keys" in notes["free"]
    assert not any("hardened" in line for line in notes["edited"])


@pytest.mark.parametrize(("hardened", "found"), [(False, {"web", "db", "edited", "free"}), (True, {"edited", "free"})])
def test_the_policy_judges_what_runs(tmp_path: Path, hardened: bool, found: set[str]) -> None:
    release = release_of(_FILE, tmp_path, compose_hardening=hardened)
    stack = release_check.stack(release.documents, release.variables(), {}, "1")
    review = release_check.check(stack, "production", "info", [], "2026-11-27")
    for rule in ("SLP093", "SLP094", "SLP099"):
        assert {finding.service for finding in review.findings if finding.rule == rule} == found, rule


@pytest.mark.parametrize("suite", real_compose.SUITES)
def test_real_compose_reads_it(suite: str, tmp_path: Path) -> None:
    release = release_of(_FILE, tmp_path, compose_hardening=True, root=str(tmp_path / "stacks"))
    read = real_compose.config(suite, real_compose.write_release(release))["services"]
    assert read["db"]["read_only"] is True
    assert read["web"]["deploy"]["resources"]["limits"]["pids"] == 512


def test_an_adopted_description_is_hardened_too(tmp_path: Path) -> None:
    write(tmp_path, {"docker-compose.yml": _FILE})
    adopted = adoption.adopted_description(arguments(compose_hardening=True), tmp_path)
    assert adopted.services["web"]["hardening"] is True
    assert adopted.services["edited"]["hardening"] is False
    plain = arguments(services=adopted.services, compose_files=[])
    assert _services(inventory.bundle_of(plain, tmp_path)) == _services(
        release_of(_FILE, tmp_path, compose_hardening=True)
    )


def test_without_compose_files_it_is_refused(tmp_path: Path) -> None:
    plain = arguments(compose_files=[], compose_hardening=True)
    assert error_of(inventory.bundle_of, plain, tmp_path) == (
        "stack_compose_hardening: there are no Compose files; name them in stack_compose_files"
    )

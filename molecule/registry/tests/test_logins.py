"""A private image: who gets it, who does not, and what is left of a login and of its password."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Playbook = Callable[..., Any]

EPHEMERAL = Path(os.environ["MOLECULE_EPHEMERAL_DIRECTORY"])
CONTROLLER = EPHEMERAL / "docker/config.json"
PUSHED = "127.0.0.1:5056/shop/private:1"
PULLED = "shelf:5000/shop/private:1"
REFUSED = "no basic auth credentials"
ROOTS = "/root/.docker/config.json"
ADA = {"url": "shelf:5000", "username": "ada"}


@pytest.fixture(scope="module")
def password() -> str:
    return (EPHEMERAL / "password").read_text().split()[0]


@pytest.fixture(scope="module", autouse=True)
def image() -> None:
    """Push the private image, which takes the login of the controller."""
    _docker("tag", "slipway/base:trixie", PUSHED)
    _docker("--config", str(CONTROLLER.parent), "push", "--quiet", PUSHED)


def _docker(*arguments: str) -> str:
    return subprocess.run(["docker", *arguments], capture_output=True, text=True, check=True).stdout


def _auths(host: Any) -> dict[str, Any]:
    return json.loads(host.check_output(f"sudo cat {ROOTS}"))["auths"]


def test_root_pulls_the_image_and_nobody_else_does(host: Any) -> None:
    refused = host.run(f"docker pull --quiet {PULLED}")
    assert refused.rc != 0
    assert REFUSED in refused.stderr
    host.check_output(f"sudo docker pull --quiet {PULLED}")
    assert host.check_output(f"sudo stat --format '%U %a' {ROOTS}") == "root 600"
    host.check_output(f"sudo docker rmi {PULLED}")


def test_the_controller_has_its_own_login_only(host: Any) -> None:
    assert list(json.loads(CONTROLLER.read_text())["auths"]) == ["127.0.0.1:5056"]
    assert list(_auths(host)) == ["shelf:5000"]


def test_the_password_is_in_no_output(playbook: Playbook, password: str) -> None:
    run = playbook("provision", "-vvv", "--diff")
    assert (run.code, run.changed) == (0, 0), run.output
    assert "shelf:5000" in run.output
    assert password not in run.output


def test_a_wrong_password_is_refused_and_said(host: Any, playbook: Playbook) -> None:
    before = _auths(host)
    run = playbook("provision", "--tags", "registry", registry_logins=[{**ADA, "password": "wrong-one"}])
    assert run.code == 2
    assert "Logging into shelf:5000 for user ada failed" in run.output
    assert "401" in run.output
    assert "wrong-one" not in run.output
    assert _auths(host) == before


def test_a_login_is_removed_and_comes_back_but_not_in_check_mode(host: Any, playbook: Playbook, password: str) -> None:
    absent = [{**ADA, "state": "absent"}]
    before = _auths(host)
    assert playbook("provision", "--check", "--tags", "registry", registry_logins=absent).changed == 1
    assert _auths(host) == before
    assert playbook("provision", "--tags", "registry", registry_logins=absent).changed == 1
    assert _auths(host) == {}
    assert REFUSED in host.run(f"sudo docker pull --quiet {PULLED}").stderr
    assert playbook("provision", "--tags", "registry", registry_logins=absent).changed == 0

    assert playbook("provision", "--check", "--tags", "registry").changed == 1
    assert _auths(host) == {}
    assert playbook("provision", "--tags", "registry").changed == 1
    assert _auths(host) == before
    host.check_output(f"sudo docker pull --quiet {PULLED}")


def test_check_mode_works_before_anything_is_installed(host: Any, playbook: Playbook) -> None:
    """Python's requests come with the role; without them, check mode asks nobody."""
    host.check_output("sudo dpkg --purge --force-depends python3-requests")
    run = playbook("provision", "--check")
    assert (run.code, run.changed) == (0, 1), run.output
    run = playbook("provision")
    assert (run.code, run.changed) == (0, 1), run.output
    host.check_output("python3 -c 'import requests'")

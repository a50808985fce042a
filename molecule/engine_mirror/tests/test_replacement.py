"""An engine from a mirror of Docker's repository, and its replacement by the distribution's engine."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

Playbook = Callable[..., Any]


def _installed(host: Any) -> set[str]:
    names = ["docker-ce", "docker-compose-plugin", "containerd.io", "docker.io", "docker-compose", "containerd"]
    return {name for name in names if host.package(name).is_installed}


def test_packages_come_from_the_mirror(host: Any) -> None:
    assert _installed(host) == {"docker-ce", "docker-compose-plugin", "containerd.io"}
    assert "http://127.0.0.1:8090/debian trixie/stable" in host.check_output("apt-cache policy docker-ce")


def test_the_engine_works(host: Any) -> None:
    assert "redis-cli 8" in host.check_output("docker run --rm redis:8 redis-cli --version")
    assert host.check_output("docker compose version --short") >= "2"


def test_a_suitable_engine_of_another_source_is_kept(host: Any, playbook: Playbook) -> None:
    run = playbook("provision", engine_source="distribution")
    assert run.code == 0, run.output
    assert run.changed == 0
    assert "docker-ce" in _installed(host)


def test_install_always_replaces_the_engine_and_keeps_its_data(host: Any, playbook: Playbook) -> None:
    host.check_output("docker volume create kept")
    run = playbook("provision", engine_source="distribution", engine_install="always")
    assert run.code == 0, run.output
    assert _installed(host) == {"docker.io", "docker-compose", "containerd"}
    assert json.loads(host.check_output("docker volume inspect kept"))[0]["Name"] == "kept"
    again = playbook("provision", engine_source="distribution", engine_install="always")
    assert (again.code, again.changed) == (0, 0), again.output

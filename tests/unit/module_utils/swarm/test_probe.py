"""The container of a probe: its command, its image, and that nothing of it stays."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.slipway.stack.plugins.module_utils.engine.docker import DockerError
from ansible_collections.slipway.stack.plugins.module_utils.swarm import probe

from tests.support.fake_engine import Answer

CONTAINER = "/v1.44/containers/slipway-swarm-probe-mesh/json"
IMAGE = "/v1.44/images/slipway-swarm-probe%3Alatest/json"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Return the root directory of a system as they are today."""
    (tmp_path / "usr").mkdir()
    for name in ("bin", "lib"):
        (tmp_path / name).symlink_to(f"usr/{name}")
    (tmp_path / "lib64").mkdir()
    return tmp_path


@pytest.fixture
def commands(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    ran: list[list[str]] = []
    monkeypatch.setattr(probe.docker, "run", lambda arguments, **_more: ran.append(arguments) or "")
    return ran


def test_the_container_has_no_rights_and_the_programs_of_the_host(root: Path) -> None:
    command = probe._command("mesh", "app1", "/usr/bin/python3.13", root)
    assert {"--cap-drop=ALL", "--security-opt=no-new-privileges", "--read-only", "--user=65534:65534"} < set(command)
    assert [part for part in command if part.startswith("--mount")] == [
        "--mount=type=bind,source=/usr,target=/usr,readonly",
        "--mount=type=bind,source=/lib64,target=/lib64,readonly",
    ]
    assert command[-3:] == ["app1", "7890", "180"]
    assert "--network=mesh" in command


def test_a_python_elsewhere_is_mounted_too(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probe.sys, "base_prefix", "/opt/python")
    command = probe._command("mesh", "app1", "/opt/python/bin/python3", root)
    assert "--mount=type=bind,source=/opt/python,target=/opt/python,readonly" in command


def test_the_image_has_the_links_of_the_root_directory_only(root: Path) -> None:
    with tarfile.open(fileobj=io.BytesIO(probe._archive(root))) as archive:
        assert {member.name: member.linkname for member in archive} == {"bin": "usr/bin", "lib": "usr/lib"}


def test_its_address_is_that_on_the_network(answer: Answer, commands: list[list[str]]) -> None:
    networks = {"mesh": {"IPAddress": "172.24.1.7"}, "bridge": {"IPAddress": "172.17.0.2"}}
    answer({CONTAINER: (200, {"State": {"Running": True}, "NetworkSettings": {"Networks": networks}})})
    assert probe.open_probe("mesh", "app1") == "172.24.1.7"
    assert [command[0] for command in commands] == ["rm", "import", "run"]


@pytest.mark.parametrize(
    "found", [{}, {"State": {"Running": False}}, {"State": {"Running": True}, "NetworkSettings": {"Networks": {}}}]
)
def test_a_container_that_ends_at_once_is_an_error(
    answer: Answer, commands: list[list[str]], found: dict[str, Any]
) -> None:
    answer({CONTAINER: (200, found)})
    with pytest.raises(DockerError, match="the probe ended at once"):
        probe.open_probe("mesh", "app1")


def test_closing_removes_container_and_image(answer: Answer, commands: list[list[str]]) -> None:
    answer({CONTAINER: (200, {}), IMAGE: (200, {})})
    probe.close_probe("mesh")
    assert commands == [["rm", "--force", "slipway-swarm-probe-mesh"], ["rmi", "slipway-swarm-probe:latest"]]


def test_closing_without_a_probe_does_nothing(answer: Answer, commands: list[list[str]]) -> None:
    answer({})
    probe.close_probe("mesh")
    assert commands == []


def test_a_host_without_a_probe_cannot_ask(answer: Answer) -> None:
    answer({})
    with pytest.raises(DockerError, match="the probe of this host does not run"):
        probe.ask("mesh", {"app2": "172.24.1.8"}, 1)

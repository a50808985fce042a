"""An engine that the role installed and configured."""

from __future__ import annotations

import ipaddress
import json
from typing import Any

import pytest

from tests.support import support_page


@pytest.fixture(scope="module")
def info(host: Any) -> dict[str, Any]:
    return json.loads(host.check_output("docker info --format json"))


def test_the_deploying_user_runs_a_container_from_the_hub_mirror(host: Any) -> None:
    assert host.user("deploy").groups.count("docker") == 1
    assert "redis-cli 8" in host.check_output("docker run --rm redis:8 redis-cli --version")


def test_versions_are_those_of_the_support_page(host: Any) -> None:
    assert support_page.found(host) == support_page.promised(host)


def test_buildx_answers(host: Any) -> None:
    assert host.run_test("docker buildx version")


def test_configuration_is_in_force(info: dict[str, Any]) -> None:
    assert info["LiveRestoreEnabled"] is True
    assert info["LoggingDriver"] == "json-file"
    assert info["RegistryConfig"]["Mirrors"] == ["http://registry:5000/"]
    assert info["RegistryConfig"]["IndexConfigs"]["registry:5000"]["Secure"] is False
    assert info["DefaultAddressPools"] == [{"Base": "172.20.0.0/14", "Size": 24}]


def test_engine_starts_at_boot(host: Any) -> None:
    assert host.service("docker").is_enabled
    assert host.service("docker").is_running


def test_logs_of_a_container_are_rotated(host: Any) -> None:
    container = host.check_output("docker create redis:8")
    config = json.loads(host.check_output("docker inspect --format '{{json .HostConfig.LogConfig}}' %s", container))
    host.check_output("docker rm %s", container)
    assert config == {"Type": "json-file", "Config": {"max-file": "3", "max-size": "1m"}}


def test_networks_are_allocated_from_the_pool(host: Any) -> None:
    host.check_output("docker network create pooled")
    subnet = host.check_output("docker network inspect --format '{{(index .IPAM.Config 0).Subnet}}' pooled")
    host.check_output("docker network rm pooled")
    network = ipaddress.ip_network(subnet)
    assert network.prefixlen == 24
    assert network.subnet_of(ipaddress.ip_network("172.20.0.0/14"))


def test_root_owns_the_directory_of_stacks(host: Any) -> None:
    directory = host.file("/opt/stacks")
    assert directory.is_directory
    assert (directory.user, directory.mode) == ("root", 0o755)

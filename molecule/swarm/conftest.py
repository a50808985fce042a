"""The scenario's servers, and what they say about their Swarm."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from typing import Any

import pytest
import testinfra

from tests.support.stacks import Stack, on_each_server

NAMES = ("swarm1", "swarm2", "swarm3")
NETWORK = "mesh-mesh"


@dataclass(frozen=True)
class Nodes:
    """The nodes as the manager on the first server knows them, and the servers by their name."""

    hosts: dict[str, Any]

    def run(self, name: str, command: str) -> str:
        """Run a command as root and return its output."""
        return str(self.hosts[name].check_output(f"sudo {command}"))

    def all(self) -> dict[str, dict[str, Any]]:
        """Return what the manager knows of the nodes, by name of the server."""
        text = self.run("swarm1", "sh -c 'docker node inspect $(docker node ls --quiet)'")
        return {node["Description"]["Hostname"]: node for node in json.loads(text)}

    def managers(self) -> list[str]:
        """Return the names of the servers that are managers."""
        return sorted(name for name, node in self.all().items() if node.get("ManagerStatus"))

    def leftovers(self) -> list[str]:
        """Return what probes have left on any server."""
        listed = "docker ps --all --format '{{.Names}}'; sudo docker images --format '{{.Repository}}'"
        lines = [line for name in NAMES for line in self.run(name, listed).splitlines()]
        return [line for line in lines if "probe" in line]


@pytest.fixture(scope="session")
def nodes() -> Nodes:
    inventory = os.environ["MOLECULE_INVENTORY_FILE"]
    return Nodes({name: testinfra.get_host(f"ansible://{name}?ansible_inventory={inventory}") for name in NAMES})


@pytest.fixture(scope="session")
def stacks() -> dict[str, Stack]:
    """Return the stack on each host, by the host's name."""
    return on_each_server("mesh", 8425)

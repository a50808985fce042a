"""An inventory taken to the release that it describes: read by Ansible itself, through the role stack."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from ansible.inventory.manager import InventoryManager
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar
from ansible.vars.manager import VariableManager
from ansible_collections.slipway.stack.plugins.plugin_utils.controller import arguments
from ansible_collections.slipway.stack.plugins.plugin_utils.controller import inventory as inventory_
from ansible_collections.slipway.stack.plugins.plugin_utils.rendering.bundle import Bundle

ROOT = Path(__file__).resolve().parents[2]


def hosts(inventory: Path) -> list[str]:
    """Return the names of the hosts in the group `stack`."""
    return [host.name for host in InventoryManager(DataLoader(), [str(inventory)]).get_hosts("stack")]


def parcel(inventory: Path, extra: Mapping[str, Any] | None = None) -> Bundle:
    """Return the release that an inventory describes for its first host; *extra* are what `-e` would give."""
    loader = DataLoader()
    manager = InventoryManager(loader, [str(inventory)])
    host = manager.get_hosts("stack")[0]
    found = VariableManager(loader, manager).get_vars(host=host, include_hostvars=False)
    defaults = loader.load_from_file(str(ROOT / "roles/stack/defaults/main.yml"), trusted_as_template=True)
    variables = {**defaults, **found, **(extra or {})}
    given = arguments.complete(action({}, Templar(loader, variables=variables)), variables, "release")
    return inventory_.bundle_of(given, inventory_.base_directory(found))


def action(args: Mapping[str, Any], templar: Templar) -> Any:
    """Return what the collection reads of an action plugin whose task has these arguments."""
    return SimpleNamespace(_task=SimpleNamespace(args=dict(args)), _templar=templar)

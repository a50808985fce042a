"""An adopted description as Ansible reads it, and the release that comes of it without the Compose files."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar
from ansible_collections.slipway.stack.plugins.plugin_utils.controller import inventory
from ansible_collections.slipway.stack.plugins.plugin_utils.rendering.bundle import Bundle

from tests.support import own_projects


def variables(file: Path, **others: Any) -> dict[str, Any]:
    """Return what a file of variables gives where *others* are known, those of a vault among them."""
    loader = DataLoader()
    found = loader.load_from_file(str(file), trusted_as_template=True)
    templar = Templar(loader, variables={**found, **others})
    return {name: templar.template(value) for name, value in found.items()}


def vault(text: str, release: Bundle) -> dict[str, str]:
    """Return the variables of a vault that a description asks for, with the secrets of a *release* of the files."""
    values = {f"vault_{name.replace('-', '_')}": one["value"] for name, one in release.secrets().items()}
    return {name: values[name] for name in re.findall(r"vault_\w+", text) if name in values}


def parcel(folder: Path, found: dict[str, Any], **given: Any) -> Bundle:
    """Return the release of the variables *found* for an inventory in *folder*, with no Compose file in sight."""
    names = ("services", "secrets", "networks", "volumes")
    said = {name: found[f"stack_{name}"] for name in names if f"stack_{name}" in found}
    return inventory.parcel({**own_projects.arguments(), "compose_files": [], **said, **given}, folder)

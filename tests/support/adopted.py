"""Read an adopted description with Ansible, and make its release without the Compose files."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar
from ansible_collections.slipway.stack.plugins.plugin_utils.controller import inventory
from ansible_collections.slipway.stack.plugins.plugin_utils.rendering.bundle import Bundle

from tests.support import compose_projects


def variables(file: Path, **others: Any) -> dict[str, Any]:
    """Return the templated variables of a file. *others* are variables that it refers to, such as those of a vault."""
    loader = DataLoader()
    found = loader.load_from_file(str(file), trusted_as_template=True)
    templar = Templar(loader, variables={**found, **others})
    return {name: templar.template(value) for name, value in found.items()}


def vault(text: str, release: Bundle) -> dict[str, str]:
    """Return the vault variables that a description refers to. The values are the secrets of *release*."""
    values = {f"vault_{name.replace('-', '_')}": one["value"] for name, one in release.secrets().items()}
    return {name: values[name] for name in re.findall(r"vault_\w+", text) if name in values}


def parcel(folder: Path, found: dict[str, Any], **given: Any) -> Bundle:
    """Return the release of the variables *found*, for an inventory in *folder* and without Compose files."""
    names = ("services", "secrets", "networks", "volumes")
    described = {name: found[f"stack_{name}"] for name in names if f"stack_{name}" in found}
    return inventory.bundle_of({**compose_projects.arguments(), "compose_files": [], **described, **given}, folder)

"""A first inventory as lines for a person: what was written, what is switched off, and the one list of decisions.

Place in the pipeline: controller, for ``playbooks/init.yml``. Pure.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ansible_collections.slipway.stack.plugins.plugin_utils.controller.first_inventory import FirstInventory


def kept(folder: Path, present: Sequence[str]) -> list[str]:
    """Return the lines about an inventory that is there already."""
    return [
        f"{folder} is there already and is not changed: {', '.join(present)}",
        "  move it away to write it anew, or name another directory with -e init_to=DIRECTORY",
    ]


def created(made: FirstInventory, is_check: bool) -> list[str]:
    """Return the lines about an inventory that was written, or would be in check mode."""
    would = " (nothing is written in check mode)" if is_check else ""
    lines = [f"a first inventory in {made.folder}, from {' and '.join(made.sources)}{would}:"]
    lines += [f"  {name}" for name in made.files]
    lines += [f"  {name} {reason}" for name, reason in made.off.items()]
    required = [pair for pair in made.decisions if pair[0].required]
    others = [pair for pair in made.decisions if not pair[0].required]
    if required:
        lines.append(f"Decide before the first deploy ({len(required)}):")
        lines += _list(required)
    if others:
        lines.append(f"Look at ({len(others)}), each has a value that was guessed:")
        lines += _list(others)
    inventory = f"-i {made.folder}"
    lines += [
        "Then:" if required else "Nothing has to be decided. Next:",
        f"  ansible-playbook {inventory} slipway.stack.provision",
        f"  ansible-playbook {inventory} slipway.stack.images -e app_version=1.0.0",
        f"  ansible-playbook {inventory} slipway.stack.plan -e app_version=1.0.0",
        f"  ansible-playbook {inventory} slipway.stack.deploy -e app_version=1.0.0",
    ]
    return lines


def plain(made: FirstInventory) -> list[dict[str, Any]]:
    """Return the decisions as data."""
    keys = ("file", "what", "write", "source", "required")
    return [{**{key: getattr(one, key) for key in keys}, "line": line} for one, line in made.decisions]


def _list(pairs: Sequence[tuple[Any, int]]) -> list[str]:
    lines = []
    for one, line in pairs:
        source = f" ({one.source})" if one.source else ""
        lines += [f"  {one.file}:{line}  {one.what}{source}", f"      {one.write}"]
    return lines

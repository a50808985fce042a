"""A host in the groups of two stacks: Ansible merges the variables of both, so neither stack is what its group says.

Place in the pipeline: before describe; used by the action plugins. Group variables are read as Ansible reads them.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations
from typing import Any

from ansible.inventory.group import Group
from ansible.vars.plugins import get_vars_from_inventory_sources, get_vars_from_path

_NAME = "stack_name"


def problem(variables: Mapping[str, Any]) -> str:
    """Return a sentence if two groups of the host name different stacks; empty if one stack is meant.

    A group may override its parent, and a host its groups.

    :param variables: those of the host, templates unevaluated.
    """
    hostvars, name = variables.get("hostvars"), str(variables.get("inventory_hostname", ""))
    inventory, loader = getattr(hostvars, "_inventory", None), getattr(hostvars, "_loader", None)
    host = inventory.get_host(name) if inventory else None
    if host is None or len(host.get_groups()) < 3 or _said(host, inventory, loader, variables):
        # Every host is in the group `all`.
        return ""
    said = {group: _said(group, inventory, loader, variables) for group in host.get_groups()}
    named = [(group, text) for group, text in said.items() if text]
    for (first, one), (second, other) in combinations(sorted(named, key=lambda entry: str(entry[0].name)), 2):
        if one != other and not _related(first, second):
            return (
                f"host {name} is in the groups {first.name} and {second.name}, whose {_NAME} is {one!r} and {other!r}; "
                f"Ansible merges the variables of both groups, so the stack would be a mixture of both; give the "
                f"server one name in each group (docs/projects.md, 'Two stacks on one server')"
            )
    return ""


def _said(entity: Any, inventory: Any, loader: Any, variables: Mapping[str, Any]) -> str:
    """Return ``stack_name`` as a group or a host itself sets it; empty if it does not."""
    found = dict(entity.vars)
    found.update(get_vars_from_inventory_sources(loader, getattr(inventory, "_sources", []), [entity], "task"))
    if variables.get("playbook_dir"):
        found.update(get_vars_from_path(loader, str(variables["playbook_dir"]), [entity], "task"))
    return str(found.get(_NAME) or "")


def _related(one: Group, other: Group) -> bool:
    return one in other.get_ancestors() or other in one.get_ancestors()

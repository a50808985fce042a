"""A host in the groups of two stacks: refused, because its variables are a mixture of both."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible.inventory.manager import InventoryManager
from ansible.parsing.dataloader import DataLoader
from ansible.vars.hostvars import HostVars
from ansible.vars.manager import VariableManager
from ansible_collections.slipway.stack.plugins.plugin_utils.controller import shared_host


def _problem(folder: Path, inventory: dict[str, Any], host: str = "app1", **group_vars: dict[str, Any]) -> str:
    """Return the problem of a host; *group_vars* are files next to the inventory, by group."""
    (folder / "hosts.yml").write_text(yaml.safe_dump(inventory))
    for group, variables in group_vars.items():
        (folder / "group_vars").mkdir(exist_ok=True)
        (folder / f"group_vars/{group}.yml").write_text(yaml.safe_dump(variables))
    loader = DataLoader()
    manager = InventoryManager(loader, [str(folder / "hosts.yml")])
    hostvars = HostVars(manager, VariableManager(loader, manager), loader)
    return shared_host.problem({"hostvars": hostvars, "inventory_hostname": host, "playbook_dir": str(folder / "play")})


SHOP, BLOG = {"stack_name": "shop"}, {"stack_name": "blog"}
BOTH = {"shop": {"hosts": {"app1": {}}}, "blog": {"hosts": {"app1": {}}}}


def test_two_groups_with_a_stack_each_are_refused(tmp_path: Path) -> None:
    assert _problem(tmp_path, BOTH, shop=SHOP, blog=BLOG) == (
        "host app1 is in the groups blog and shop, whose stack_name is 'blog' and 'shop'; Ansible merges the variables "
        "of both groups, so the stack would be a mixture of both; give the server one name in each group "
        "(docs/projects.md, 'Two stacks on one server')"
    )


def test_variables_in_the_inventory_itself_and_of_parents_count_too(tmp_path: Path) -> None:
    inventory = {
        "shop": {"children": {"shop_web": {"hosts": {"app1": {}}}}, "vars": SHOP},
        "blog": {"hosts": {"app1": {}}, "vars": BLOG},
    }
    assert "in the groups blog and shop" in _problem(tmp_path, inventory)


@pytest.mark.parametrize(
    ("inventory", "group_vars"),
    [
        ({"shop": {"hosts": {"app1": {}}}}, {"shop": SHOP}),
        # Other groups say nothing about the stack, or the same.
        (BOTH, {"shop": SHOP}),
        (BOTH, {"shop": SHOP, "blog": SHOP}),
        (BOTH, {"all": SHOP, "blog": BLOG}),
        # A group overrides its parent.
        ({"stack": {"children": {"staging": {"hosts": {"app1": {}}}}}}, {"stack": SHOP, "staging": BLOG}),
        # The host says it itself.
        ({"shop": {"hosts": {"app1": SHOP}}, "blog": {"hosts": {"app1": {}}}}, {"shop": SHOP, "blog": BLOG}),
    ],
)
def test_one_stack_is_accepted(tmp_path: Path, inventory: dict[str, Any], group_vars: dict[str, Any]) -> None:
    assert _problem(tmp_path, inventory, **group_vars) == ""


def test_a_name_of_its_own_in_each_group_is_accepted(tmp_path: Path) -> None:
    inventory = {"shop": {"hosts": {"shop1": {}}}, "blog": {"hosts": {"blog1": {}}}}
    for host in ("shop1", "blog1"):
        assert _problem(tmp_path, inventory, host, shop=SHOP, blog=BLOG) == ""


def test_without_an_inventory_nothing_is_said() -> None:
    assert shared_host.problem({"inventory_hostname": "app1"}) == ""

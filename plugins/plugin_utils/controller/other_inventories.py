"""The stack's variables in another inventory, read by Ansible itself without connections and without vault passwords.

Place in the pipeline: describe, for an environment that is not deployed but compared by the policy. Values that are not
available are left out: the names of services and their images do not depend on passwords.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NoReturn

from ansible.errors import AnsibleError
from ansible.inventory.manager import InventoryManager
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.parsing.dataloader import DataLoader
from ansible.parsing.vault import AnsibleVaultError
from ansible.template import Templar
from ansible.vars.manager import VariableManager
from ansible_collections.slipway.stack.plugins.plugin_utils.controller import available_values

#: Without these arguments a comparison is not possible.
_REQUIRED = ("name", "environment", "services", "compose_files")


class _Loader(DataLoader):
    """Reads an encrypted file as an empty one."""

    def load_from_file(self, *arguments: Any, **options: Any) -> Any:
        """Return the content of a file."""
        try:
            return super().load_from_file(*arguments, **options)
        except AnsibleVaultError:
            return {}


def read_variables(
    inventory: Path, spec: Mapping[str, Mapping[str, Any]], group: str, playbook: str = ""
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the variables ``stack_*`` of the first host in *group*, as an action's arguments; and all its variables.

    A value at any depth is left out if it needs a lookup, a vault password or a variable that does not exist. An image
    that is not available becomes :data:`available_values.UNKNOWN_IMAGE`.

    :param inventory: a directory or a file, absolute.
    :param spec: the specification of the arguments; the argument ``name`` is the variable ``stack_name``.
    :param group: if the inventory has no such group, the group `stack` counts, or else all hosts.
    :param playbook: the directory whose ``group_vars`` are read too, like in a play.
    :raises ValueError: if Ansible cannot read the inventory, it has no hosts, or a required argument is not available.
    """
    if not inventory.exists():
        raise ValueError("there is no such file or directory")
    loader = _Loader()
    loader.set_basedir(playbook or str(inventory.parent))
    try:
        manager = InventoryManager(loader, [str(inventory)])
        hosts = manager.get_hosts(next((name for name in (group, "stack") if name in manager.groups), "all"))
        if not hosts:
            raise ValueError("it has no hosts")
        found = VariableManager(loader, manager).get_vars(host=hosts[0], include_hostvars=False)
    except AnsibleError as error:
        raise ValueError(_sentence(error)) from None
    # A lookup may take seconds, ask for a password, or create what it does not find.
    blocked = dict.fromkeys(("lookup", "query", "q"), _refuse)
    templar = Templar(loader, variables={**found, "playbook_dir": playbook, **blocked})
    arguments: dict[str, Any] = {}
    for name in spec:
        try:
            arguments |= (
                {name: available_values.available(found[f"stack_{name}"], templar)} if f"stack_{name}" in found else {}
            )
        except available_values.Unavailable:
            if name in _REQUIRED:
                raise ValueError(f"stack_{name} needs a lookup, a vault or a variable that does not exist") from None
    checked = ArgumentSpecValidator(dict(spec)).validate(arguments)
    if checked.error_messages:
        raise ValueError(checked.error_messages[0])
    return dict(checked.validated_parameters), found


def _refuse(*_: Any, **__: Any) -> NoReturn:
    raise available_values.Unavailable


def _sentence(error: AnsibleError) -> str:
    """Return an error's first line, without a full stop."""
    return str(error).strip().partition("\n")[0].rstrip(".")

"""What another inventory says of the stack, read by Ansible itself: nobody is connected to, no vault is opened.

Place in the pipeline: describe, of an environment that is not deployed, for the policy to compare with. What cannot be
had there is left out: which services there are and which images they run does not depend on passwords.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NoReturn

from ansible.errors import AnsibleError
from ansible.inventory.manager import InventoryManager
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.parsing.dataloader import DataLoader
from ansible.parsing.vault import AnsibleVaultError
from ansible.template import Templar
from ansible.vars.manager import VariableManager

#: An image of which nothing is known; the policy compares no version with it.
UNKNOWN_IMAGE = "unknown:${unknown}"
#: Arguments without which there is nothing to compare.
_NEEDED = ("name", "environment", "services", "compose_files")
#: Keys of a service that say which image it runs.
_OF_THE_IMAGE = ("image", "version")
_SOLE_NAME = re.compile(r"\s*\{\{\s*([A-Za-z_]\w*)\s*\}\}\s*")


class _Unavailable(Exception):
    """A value cannot be had here."""


class _Loader(DataLoader):
    """Takes a file that is encrypted for one that is empty."""

    def load_from_file(self, *arguments: Any, **options: Any) -> Any:
        """Return what a file holds."""
        try:
            return super().load_from_file(*arguments, **options)
        except AnsibleVaultError:
            return {}


def described(
    inventory: Path, spec: Mapping[str, Mapping[str, Any]], group: str, playbook: str = ""
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return what the variables ``stack_*`` of an inventory's first host in *group* say, and all its variables.

    Each value, however deep, that takes a lookup, a vault's password, or a variable that is not there, is left out. An
    image that cannot be had is :data:`UNKNOWN_IMAGE`.

    :param inventory: a directory or a file, absolute.
    :param spec: the arguments to read, as an action has them: ``name`` is what ``stack_name`` says.
    :param group: where the inventory has no such group, the group `stack` or else all its hosts.
    :param playbook: the directory whose ``group_vars`` count as well, as they do in a play.
    :raises ValueError: with what is wrong, for one that Ansible cannot read, that has no host, or lacks what is needed.
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
    # A lookup may take seconds, ask for a password, or make what it does not find.
    refused = dict.fromkeys(("lookup", "query", "q"), _refuse)
    templar = Templar(loader, variables={**found, "playbook_dir": playbook, **refused})
    said: dict[str, Any] = {}
    for name in spec:
        try:
            said |= {name: _available(found[f"stack_{name}"], templar)} if f"stack_{name}" in found else {}
        except _Unavailable:
            if name in _NEEDED:
                raise ValueError(f"stack_{name} takes a lookup, a vault or a variable that is not there") from None
    checked = ArgumentSpecValidator(dict(spec)).validate(said)
    if checked.error_messages:
        raise ValueError(checked.error_messages[0])
    return dict(checked.validated_parameters), found


def _refuse(*_: Any, **__: Any) -> NoReturn:
    raise _Unavailable


def _available(value: Any, templar: Templar, seen: frozenset[str] = frozenset()) -> Any:
    """Return *value* templated and without what cannot be had. :raises _Unavailable: where that is all of it."""
    try:
        return templar.template(value)
    except AnsibleError:
        pass
    if isinstance(value, Mapping):
        result, lost = {}, set()
        for key, item in value.items():
            try:
                result[key] = _available(item, templar, seen)
            except _Unavailable:
                lost.add(key)
        return {**result, "image": UNKNOWN_IMAGE} if lost.intersection(_OF_THE_IMAGE) else result
    if isinstance(value, list):
        return list(_items(value, templar, seen))
    sole = _SOLE_NAME.fullmatch(value) if isinstance(value, str) else None
    if sole and sole[1] not in seen and sole[1] in templar.available_variables:
        # A mapping or a list that has a name; of it, too, only a part may be missing.
        return _available(templar.available_variables[sole[1]], templar, seen | {sole[1]})
    raise _Unavailable


def _items(values: list[Any], templar: Templar, seen: frozenset[str]) -> Iterator[Any]:
    for item in values:
        try:
            yield _available(item, templar, seen)
        except _Unavailable:
            continue


def _sentence(error: AnsibleError) -> str:
    """Return an error's first line, without a full stop."""
    return str(error).strip().partition("\n")[0].rstrip(".")

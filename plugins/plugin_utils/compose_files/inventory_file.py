"""An adopted description as the text of a file of variables, with a word on whatever was decided in it.

Place in the pipeline: project, after ``adopt``. Pure.
"""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

import yaml
from ansible.module_utils.common.yaml import SafeDumper, SafeLoader
from ansible_collections.slipway.stack.plugins.plugin_utils.compose_files import expressions
from ansible_collections.slipway.stack.plugins.plugin_utils.compose_files.adopt import Adopted
from ansible_collections.slipway.stack.plugins.plugin_utils.compose_files.expressions import Expression
from ansible_collections.slipway.stack.plugins.plugin_utils.description.fields import SERVICE_FIELDS

_WIDTH = 110
_HEADER = """\
The stack {name!r} as {files} has it, written by slipway.stack. It deploys what the files do, without them.
It is yours from here on: playbooks/workspace.yml keeps what somebody has changed. Keys: docs/services.md.
"""
_OF_A_VAULT = "What is called vault_ here is for a vault to keep, under that name."


def dump(adopted: Adopted, name: str, files: Sequence[str]) -> str:
    """Return the text for the inventory of the stack *name*, in the place of the Compose *files*."""
    lines = _comment(_HEADER.format(files=", ".join(files), name=name))
    if adopted.remarks:
        lines += ["#", "# What it does not have of them:"]
        lines += [line for remark in adopted.remarks for line in _item(remark)]
    lines += ["---", "stack_services:"]
    for service, given in adopted.services.items():
        lines += _comment(_said(service, adopted), "  ")
        lines += _yaml({service: _ordered(given)}, "  ")
    for section, given in (("networks", adopted.networks), ("volumes", adopted.volumes)):
        if given:
            lines += ["", f"stack_{section}:", *_yaml(given, "  ")]
    if adopted.secrets:
        asked = any("vault_" in str(source) for source in adopted.secrets.values())
        lines += ["", *(_comment(_OF_A_VAULT) if asked else []), "stack_secrets:", *_yaml(adopted.secrets, "  ")]
    return "\n".join(lines) + "\n"


def parsed(text: str) -> Any:
    """Return what the text of a file of variables holds, templates as they are; ``None`` where it is no YAML."""
    try:
        return yaml.load(text, Loader=_Loader)
    except yaml.YAMLError:
        return None


def _said(service: str, adopted: Adopted) -> str:
    """Return what there is to know of a service: how it gives way to its next version, and what would suit better."""
    lines = [f"{note[0].upper()}{note[1:]}." for note in adopted.notes.get(service, [])]
    if service in adopted.fuller:
        lines.append(f"The kind {adopted.fuller[service]} would bring health check, limits and hardening of its own.")
    return "\n".join(lines)


def _ordered(given: Any) -> Any:
    """Return a service with its keys in the order of the documentation, Compose's own behind."""
    if not isinstance(given, Mapping):
        return given
    last = ("compose", "environments")
    first = [key for key in ("kind", "class", *SERVICE_FIELDS) if key in given and key not in last]
    rest = [key for key in given if key not in first and key not in last]
    return {key: given[key] for key in dict.fromkeys([*first, *rest, *(key for key in last if key in given)])}


def _comment(text: str, indent: str = "") -> list[str]:
    lead = f"{indent}# "
    return [
        line
        for part in text.splitlines()
        for line in textwrap.wrap(part, _WIDTH, initial_indent=lead, subsequent_indent=lead, break_long_words=False)
    ]


def _item(text: str) -> list[str]:
    return textwrap.wrap(text, _WIDTH, initial_indent="#   - ", subsequent_indent="#     ", break_long_words=False)


def _yaml(value: Any, indent: str) -> list[str]:
    text = yaml.dump(value, Dumper=_Dumper, sort_keys=False, default_flow_style=False, allow_unicode=True, width=_WIDTH)
    return [f"{indent}{line}" if line else "" for line in text.splitlines()]


class _Dumper(SafeDumper):
    """YAML as people write it: lists of words in one line, longer texts as blocks, no anchors."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


class _Loader(SafeLoader):
    """YAML as Ansible reads it, as far as it is written here."""


def _represent_text(dumper: SafeDumper, data: str) -> yaml.Node:
    if expressions.is_template(data):
        # Nothing of it is for Ansible to evaluate.
        return dumper.represent_scalar("!unsafe", data, style="'")
    return dumper.represent_scalar("tag:yaml.org,2002:str", data, style="|" if "\n" in data else None)


def _represent_expression(dumper: SafeDumper, data: Expression) -> yaml.Node:
    return dumper.represent_scalar("tag:yaml.org,2002:str", str(data), style='"')


def _represent_list(dumper: SafeDumper, data: list[Any]) -> yaml.Node:
    short = all(isinstance(item, (str, int, float)) for item in data) and sum(len(str(item)) + 4 for item in data) < 90
    return dumper.represent_sequence("tag:yaml.org,2002:seq", data, flow_style=short)


def _construct_unsafe(loader: SafeLoader, node: yaml.ScalarNode) -> Any:
    return loader.construct_scalar(node)


_Dumper.add_representer(str, _represent_text)
_Dumper.add_representer(Expression, _represent_expression)
_Dumper.add_representer(list, _represent_list)
_Loader.add_constructor("!unsafe", _construct_unsafe)

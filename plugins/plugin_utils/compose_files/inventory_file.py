"""An adopted description as the text of a variables file, with comments that explain what was decided.

Place in the pipeline: compose_files, after ``adopt``. Pure.
"""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

import yaml
from ansible.module_utils.common.yaml import SafeDumper, SafeLoader
from ansible_collections.slipway.stack.plugins.plugin_utils.compose_files import expressions
from ansible_collections.slipway.stack.plugins.plugin_utils.compose_files.adopt import AdoptedDescription
from ansible_collections.slipway.stack.plugins.plugin_utils.compose_files.expressions import Expression
from ansible_collections.slipway.stack.plugins.plugin_utils.description.fields import SERVICE_FIELDS

_WIDTH = 110
_HEADER = """\
The stack {name!r} as {files} describes it, written by slipway.stack. It deploys the same without these files.
You can edit it: playbooks/workspace.yml does not overwrite your changes. Keys: docs/services.md.
"""
_VAULT_COMMENT = "Put each variable whose name begins with vault_ into a vault, under that name."


def dump(adopted: AdoptedDescription, name: str, files: Sequence[str]) -> str:
    """Return the text of the file that replaces the Compose *files* of the stack *name* in the inventory."""
    lines = comment(_HEADER.format(files=", ".join(files), name=name))
    if adopted.remarks:
        lines += ["#", "# Not taken over from these files:"]
        lines += [line for remark in adopted.remarks for line in _item(remark)]
    return "\n".join([*lines, "---", *variables(adopted)]) + "\n"


def variables(adopted: AdoptedDescription, secrets_comment: str = "") -> list[str]:
    """Return the lines of the variables that a description consists of.

    :param secrets_comment: a comment on the secrets; by default one on those of a vault.
    """
    lines = ["stack_services:"]
    for service, entry in adopted.services.items():
        lines += comment(_service_comment(service, adopted), "  ")
        lines += _yaml({service: _ordered(entry)}, "  ")
    for section, entries in (("networks", adopted.networks), ("volumes", adopted.volumes)):
        if entries:
            lines += ["", f"stack_{section}:", *_yaml(entries, "  ")]
    if adopted.secrets:
        from_vault = any("vault_" in str(source) for source in adopted.secrets.values())
        lines += [
            "",
            *comment(secrets_comment or (_VAULT_COMMENT if from_vault else "")),
            "stack_secrets:",
            *_yaml(adopted.secrets, "  "),
        ]
    return lines


def parse(text: str) -> Any:
    """Return the content of a variables file, templates unevaluated; ``None`` if it is not YAML."""
    try:
        return yaml.load(text, Loader=_Loader)
    except yaml.YAMLError:
        return None


def _service_comment(service: str, adopted: AdoptedDescription) -> str:
    """Return the comment on a service: what was decided about it, and which kind would offer more."""
    lines = [f"{note[0].upper()}{note[1:]}." for note in adopted.notes.get(service, [])]
    if service in adopted.suggested_kinds:
        lines.append(f"The kind {adopted.suggested_kinds[service]} would add a health check, limits and hardening.")
    return "\n".join(lines)


def _ordered(entry: Any) -> Any:
    """Return a service with its keys in the order of the documentation, Compose's own keys last."""
    if not isinstance(entry, Mapping):
        return entry
    last = ("compose", "environments")
    first = [key for key in ("kind", "class", *SERVICE_FIELDS) if key in entry and key not in last]
    rest = [key for key in entry if key not in first and key not in last]
    return {key: entry[key] for key in dict.fromkeys([*first, *rest, *(key for key in last if key in entry)])}


def comment(text: str, indent: str = "") -> list[str]:
    """Return the lines of a text as lines of a comment."""
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
    """YAML as people write it: short lists on one line, long texts as blocks, no anchors."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


class _Loader(SafeLoader):
    """YAML as Ansible reads it, as far as :func:`dump` writes it."""


def _represent_text(dumper: SafeDumper, data: str) -> yaml.Node:
    if expressions.is_template(data):
        # Ansible must not evaluate any part of it.
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

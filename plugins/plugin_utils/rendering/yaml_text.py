"""Documents as YAML for people, which Compose reads back exactly.

Place in the pipeline: rendering, under ``compose``. Pure.
"""

from __future__ import annotations

import re
from typing import Any

import yaml
from ansible.module_utils.common.yaml import SafeDumper


class Override(list[Any]):
    """A list of an overlay that replaces the list of the base. Without it Compose would append one to the other."""


def dump(document: object) -> str:
    """Return the text of *document*, its keys in their order."""
    return str(
        yaml.dump(document, Dumper=_Dumper, sort_keys=False, default_flow_style=False, allow_unicode=True, width=120)
    )


class _Dumper(SafeDumper):
    """YAML as people write it: short lists on one line, no anchors. The dumper is in C, which is ten times as fast."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


#: Texts that Compose's YAML parser takes for numbers or dates. PyYAML writes YAML 1.1 and does not quote all of them.
_NO_TEXT = re.compile(
    r"[-+]?(?:0[xob][-+]?[0-9a-f_]+|(?:\.[0-9_]+|[0-9][0-9_]*(?:\.[0-9_]*)?)(?:e[-+]?[0-9]+)?)"
    r"|[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?:[t ].*)?",
    re.IGNORECASE,
)


def _represent_text(dumper: SafeDumper, data: str) -> yaml.Node:
    return dumper.represent_scalar("tag:yaml.org,2002:str", data, style="'" if _NO_TEXT.fullmatch(data) else None)


def _represent_list(dumper: SafeDumper, data: list[Any]) -> yaml.Node:
    short = all(isinstance(item, (str, int, float)) for item in data) and sum(len(str(item)) + 2 for item in data) < 90
    return dumper.represent_sequence("tag:yaml.org,2002:seq", data, flow_style=short)


def _represent_none(dumper: SafeDumper, _none: None) -> yaml.Node:
    # Only overlays have it: it removes a key of the base, which an empty value would not do.
    return dumper.represent_scalar("!reset", "null")


def _represent_override(dumper: SafeDumper, data: Override) -> yaml.Node:
    return dumper.represent_sequence("!override", list(data), flow_style=False)


_Dumper.add_representer(str, _represent_text)
_Dumper.add_representer(list, _represent_list)
_Dumper.add_representer(Override, _represent_override)
_Dumper.add_representer(type(None), _represent_none)

"""One more Compose file, which changes the files of a repository into those of production.

Place in the pipeline: project. Pure. It is in no repository: the description is made from it and from the files.
"""

from __future__ import annotations

from typing import Any

import yaml
from ansible.module_utils.common.yaml import SafeDumper


class Override:
    """A value in place of what earlier files have at its key; ``None`` removes the key."""

    def __init__(self, value: Any) -> None:
        self.value = value


def dump(services: dict[str, Any], volumes: list[str]) -> str:
    """Return the text of a Compose file. :param volumes: the named volumes that it adds."""
    content: dict[str, Any] = {"services": services or {}}
    if volumes:
        content["volumes"] = {name: {} for name in volumes}
    return str(yaml.dump(content, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=10_000))


class _Dumper(SafeDumper):
    """YAML with the tag ``!override`` and ``!reset``, without anchors."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _represent(dumper: SafeDumper, data: Override) -> yaml.Node:
    node = dumper.represent_data(data.value)
    node.tag = "!reset" if data.value is None else "!override"
    return node


_Dumper.add_representer(Override, _represent)

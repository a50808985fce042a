"""From the arguments of an action to the parcel for the host: the one place that reads files for the pure core.

Place in the pipeline: describe, before everything else; used by the actions ``release`` and ``secrets``.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ansible_collections.slipway.stack.plugins.plugin_utils import bundle, describe, kinds

_SHIPPED_KINDS = Path(__file__).parents[2] / "kinds"

#: The arguments of an action that describe a stack.
ARGUMENTS: dict[str, dict[str, Any]] = {
    "name": {"type": "str", "required": True},
    "root": {"type": "path", "default": "/opt/stacks"},
    "environment": {"type": "str", "required": True},
    "domain": {"type": "str", "default": ""},
    "services": {"type": "dict", "required": True},
    "secrets": {"type": "dict", "default": {}, "no_log": True},
    "probes": {"type": "list", "elements": "dict", "default": []},
    "kinds_paths": {"type": "list", "elements": "path", "default": []},
}


def base_directory(task_vars: Mapping[str, Any]) -> Path:
    """Return the directory that relative paths in a description start at: the inventory's, else the playbook's."""
    return Path(task_vars.get("inventory_dir") or task_vars.get("playbook_dir") or ".")


def parcel(arguments: Mapping[str, Any], base: Path) -> bundle.Bundle:
    """Return the release that *arguments* describe; relative paths in them start at *base*.

    :raises ValueError: with one sentence for the first thing that is wrong.
    """
    # Ansible's values carry their origin with them, and may still be encrypted; from here on they are plain.
    plain = json.loads(json.dumps(dict(arguments), default=str))
    stack = describe.describe(
        name=plain["name"],
        environment=plain["environment"],
        domain=plain["domain"],
        root=plain["root"],
        services={name: _with_contents(name, given, base) for name, given in plain["services"].items()},
        secrets=plain["secrets"],
        kinds=kinds.load([_SHIPPED_KINDS, *(base / path for path in plain["kinds_paths"])]),
    )
    return bundle.bundle(stack, plain["probes"])


def _with_contents(name: str, given: Any, base: Path) -> Any:
    """Return a service with the files that it names by ``src`` read into ``content``."""
    if not isinstance(given, Mapping) or not isinstance(given.get("files"), Mapping):
        return given
    files = {}
    for path, source in given["files"].items():
        files[path] = source
        if isinstance(source, Mapping) and set(source) == {"src"}:
            try:
                files[path] = {"content": (base / str(source["src"])).read_text(encoding="utf-8")}
            except (OSError, UnicodeDecodeError) as error:
                raise ValueError(f"service {name!r}, file {path!r}: {source['src']} cannot be read: {error}") from None
    return {**given, "files": files}

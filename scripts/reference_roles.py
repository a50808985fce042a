"""The page of the roles' variables, from their argument specs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from scripts.markdown import code, prose, table

_HEADER = """\
# Roles and their variables

`make docs` writes this page from `roles/*/meta/argument_specs.yml`. Do not edit it by hand. `ansible-doc --type role
slipway.stack.engine` shows the same for one role.

A variable that several roles have means the same in each of them. Set it once, in the inventory. The keys of
`stack_services` are in [services.md](services.md).
"""


def page(roles: Path) -> str:
    """Return the page for the roles in the directory *roles*."""
    lines = [_HEADER]
    for path in sorted(roles.glob("*/meta/argument_specs.yml")):
        specs = yaml.safe_load(path.read_text(encoding="utf-8"))["argument_specs"]
        lines += [f"## {path.parents[1].name}", ""]
        for entry_point, spec in specs.items():
            if entry_point != "main":
                lines += [f"### {path.parents[1].name}, `tasks_from: {entry_point}`", ""]
            lines += [f"{prose(spec['short_description'])}. {prose(spec['description'])}", ""]
            lines += table(("variable", "type", "default", "what it is"), _rows(spec["options"]))
    return "\n".join(lines).rstrip("\n") + "\n"


def _rows(options: Mapping[str, Any], within: str = "") -> Iterator[tuple[str, ...]]:
    for name, option in options.items():
        kind = option["type"] + (f" of {option['elements']}" if "elements" in option else "")
        default = "required" if option.get("required") else code(option.get("default"))
        choices = f" One of {', '.join(map(code, option['choices']))}." if "choices" in option else ""
        yield f"`{within}{name}`", kind, default, prose(option["description"]) + choices
        yield from _rows(option.get("options", {}), f"{within}{name}.")

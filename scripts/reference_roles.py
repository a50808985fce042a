"""The page of the roles' variables and the README of each role, from argument specs, metadata and playbooks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from scripts.markdown import code, prose, table

_HEADER = """\
# Roles and their variables

`make docs` writes this page from `roles/*/meta/argument_specs.yml` and the playbooks. Do not edit it by hand.
`ansible-doc --type role slipway.stack.engine` shows the same for one role.

The variables `stack_*` describe the stack. Set them in the inventory; every role reads them from there. They are listed
once, under the role [stack](#stack). The other variables belong to one role each. The keys of `stack_services` are in
[services.md](services.md).

## Tags

Each role has one tag, its own name, where a playbook uses it. `--tags` runs only the tasks of these roles and
`--skip-tags` all others. `deploy` does nothing without `stack` before it, unless `-e deploy_release=ID` names a release
on the host.
"""

_README = """\
# slipway.stack.{name}

`make docs` writes this page from `meta/argument_specs.yml`. Do not edit it by hand. All roles are on one page,
[docs/roles.md](../../docs/roles.md).

- Requires ansible-core {version} or later.
- Platforms: {platforms}.
- Tag: `{name}`, where a playbook of the collection uses the role.
- License: {license}.
"""

_EXAMPLE = """\
```yaml
- name: {title}
  hosts: stack
  gather_facts: false
{become}  tasks:
    - name: {title}
      ansible.builtin.import_role:
        name: slipway.stack.{name}
{tasks_from}```
"""

#: Roles that work on the controller, as the user who runs Ansible.
_CONTROLLER = ("images", "workspace")


def page(roles: Path) -> str:
    """Return the page for the roles in the directory *roles*."""
    lines = [_HEADER, *table(("playbook", "tags"), _tags(roles.parent / "playbooks"))]
    for name, specs in _specs(roles):
        lines += [f"## {name}", ""]
        for entry_point, spec in specs.items():
            lines += _entry_point(name, entry_point, spec, "###")
    return "\n".join(lines).rstrip("\n") + "\n"


def readmes(roles: Path) -> dict[str, str]:
    """Return the text of each role's README by its path below *roles*."""
    return {f"{name}/README.md": _readme(roles / name, specs) for name, specs in _specs(roles)}


def _readme(role: Path, specs: Mapping[str, Any]) -> str:
    about = yaml.safe_load((role / "meta/main.yml").read_text(encoding="utf-8"))["galaxy_info"]
    platforms = "; ".join(f"{one['name']} {', '.join(one['versions'])}" for one in about["platforms"])
    head = _README.format(
        name=role.name,
        version=about["min_ansible_version"],
        platforms=platforms,
        license=about["license"],
    )
    lines = [head]
    for entry_point, spec in specs.items():
        lines += _entry_point(role.name, entry_point, spec, "##")
        lines += [_example(role.name, entry_point, spec)]
    return "\n".join(lines).rstrip("\n") + "\n"


def _example(name: str, entry_point: str, spec: Mapping[str, Any]) -> str:
    as_root = name not in _CONTROLLER or (entry_point != "main" and name == "images")
    return _EXAMPLE.format(
        name=name,
        title=prose(spec["short_description"]).replace("`", ""),
        become="  become: true\n" if as_root else "",
        tasks_from="" if entry_point == "main" else f"        tasks_from: {entry_point}\n",
    )


def _specs(roles: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    for path in sorted(roles.glob("*/meta/argument_specs.yml")):
        yield path.parents[1].name, yaml.safe_load(path.read_text(encoding="utf-8"))["argument_specs"]


def _entry_point(role: str, name: str, spec: Mapping[str, Any], heading: str) -> list[str]:
    head = [f"{heading} {role}, `tasks_from: {name}`", ""] if name != "main" else []
    what = [f"{prose(spec['short_description'])}.", "", *(f"- {prose(text)}" for text in spec["description"]), ""]
    return [*head, *what, *table(("variable", "type", "default", "what it is"), _rows(spec["options"]))]


def _tags(playbooks: Path) -> Iterator[tuple[str, str]]:
    """Yield each playbook that has tags, with these."""
    for path in sorted(playbooks.glob("*.yml")):
        plays = yaml.safe_load(path.read_text(encoding="utf-8"))
        entries = [entry for play in plays for entry in play.get("roles", play.get("tasks"))]
        tags = [tag for entry in entries for tag in entry.get("tags", [])]
        if tags:
            yield f"`{path.stem}`", ", ".join(f"`{tag}`" for tag in dict.fromkeys(tags))


def _rows(options: Mapping[str, Any], within: str = "") -> Iterator[tuple[str, ...]]:
    for name, option in options.items():
        kind = option["type"] + (f" of {option['elements']}" if "elements" in option else "")
        default = "required" if option.get("required") else code(option.get("default"))
        choices = f" One of {', '.join(map(code, option['choices']))}." if "choices" in option else ""
        yield f"`{within}{name}`", kind, default, prose(option["description"]) + choices
        yield from _rows(option.get("options", {}), f"{within}{name}.")

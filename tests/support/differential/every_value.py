"""Projects that together have every value of ``values.txt``: one service for each value of a key of services."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from tests.support.differential import examples
from tests.support.differential.examples import Example
from tests.support.differential.projects import File, Project, outcome

_IN_TEXT = re.compile(r"services?[ .]'?(v[0-9]+)")


def projects() -> Iterator[tuple[Project, dict[str, Example]]]:
    """Yield each project and, by service, the value that it has."""
    for newest_only in (False, True):
        found = {f"v{index}": one for index, one in enumerate(_values("service")) if one.newest_only == newest_only}
        models = {"models": "{llm: {model: ai/x}}"} if newest_only else {}
        services = {name: {"image": "app:1", one.key: one.text} for name, one in found.items()}
        yield Project((File({**examples.BASE, **services}, {**examples.TOP, **models}),)), found
    for one in _values("top"):
        yield Project((File(_USERS, {**examples.TOP, one.key: one.text}),)), {"": one}


def _values(section: str) -> list[Example]:
    return examples.load(section)


#: Services that use everything that is declared.
_USERS = {
    **examples.BASE,
    "user": {
        "image": "app:1",
        "networks": "[front, back, Team.Net, default]",
        "volumes": '["data:/data", "cache:/cache"]',
        "secrets": "[token, pw, Dotted.Name]",
        "configs": "[app, web]",
    },
}


def report(folder: Path) -> list[str]:
    """Return a line for each value that is refused by ours only, or differs: the value, and what is wrong."""
    lines = []
    for project, values in projects():
        found, refused = outcome(project, folder)
        for line in [*refused, *found.defects()]:
            match = _IN_TEXT.search(line)
            value = values.get(match[1] if match else "", values.get(""))
            lines.append(f"{f'{value.key}: {value.text}' if value else 'other'}\n    {line}")
        if found.outcome == "refused by both":
            lines.append(f"{next(iter(values.values()))}\n    {found.refusals}")
    return lines

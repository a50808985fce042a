"""Projects that together have every value of ``values.txt``: one service for each value of a key of services."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tests.support.differential import examples
from tests.support.differential.comparison import Comparison
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


@dataclass
class Report:
    """A line for each value: refused by ours only, and different or refused without file and line."""

    refused: list[str] = field(default_factory=list)
    defects: list[str] = field(default_factory=list)


def report(folder: Path) -> Report:
    """Return what came of every value."""
    result = Report()
    for project, values in projects():
        found, refused = outcome(project, folder)
        defects = [*found.defects(), *without_place(refused)]
        if found.outcome == "refused by both":
            defects += [f"no version of Compose takes it: {text}" for text in found.refusals.values()]
        for lines, sentences in ((result.refused, refused), (result.defects, defects)):
            lines += [_with_value(sentence, values) for sentence in sentences]
    return result


def without_place(lines: list[str]) -> list[str]:
    """Return a sentence for each refusal that names no file and line."""
    return Comparison({}, "\n".join(lines)).defects() if lines else []


def _with_value(sentence: str, values: dict[str, Example]) -> str:
    match = _IN_TEXT.search(sentence)
    value = values.get(match[1] if match else "", values.get(""))
    return f"{f'{value.key}: {value.text}' if value else 'other'}\n    {sentence}"

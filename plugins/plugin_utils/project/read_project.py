"""The Compose files of a repository, read twice: with values, and with a marker in place of each variable.

Place in the pipeline: project; reads files on the controller. The markers keep a variable a variable: a password stays
a reference wherever it is used.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ansible_collections.slipway.stack.plugins.plugin_utils.compose_files.roots import Roots
from ansible_collections.slipway.stack.plugins.plugin_utils.compose_reader import reading
from ansible_collections.slipway.stack.plugins.plugin_utils.compose_reader.source_positions import mark_of
from ansible_collections.slipway.stack.plugins.plugin_utils.compose_reader.yaml_parser import Unreadable
from ansible_collections.slipway.stack.plugins.plugin_utils.policy.stack import Stack, from_document
from ansible_collections.slipway.stack.plugins.plugin_utils.project import given_values
from ansible_collections.slipway.stack.plugins.plugin_utils.project.chosen_files import ChosenFiles
from ansible_collections.slipway.stack.plugins.plugin_utils.project.given_values import GivenValue
from ansible_collections.slipway.stack.plugins.plugin_utils.project.tree import Tree

# Private-use characters, which nobody types.
MARKER = re.compile("\ue010([^\ue011]+)\ue011")


@dataclass(frozen=True)
class ReadProject:
    """``plain``: the services with the values of the repository. ``marked``: with a marker in place of each variable.

    ``given``: the variables of ``.env`` or its example. ``folder``: of the first file, in the repository.
    """

    tree: Tree
    chosen: ChosenFiles
    plain: Stack
    document: reading.Document
    marked: reading.Document
    given: Mapping[str, GivenValue] = field(repr=False)
    folder: str = ""

    def place(self, service: str, key: str = "", name: object = None) -> str:
        """Return the file and line of a service, of one of its keys, or of an entry of that key."""
        keys = self.document.services.get(service)
        part = keys.get(key) if keys is not None and key else None
        mark = (mark_of(part, name) if part is not None and name is not None else None) or (
            mark_of(keys, key) if keys is not None and key else None
        )
        mark = mark or self.document.services.marks.get(service)
        return f"{mark.file.removeprefix(f'{self.tree.root}/')}:{mark.line}" if mark else ""


def read(tree: Tree, chosen: ChosenFiles) -> ReadProject:
    """Return the content of the chosen files. :raises ValueError: with one sentence about the first problem."""
    paths = [tree.root / name for name in chosen.files]
    folder = chosen.files[0].rpartition("/")[0]
    given = given_values.of_file(tree, f"{folder}/.env" if folder else ".env")
    opener = Roots([tree.root], paths).read
    texts = {name: one.text for name, one in given.items()}
    without_value: set[str] = set()

    def unset(name: str, reference: str) -> str:
        without_value.add(name)
        return _marker(name)

    try:
        document = reading.read(paths, texts, None, opener=opener)
        # A variable with a default of its own keeps it, unless the repository gives another value.
        markers = {name: _marker(name) for name in document.used_variables if name in given}
        marked = reading.read(paths, {**texts, **markers}, None, unset=unset, opener=opener)
    except Unreadable as error:
        raise ValueError(str(error).replace(f"{tree.root}/", "")) from None
    return ReadProject(tree, chosen, from_document(document), document, marked, given, folder)


def _marker(name: str) -> str:
    return f"\ue010{name}\ue011"


def plain_path(project: ReadProject, path: str) -> str | None:
    """Return a path of the Compose files as a path in the repository, ``None`` if it leads out of it."""
    return project.tree.inside(Path(project.folder) / path)

"""Which Compose files of a repository are those of production.

Place in the pipeline: project. A file for a laptop is left out. A file for production is merged with the one for all,
as Compose merges ``-f … -f …``, unless each of its services is complete by itself.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ansible_collections.slipway.stack.plugins.plugin_utils.compose_files.roots import Roots
from ansible_collections.slipway.stack.plugins.plugin_utils.compose_reader import reading
from ansible_collections.slipway.stack.plugins.plugin_utils.compose_reader.yaml_parser import Unreadable
from ansible_collections.slipway.stack.plugins.plugin_utils.project.tree import Tree

#: Directories that teams keep Compose files in, the first one that has some counts.
_FOLDERS = ("", "deploy", "docker", "deployment", "infra", "compose", "ops", ".docker", ".deploy")
_NAME = re.compile(r"(?:docker-)?compose(?:[.-](?P<environment>[\w.-]+))?\.ya?ml")
_PRODUCTION = frozenset({"prod", "production", "prd", "live", "deploy"})


@dataclass(frozen=True)
class ChosenFiles:
    """Paths in the repository. ``files``: in the order in which they are merged. ``others``: those left out."""

    files: tuple[str, ...]
    others: tuple[str, ...]


def choose(tree: Tree, named: Sequence[str]) -> ChosenFiles:
    """Return the Compose files of production.

    :param named: the files that the person names; they count as they are.
    :raises ValueError: if there is none, or one is not a file of the repository.
    """
    if named:
        paths = [tree.inside(Path(name)) for name in named]
        for name, path in zip(named, paths, strict=True):
            if path is None or path not in tree.files:
                raise ValueError(f"init_files: {name} is not a file of {tree.root}; links are not followed")
        return ChosenFiles(tuple(path for path in paths if path), ())
    for folder in _FOLDERS:
        here = sorted(path for path in tree.files if path.rpartition("/")[0] == folder and _match(path))
        if here:
            return _of_folder(tree, here)
    elsewhere = sorted(path for path in tree.files if _match(path))[:5]
    shown = ", ".join(elsewhere)
    hint = f"name them with -e init_files={elsewhere[0]}; there are {shown}" if elsewhere else "write one"
    raise ValueError(f"init_project: {tree.root} has no Compose file, such as compose.yaml; {hint}")


def _of_folder(tree: Tree, here: list[str]) -> ChosenFiles:
    bases = [path for path in here if not _environment(path)]
    # As Compose: the new name before the old one.
    new_names = (path for path in bases if not path.rpartition("/")[2].startswith("docker-"))
    base = next(new_names, bases[0] if bases else "")
    production = [path for path in here if set(re.split(r"[.-]", _environment(path))) & _PRODUCTION][:1]
    if not base and not production:
        raise ValueError(
            f"init_project: none of {', '.join(here)} is for production; name the right ones, "
            f"such as -e init_files={here[0]}"
        )
    alone = bool(production) and (not base or _is_complete(tree, production[0]))
    files = production if alone else [base, *production]
    return ChosenFiles(tuple(files), tuple(path for path in here if path not in files))


def _is_complete(tree: Tree, path: str) -> bool:
    """Return whether each service of a file says itself what it runs."""
    try:
        document = reading.read([tree.root / path], opener=Roots([tree.root]).read)
    except Unreadable:
        return False
    return all("image" in keys or "build" in keys for keys in document.services.values())


def _match(path: str) -> re.Match[str] | None:
    return _NAME.fullmatch(path.rpartition("/")[2])


def _environment(path: str) -> str:
    match = _match(path)
    return (match["environment"] or "") if match else ""

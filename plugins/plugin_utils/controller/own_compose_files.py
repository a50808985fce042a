"""A team's own Compose files, read on the controller and translated.

Place in the pipeline: before describe, used by ``inventory``. Only stacks with such files import it.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ansible_collections.slipway.stack.plugins.plugin_utils.compose_files import reading
from ansible_collections.slipway.stack.plugins.plugin_utils.compose_files.roots import Roots
from ansible_collections.slipway.stack.plugins.plugin_utils.compose_files.translation import Translated, translate
from ansible_collections.slipway.stack.plugins.plugin_utils.compose_reader.reading import Document


def translated(plain: Mapping[str, Any], services: Mapping[str, Any], base: Path, secrets_unknown: bool) -> Translated:
    """Return the translation of the files and the description.

    :param plain: the result of :func:`inventory.plain_of`; it names at least one file.
    :param services: its services, with the contents of their files.
    :param secrets_unknown: whether the secrets of the description are not known.
    :raises ValueError: with a line for each problem in the files.
    """
    project = reading.read(**_reading_arguments(plain, base), secrets_unknown=secrets_unknown)
    return translate(
        project,
        plain["name"],
        services,
        plain["secrets"],
        plain["compose_host_paths"],
        secrets_unknown,
        bool(plain.get("compose_hardening")),
    )


def as_written(plain: Mapping[str, Any], base: Path) -> Document:
    """Return the files as they are written. :raises ValueError: with one sentence about the first problem."""
    return reading.as_written(**_reading_arguments(plain, base))


def _reading_arguments(plain: Mapping[str, Any], base: Path) -> dict[str, Any]:
    """Return the arguments of :func:`reading.read` in a description with Compose files."""
    variables = {str(name): "" if value is None else str(value) for name, value in plain["compose_variables"].items()}
    return {
        "name": plain["name"],
        "files": plain["compose_files"],
        "base": base,
        "profiles": plain["compose_profiles"],
        "variables": variables,
        "secrets": list(plain["secrets"]),
        "roots": _roots(plain, base),
    }


def _roots(plain: Mapping[str, Any], base: Path) -> Roots:
    """Return the directories that a team's Compose files may refer to.

    :raises ValueError: for one that is not a directory.
    """
    named = [base / name for name in plain["compose_files"]]
    project = str(plain.get("compose_project") or "")
    further = [str(name) for name in plain.get("compose_roots") or []]
    for key, name in (("project", project), *(("roots", name) for name in further)):
        if name and not (base / name).is_dir():
            raise ValueError(f"stack_compose_{key}: {name} is not a directory on the controller")
    folder = base / project if project else named[0].parent
    return Roots([folder, *(base / name for name in further)], named)

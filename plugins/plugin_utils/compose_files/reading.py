"""A team's Compose files, read as Compose reads them, with every file that they refer to.

Place in the pipeline: compose_files, its first step; reads files on the controller. It does not call Docker: the
controller needs no Docker, every value keeps its file and line, and a variable without a value does not silently become
an empty text.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ansible_collections.slipway.stack.plugins.plugin_utils.compose_files import locations
from ansible_collections.slipway.stack.plugins.plugin_utils.compose_files.roots import Roots
from ansible_collections.slipway.stack.plugins.plugin_utils.compose_reader import interpolation, reading
from ansible_collections.slipway.stack.plugins.plugin_utils.compose_reader.source_positions import Map
from ansible_collections.slipway.stack.plugins.plugin_utils.compose_reader.yaml_parser import Unreadable
from ansible_collections.slipway.stack.plugins.plugin_utils.description import secret_text
from ansible_collections.slipway.stack.plugins.plugin_utils.policy.stack import Stack, from_document


@dataclass(frozen=True)
class Project:
    """The content of the files.

    ``name``: how the project is called without a stack, by ``COMPOSE_PROJECT_NAME`` or the files; ``None`` if neither
    says it.
    ``file``: the first of the files. ``folder``: the directory that relative paths start from. ``shown``: the directory
    that paths in messages are relative to. ``roots``: the directories that files are read from. ``dropped``: services
    of which no profile is active.
    """

    document: reading.Document
    stack: Stack
    name: str | None
    file: Path
    folder: Path
    shown: Path
    roots: Roots
    dropped: Map = field(default_factory=Map)

    @property
    def inactive(self) -> tuple[str, ...]:
        """The names of the services of which no profile is active."""
        return tuple(self.dropped)

    def problems(self) -> locations.Problems:
        """Return an empty list of problems that shows paths as the user writes them."""
        return locations.Problems(f"{self.shown}/")


def read(
    name: str,
    files: Sequence[str],
    base: Path,
    profiles: Sequence[str],
    variables: Mapping[str, str],
    secrets: Sequence[str],
    roots: Roots,
    secrets_unknown: bool = False,
) -> Project:
    """Return the merged content of *files*.

    :param name: of the stack, which is the project's name for Compose.
    :param files: in the order in which they are merged; relative paths start from *base*.
    :param variables: for interpolation; they take precedence over ``.env`` and *secrets*.
    :param secrets: names of secrets; ``${DB_PASSWORD}`` is the secret ``db_password``.
    :param roots: the directories that the files may refer to.
    :param secrets_unknown: treat a variable without a value as a secret. Building and pulling images needs no secret.
    :raises ValueError: with one sentence about the first problem.
    """
    paths = [base / name for name in files]
    unset = _secret_placeholder if secrets_unknown else locations.unset
    # PWD is the one variable of the shell that Compose files commonly use.
    known = {
        "PWD": str(paths[0].parent),
        **{variable(name): secret_text.mark(name, "dotenv") for name in secrets},
        **variables,
    }
    try:
        document, all_services = _active(paths, known, profiles, unset, roots, name)
    except Unreadable as error:
        raise ValueError(str(error).replace(f"{base}/", "")) from None
    dropped = Map({name: service for name, service in all_services.items() if name not in document.services}, {})
    own_name = {**document.dotenv, **variables}.get("COMPOSE_PROJECT_NAME") or _name_of(document)
    return Project(document, from_document(document), own_name, paths[0], paths[0].parent, base, roots, dropped)


def _name_of(document: reading.Document) -> str | None:
    """Return the name in the files as Compose uses it, ``None`` if there is none."""
    name = str(document.top.get("name") or "")
    return name if locations.unset_in(name) else re.sub("[^a-z0-9_-]", "", name.lower()).lstrip("_-") or None


def as_written(
    name: str,
    files: Sequence[str],
    base: Path,
    profiles: Sequence[str],
    variables: Mapping[str, str],
    secrets: Sequence[str],
    roots: Roots,
) -> reading.Document:
    """Return the merged content of *files* as the policy checks it: a variable without a value stays in the text.

    The parameters are those of :func:`read`. A secret of the inventory is a variable without a value.

    :raises ValueError: with one sentence about the first problem.
    """
    paths = [base / name for name in files]
    unknown = {variable(name): interpolation.keep_reference(variable(name), "") for name in secrets}
    known = {"PWD": str(paths[0].parent), **unknown, **variables}
    return _active(paths, known, profiles, interpolation.keep_reference, roots, name)[0]


def _active(
    paths: Sequence[Path],
    variables: Mapping[str, str],
    profiles: Sequence[str],
    unset: interpolation.Unset,
    roots: Roots,
    name: str,
) -> tuple[reading.Document, Map]:
    """Return the content of files with the services of the active profiles, and all services."""
    # First without profiles: `.env` may say which ones are active.
    document = reading.read(paths, variables, None, unset=unset, opener=roots.read, name=name)
    all_services = Map(document.services)
    named = (name.strip() for name in document.variables.get("COMPOSE_PROFILES", "").split(","))
    active = [*profiles] or [name for name in named if name]
    if any("profiles" in service for service in document.services.values()):
        document = reading.read(paths, variables, active, unset=unset, opener=roots.read, name=name)
    return document, all_services


def _secret_placeholder(name: str, reference: str) -> str:
    return secret_text.mark(name.lower(), "dotenv")


def variable(secret: str) -> str:
    """Return the variable of Compose files whose value is a *secret*."""
    return re.sub("[^A-Z0-9]", "_", secret.upper())

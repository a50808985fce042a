"""A team's Compose files read as Compose reads them, with all that they refer to.

Place in the pipeline: project, its beginning; reads files of the controller. Docker is not asked: the controller needs
none, every value keeps its file and line, and a variable without a value is no silent empty text.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ansible_collections.slipway.stack.plugins.plugin_utils.compose_files import locations
from ansible_collections.slipway.stack.plugins.plugin_utils.description import secret_text
from ansible_collections.slipway.stack.plugins.plugin_utils.policy import reading
from ansible_collections.slipway.stack.plugins.plugin_utils.policy.stack import Stack, from_document
from ansible_collections.slipway.stack.plugins.plugin_utils.policy.yaml_parser import Unreadable


@dataclass(frozen=True)
class Project:
    """What the files say. ``folder`` is where relative paths start, ``shown`` what paths are shown relative to.

    ``inactive``: services that no active profile has.
    """

    document: reading.Document
    stack: Stack
    folder: Path
    shown: Path
    inactive: tuple[str, ...] = ()

    @property
    def name(self) -> str | None:
        """The project's name as the files and ``.env`` give it."""
        given = self.document.top.get("name") or self.document.variables.get("COMPOSE_PROJECT_NAME")
        return str(given) if given else None

    def complaints(self) -> locations.Complaints:
        """Return an empty list of complaints that shows paths as the user writes them."""
        return locations.Complaints(f"{self.shown}/")


def read(
    files: Sequence[str],
    base: Path,
    profiles: Sequence[str],
    variables: Mapping[str, str],
    secrets: Sequence[str],
    pretend: bool = False,
) -> Project:
    """Return what *files* say together.

    :param files: in their order; relative ones start at *base*.
    :param variables: for interpolation, before those of ``.env`` and *secrets*.
    :param secrets: names of secrets; ``${DB_PASSWORD}`` is the secret ``db_password``.
    :param pretend: a variable without a value is taken for a secret, where nobody needs to know these.
    :raises ValueError: with one sentence for the first thing that cannot be read.
    """
    paths = [base / name for name in files]
    unset = _pretended if pretend else locations.unset
    # The one variable of the shell that files are written with: where they are.
    given = {
        "PWD": str(paths[0].parent),
        **{variable(name): secret_text.mark(name, "dotenv") for name in secrets},
        **variables,
    }
    try:
        # Without profiles first: which are active may stand in `.env`.
        document = reading.read(paths, given, None, unset=unset)
        every = list(document.services)
        active = [*profiles] or [one for one in document.variables.get("COMPOSE_PROFILES", "").split(",") if one]
        if any("profiles" in service for service in document.services.values()):
            document = reading.read(paths, given, active, unset=unset)
    except Unreadable as error:
        raise ValueError(str(error).replace(f"{base}/", "")) from None
    inactive = tuple(name for name in every if name not in document.services)
    return Project(document, from_document(document), paths[0].parent, base, inactive)


def _pretended(name: str, reference: str) -> str:
    return secret_text.mark(name.lower(), "dotenv")


def variable(secret: str) -> str:
    """Return the variable of Compose files that a secret is the value of."""
    return re.sub("[^A-Z0-9]", "_", secret.upper())

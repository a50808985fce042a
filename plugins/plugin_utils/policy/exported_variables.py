"""Variables of the process that ``docker compose`` would prefer to those of ``.env``: a note of the check.

Place in the pipeline: check, beside the review of Compose files. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..compose_reader.reading import Document


def notes(document: Document, exported: Mapping[str, str]) -> list[str]:
    """Return a sentence if variables of the process differ from those of ``.env``, which the check uses.

    :param exported: the variables of the process. Compose prefers them. Their values are not shown.
    """
    relevant = {*document.used_variables, "COMPOSE_FILE", "COMPOSE_PROFILES", "COMPOSE_PROJECT_NAME"}
    names = [name for name, value in document.dotenv.items() if name in relevant and exported.get(name, value) != value]
    if not names:
        return []
    listed = ", ".join(names[:10]) + (f" and {len(names) - 10} more" if len(names) > 10 else "")
    difference = "is exported with another value" if len(names) == 1 else "are exported with other values"
    note = f"{listed} {difference} than in .env; docker compose uses the exported one, this check and a deploy use .env"
    return [f"{note}; unset it, or change .env"]

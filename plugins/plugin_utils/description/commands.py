"""Commands that a person wrote: taken apart, safe from Compose's interpolation, and the release job among them.

Place in the pipeline: describe. Pure.
"""

from __future__ import annotations

import posixpath
import shlex
from collections.abc import Mapping
from typing import Any


def arguments(where: str, key: str, command: list[str] | str | None) -> list[str] | None:
    """Return a command as arguments, ``None`` where there is none.

    :raises ValueError: for an open quote, or no argument at all; *where* names the service.
    """
    if command is None:
        return None
    try:
        result = shlex.split(command) if isinstance(command, str) else command
    except ValueError as error:
        raise ValueError(f"{where}: key {key!r}: {command!r} cannot be taken apart: {error}") from None
    if not result:
        raise ValueError(f"{where}: key {key!r}: the command is empty; name a program, or leave the key out")
    return result


def escaped(command: list[str] | None) -> list[str] | None:
    """Return arguments such that Compose leaves every dollar sign as it is."""
    return command and [argument.replace("$", "$$") for argument in command]


def release(where: str, values: Mapping[str, Any]) -> dict[str, Any]:
    """Return ``release``, the job's command for Compose, and ``release_check``, its arguments, or ``None`` for each.

    :raises ValueError: for a command that is none, or a setting of a job that is not there.
    """
    job = arguments(where, "release", values["release"])
    check = arguments(where, "release_check", values["release_check"])
    for key in ("release_once", "release_check"):
        if values[key] is not None and job is None:
            raise ValueError(f"{where}: key {key!r}: there is no release job; give 'release', or leave this out")
    if check is None and job and "upgrade" in job:
        command = job[: job.index("upgrade")]
        if any(posixpath.basename(argument) == "alembic" for argument in command):
            # Asks the database for its revision, and fails where the image does not have that one.
            check = [*command, "current"]
    return {"release": escaped(job), "release_check": check}

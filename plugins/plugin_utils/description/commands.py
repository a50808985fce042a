"""Commands as people write them: split into arguments, escaped for Compose, the release job among them.

Place in the pipeline: description, under ``completion``. Pure.
"""

from __future__ import annotations

import posixpath
import shlex
from collections.abc import Mapping
from typing import Any


def arguments(where: str, key: str, command: list[str] | str | None) -> list[str] | None:
    """Return a command as arguments, ``None`` for no command. A text is split as a shell does it.

    :raises ValueError: for an open quote, or an empty command; *where* names the service.
    """
    if command is None:
        return None
    try:
        result = shlex.split(command) if isinstance(command, str) else command
    except ValueError as error:
        raise ValueError(f"{where}: key {key!r}: {command!r} cannot be split into arguments: {error}") from None
    if not result:
        raise ValueError(f"{where}: key {key!r}: the command is empty; name a program, or leave the key out")
    return result


def escaped(command: list[str] | None) -> list[str] | None:
    """Return arguments with every dollar sign escaped for Compose, which interpolates variables."""
    return command and [argument.replace("$", "$$") for argument in command]


def of_container(where: str, command: list[str] | str | None, plain: bool) -> list[str] | str | None:
    """Return the command of a service as Compose reads it, ``None`` if the image's is kept.

    :param plain: whether the service is from a team's own Compose files. Then Compose splits a text, as it does in the
        files: ``a && b`` is the command ``a``.
    :raises ValueError: as :func:`arguments`.
    """
    if plain and isinstance(command, str) and command.strip():
        return command.replace("$", "$$")
    return escaped(arguments(where, "command", command))


def release(
    where: str, values: Mapping[str, Any], runs_once: bool = False
) -> tuple[list[str] | None, list[str] | None]:
    """Return the release job's command as Compose reads it, and the arguments of its check; ``None`` if there is none.

    :param values: the service's keys ``release``, ``release_once``, ``release_check`` and ``command``.
    :param runs_once: whether the service itself is such a job: then it has a check without a release job.
    :raises ValueError: for a command that cannot be split, or a setting of a job without a job.
    """
    release_job = arguments(where, "release", values["release"])
    check = arguments(where, "release_check", values["release_check"])
    job = arguments(where, "command", values["command"] or None) if runs_once and release_job is None else release_job
    for key in ("release_once", "release_check"):
        if values[key] is not None and release_job is None and not (runs_once and key == "release_check"):
            raise ValueError(f"{where}: key {key!r}: there is no release job; set 'release', or remove this key")
    if check is None and job and "upgrade" in job:
        command = job[: job.index("upgrade")]
        if any(posixpath.basename(argument) == "alembic" for argument in command):
            # It reads the revision of the database, and fails if the image does not have that revision.
            check = [*command, "current"]
    return escaped(release_job), check

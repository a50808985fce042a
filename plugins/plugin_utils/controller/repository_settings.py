"""The settings of a backup repository: the variables that restic reads, and how long backups stay. Pure.

Place in the pipeline: controller, for the role ``backup``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ansible_collections.slipway.stack.plugins.plugin_utils.description import schema, secret_sources

#: Variables of restic and of the storages that it knows. Source: restic's manual, "Environment Variables".
#: A command would be run as root.
_VARIABLE = re.compile(r"(RESTIC|AWS|B2|AZURE|GOOGLE|OS|ST|RCLONE)_(?![A-Z0-9_]*COMMAND)[A-Z0-9_]+")
_PASSWORD = "RESTIC_PASSWORD"
_PERIODS = ["daily", "weekly", "monthly"]


def environment(repository: str, names: Mapping[str, Any], secrets: Any) -> dict[str, str]:
    """Return the variables that restic needs for a repository.

    :param names: the secret of each variable. :param secrets: ``stack_secrets`` as written.
    :raises ValueError: for a variable that restic does not read, and for a secret that is missing or not here. The
        message never shows a value.
    """
    if not repository:
        return {}
    where = "backup_repository_secrets"
    if _PASSWORD not in names:
        raise ValueError(f"{where}: key '{_PASSWORD}' is missing; it names the secret that encrypts the repository")
    known = secret_sources.read(secrets)
    found = {}
    for variable, name in names.items():
        if not _VARIABLE.fullmatch(str(variable)):
            raise ValueError(
                f"{where}: {variable!r} is no variable of restic, such as {_PASSWORD} or AWS_ACCESS_KEY_ID"
            )
        secret = known.get(name) if isinstance(name, str) else None
        if secret is None:
            hint = schema.suggestion(str(name), list(known))
            raise ValueError(f"{where}, key {variable!r}: stack_secrets has no secret {name!r}{hint}")
        if secret.value is None:
            raise ValueError(
                f"{where}, key {variable!r}: secret {name!r} is generated on the server, and would be lost with it; "
                f"give it a value"
            )
        found[str(variable)] = secret.value
    return found


def retention(given: Mapping[str, Any]) -> dict[str, int]:
    """Return how many backups stay, by period. :raises ValueError: for another period, and if none would stay."""
    for period, number in given.items():
        if period not in _PERIODS:
            valid = ", ".join(_PERIODS)
            raise ValueError(f"backup_retention: {period!r}{schema.suggestion(str(period), _PERIODS)}; valid: {valid}")
        if isinstance(number, bool) or not str(number).isdecimal():
            raise ValueError(f"backup_retention, key {period!r}: {number!r} is not a number of backups")
    found = {period: int(given.get(period, 0)) for period in _PERIODS}
    if not any(found.values()):
        raise ValueError("backup_retention: no backup would stay; give a number for daily, weekly or monthly")
    return found

"""Where a stack stands on this host: its release, services, certificate, backups and receivers, without secrets.

Place in the pipeline: target, read-only, for the status and the report.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from ansible_collections.slipway.stack.plugins.module_utils.backup import standing as backup_standing
from ansible_collections.slipway.stack.plugins.module_utils.certificates import standing as certificate_standing
from ansible_collections.slipway.stack.plugins.module_utils.monitoring import outcomes
from ansible_collections.slipway.stack.plugins.module_utils.release.status import status
from ansible_collections.slipway.stack.plugins.module_utils.state.known_secrets import masking
from ansible_collections.slipway.stack.plugins.module_utils.state.layout import Home


def standing(home: Home, project: str) -> dict[str, Any]:
    """Return what ``status`` returns, with ``certificate``, ``backups`` and ``receivers``, all of it masked.

    :raises DockerError: if the engine does not answer.
    """
    result, now = status(home, project), time.time()
    manifest = home.manifest(result["release"])
    result["certificate"] = certificate_standing.standing(home, manifest, now)
    result["backups"] = backup_standing.standing(home, manifest, now)
    result["receivers"] = outcomes.standing(home)
    _mask_reasons(result, masking(home))
    return result


def _mask_reasons(current: dict[str, Any], mask: Callable[[str], str]) -> None:
    """Mask secrets in what applications and earlier rollouts have said."""
    for entry in [*current["services"], *current["drift"], *current["rollouts"]]:
        entry["reason"] = mask(entry["reason"])
    current["damage"] = [mask(problem) for problem in current["damage"]]
    if current["certificate"]:
        current["certificate"]["problem"] = mask(current["certificate"]["problem"])
    for receiver in current["receivers"]:
        receiver["reason"] = mask(receiver["reason"])
    for result in current["backups"]["last"].values():
        result["reason"] = mask(result["reason"])

"""A backup inside of a rollout, before anything changes the data.

Place in the pipeline: target, begin. The rollout holds the lease.
"""

from __future__ import annotations

import time

from ansible_collections.slipway.stack.plugins.module_utils.backup import results, settings, taking
from ansible_collections.slipway.stack.plugins.module_utils.backup.settings import Settings
from ansible_collections.slipway.stack.plugins.module_utils.engine.docker import DockerError
from ansible_collections.slipway.stack.plugins.module_utils.state.journal import Journal, RolloutFailed
from ansible_collections.slipway.stack.plugins.module_utils.state.layout import Home


def take(home: Home, owner: str, records: Journal) -> None:
    """Take a backup of the live release, with the settings of this host's timer where there are some.

    :raises RolloutFailed: if it fails. Its result is among the others.
    """
    found = settings.read(home)
    if found.problem:
        raise RolloutFailed(found.problem)
    wanted = found.value or Settings()
    started = time.monotonic()
    backup, reason = "", "it was interrupted"
    try:
        options = taking.Options(owner, wanted.keep, wanted.archive_timeout)
        backup, reason = taking.take(home, options, records).id, ""
    except (RolloutFailed, DockerError) as error:
        reason = str(error)
        raise RolloutFailed(f"the backup before the rollout failed: {error}", error.detail) from None
    finally:
        results.write(home, "take", backup, owner, started, reason)

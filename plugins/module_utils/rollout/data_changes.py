"""What a rollout does before it replaces data services: a backup, and data for another major version.

Place in the pipeline: target, begin.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Callable

from ansible_collections.slipway.stack.plugins.module_utils.backup import before_job
from ansible_collections.slipway.stack.plugins.module_utils.rollout import data_upgrade
from ansible_collections.slipway.stack.plugins.module_utils.rollout.selection import Selection
from ansible_collections.slipway.stack.plugins.module_utils.state.journal import Journal
from ansible_collections.slipway.stack.plugins.module_utils.state.layout import Home
from ansible_collections.slipway.stack.plugins.module_utils.state.transaction import RolloutOptions, Transaction


def prepare(
    home: Home,
    old: Mapping[str, Any] | None,
    new: Mapping[str, Any],
    selection: Selection,
    tx: Transaction,
    options: RolloutOptions,
    journal: Journal,
    jobs: bool,
) -> Callable[[], None]:
    """Save the data if that is wanted, and make it readable for other versions of the data services.

    :param old: the manifest of the live release. :param jobs: whether this rollout runs release jobs.
    :return: what to do when the data services run again.
    :raises RolloutFailed: if something fails.
    """
    if old is None:
        return _nothing
    if options.backup and selection.changes_data(jobs):
        before_job.take(home, options.owner, journal)
    upgraded = data_upgrade.changed(old, new, new.get("data_upgrade", []))
    stopped: list[str] = []
    if options.data_back:
        stopped = data_upgrade.back(home, old, new, tx, journal)
    elif upgraded:
        stopped = data_upgrade.upgrade(home, old, new, upgraded, tx, journal)
    return lambda: data_upgrade.resume(stopped)


def _nothing() -> None:
    """Do nothing."""

"""What a rollout to a release on this host would do: for a rollback in check mode.

Place in the pipeline: target, read-only, in place of a rollout.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from ansible_collections.slipway.stack.plugins.module_utils.engine import all_containers
from ansible_collections.slipway.stack.plugins.module_utils.release import (
    data_loss,
    file_diff,
    integrity,
)
from ansible_collections.slipway.stack.plugins.module_utils.release.plan import plan
from ansible_collections.slipway.stack.plugins.module_utils.release.ship import Refused
from ansible_collections.slipway.stack.plugins.module_utils.state import damage
from ansible_collections.slipway.stack.plugins.module_utils.state.layout import Home


@dataclass(frozen=True)
class Preview:
    """``version`` of the release; ``plan``: see ``plan.plan``; ``diff``: the text before and after of each file."""

    version: str
    plan: list[dict[str, Any]]
    diff: list[dict[str, str]]


def preview(home: Home, release: str, permitted: data_loss.Permissions, restart: Collection[str] = ()) -> Preview:
    """Return what a rollout to *release* would do now. :param restart: services that are replaced in any case.

    :raises Refused: if the release is not on this host, or if the rollout would be refused.
    """
    current_id = home.current_id()
    current, found = home.manifest(current_id), home.read_manifest(release)
    new = found.value
    if new is None and found.problem:
        raise Refused([found.problem])
    if new is None:
        known = ", ".join(home.release_ids()[::-1]) or "none"
        raise Refused([f"release {release} is not on this host; releases here, newest first: {known}"])
    damaged = [*damage.blocking(home), *integrity.problems(home, new)]
    if damaged:
        raise Refused(damaged)
    running = all_containers.by_service(new["stack"])
    old_files = (
        file_diff.release_files(home.release(current_id), current.get("files", {})) if current and current_id else {}
    )
    new_files = file_diff.release_files(home.release(release), new.get("files", {}))
    edge_changed = _edge(old_files) != _edge(new_files)
    entries = plan(current, new, running, edge_changed, restart)
    problems = data_loss.problems(home, entries, current, new, running, permitted)
    if problems:
        raise Refused(problems)
    new_files.update(file_diff.mounted_texts(home, new, {}))
    if current:
        old_files.update(file_diff.mounted_texts(home, current, {}))
    return Preview(str(new.get("version", "")), entries, file_diff.diff(old_files, new_files, (current, new)))


def _edge(files: dict[str, str]) -> dict[str, str]:
    return {name: text for name, text in files.items() if name.startswith("edge/")}

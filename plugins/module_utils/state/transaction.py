"""The options of a rollout, and the transaction: the state of an unfinished rollout on disk.

Place in the pipeline: target, from the first step to the last. ``state/transaction.json`` exists exactly while a
rollout is unfinished. A later run that finds it without a rollout process can revert or complete that rollout.
"""

from __future__ import annotations

import json
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from ansible_collections.slipway.stack.plugins.module_utils.state.layout import write_text


@dataclass(frozen=True)
class RolloutOptions:
    """The options of a rollout. ``keep``: number of releases to keep on the host. ``owner``: who deploys.

    ``allow_downtime``: data services that may be down while they are replaced. ``compatible``: at a rollback, do not
    check whether an older image knows the current database schema. ``with_barriers``: wait for the other hosts at every
    barrier, ``barrier_timeout`` seconds each. ``pull_timeout``: seconds without progress after which a pull fails.
    ``first_host``: this host runs the release jobs that run once for all
    hosts.
    """

    release: str
    keep: int
    owner: str
    allow_downtime: tuple[str, ...] = ()
    compatible: bool = False
    with_barriers: bool = False
    first_host: bool = True
    barrier_timeout: float = 0.0
    pull_timeout: float = 120.0


@dataclass
class Transaction:
    """One rollout. ``previous``: the release that was live before. ``edge_before``: the edge's configuration before.

    ``phase``: ``preparing``, then ``switching``, then ``switched``. In the last phase the new release is verified, and
    the rollout is no longer reverted.

    ``plan``: the action for each service (see ``plan.plan``). ``old``: the ids of the containers that existed before,
    by service. Every other container of a replaced service was created by this rollout.
    """

    release: str
    previous: str | None
    owner: str
    phase: str = "preparing"
    since: float = field(default_factory=time.time)
    edge_before: str | None = None
    plan: dict[str, str] = field(default_factory=dict)
    old: dict[str, list[str]] = field(default_factory=dict)

    def existed_before(self, service: str, container_id: str) -> bool:
        """Return whether a container is older than this rollout."""
        return container_id in self.old.get(service, [])

    def save(self, path: Path) -> None:
        """Write the transaction to *path*, completely or not at all."""
        write_text(path, json.dumps(asdict(self), indent=1) + "\n")


def load(path: Path) -> Transaction | None:
    """Return the unfinished rollout, ``None`` if there is none."""
    try:
        fields: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    return Transaction(**fields)

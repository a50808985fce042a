"""What is asked of a rollout; and a rollout under way, on disk: what was there before it, and how far it has come.

Place in the pipeline: target, from the first step to the last. ``state/transaction.json`` exists exactly while a
rollout is unfinished, so that whoever finds it with no process at work can undo it or end it.
"""

from __future__ import annotations

import json
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from ansible_collections.slipway.stack.plugins.module_utils.state.layout import write_text

#: How far a rollout is, in this order. From ``switched`` on the new release is proven, and there is no way but forward.
PHASES = ("preparing", "switching", "switched")


@dataclass(frozen=True)
class RolloutOptions:
    """What is asked of a rollout. ``keep``: releases that stay on the host. ``owner``: who asks.

    ``allow_downtime``: data services that may be down while they are replaced. ``compatible``: on the way back, an
    older image need not know the database as it is. ``in_step``: wait for other hosts at every gate, ``patience``
    seconds each. ``first_host``: this host runs what is to run once for all of them.
    """

    release: str
    keep: int
    owner: str
    allow_downtime: tuple[str, ...] = ()
    compatible: bool = False
    with_barriers: bool = False
    first_host: bool = True
    barrier_timeout: float = 0.0


@dataclass
class Transaction:
    """One rollout. ``previous``: the release that was live. ``edge_before``: the edge's configuration then.

    ``plan``: the action for each service (see ``plan.plan``). ``old``: the ids of the containers that were there, by
    service; any other container of a service that is replaced was made by this rollout.
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
        """Return whether a container was there before this rollout."""
        return container_id in self.old.get(service, [])

    def save(self, path: Path) -> None:
        """Write it down, whole or not at all."""
        write_text(path, json.dumps(asdict(self), indent=1) + "\n")


def load(path: Path) -> Transaction | None:
    """Return the rollout that is unfinished, ``None`` where there is none."""
    try:
        found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    return Transaction(**found)

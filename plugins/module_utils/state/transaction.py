"""The options of a rollout, and the transaction: the state of an unfinished rollout on disk.

Place in the pipeline: target, from the first step to the last. ``state/transaction.json`` exists exactly while a
rollout is unfinished. A later run that finds it without a rollout process can revert or complete that rollout.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path

from ansible_collections.slipway.stack.plugins.module_utils.state import state_file
from ansible_collections.slipway.stack.plugins.module_utils.state.layout import write_text
from ansible_collections.slipway.stack.plugins.module_utils.state.state_file import FORMAT, Reading

#: The phase in which the new release is live.
SWITCHED = "switched"
_PHASES = ("preparing", "switching", SWITCHED)
_FIELDS: Mapping[str, state_file.Types] = {"release": str, "previous": (str, type(None)), "owner": str, "phase": str}
_OPTIONAL: Mapping[str, state_file.Types] = {
    "since": (int, float),
    "edge_before": (str, type(None)),
    "plan": dict,
    "old": dict,
    "restart": list,
}


@dataclass(frozen=True)
class CanarySettings:
    """How a new release is tried with a part of the requests. ``weight``: that part, in percent. ``seconds``: how long.

    ``cookie``: the cookie that keeps a visitor on one release; empty for none. ``max_errors``: percentage points that
    the share of failed requests may be higher. ``max_slowdown``: how many times as long they may take; 0 for no limit.
    ``min_requests``: with fewer than that, nothing is judged.
    """

    weight: float
    seconds: float
    cookie: str
    max_errors: float
    max_slowdown: float
    min_requests: int


@dataclass(frozen=True)
class RolloutOptions:
    """The options of a rollout. ``keep``: number of releases to keep on the host. ``owner``: who deploys.

    ``allow_downtime``: data services that may be down while they are replaced. ``changed_in_data``: databases whose
    password was changed in the data, too. ``compatible``: at a rollback, do not
    check whether an older image knows the current database schema. ``with_barriers``: wait for the other hosts at every
    barrier, ``barrier_timeout`` seconds each. ``pull_timeout``: seconds without progress after which a pull fails.
    ``first_host``: this host runs the release jobs that run once for all hosts. ``backup``: save the data before a
    release job runs. ``tells``: this host tells the receivers about the rollout. ``data_back``: services that get the
    data back that they had before an upgrade. ``restart``: services that are replaced although nothing in them differs;
    then no release job runs. ``canary``: how the new containers are tried before all requests go to them.
    """

    release: str
    keep: int
    owner: str
    allow_downtime: tuple[str, ...] = ()
    changed_in_data: tuple[str, ...] = ()
    compatible: bool = False
    with_barriers: bool = False
    first_host: bool = True
    barrier_timeout: float = 0.0
    pull_timeout: float = 120.0
    backup: bool = False
    tells: bool = False
    data_back: tuple[str, ...] = ()
    restart: tuple[str, ...] = ()
    canary: CanarySettings | None = None


@dataclass
class Transaction:
    """One rollout. ``previous``: the release that was live before. ``edge_before``: the edge's configuration before.

    ``phase``: ``preparing``, then ``switching``, then ``switched``. In the last phase the new release is verified, and
    the rollout is no longer reverted.

    ``plan``: the action for each service (see ``plan.plan``). ``old``: the ids of the containers that existed before,
    by service. Every other container of a replaced service was created by this rollout.

    ``restart``: the services that it restarts, if it is a restart.

    ``saved``: whether the file has this rollout. It is not written.
    """

    release: str
    previous: str | None
    owner: str
    phase: str = "preparing"
    since: float = field(default_factory=time.time)
    edge_before: str | None = None
    plan: dict[str, str] = field(default_factory=dict)
    old: dict[str, list[str]] = field(default_factory=dict)
    restart: list[str] = field(default_factory=list)
    saved: bool = field(default=False, compare=False)

    def existed_before(self, service: str, container_id: str) -> bool:
        """Return whether a container is older than this rollout."""
        return container_id in self.old.get(service, [])

    def save(self, path: Path) -> None:
        """Write the transaction to *path*, completely or not at all."""
        values = {name: value for name, value in asdict(self).items() if name != "saved"}
        write_text(path, json.dumps({"format": FORMAT, **values}, indent=1) + "\n")
        self.saved = True


def read(path: Path) -> Reading[Transaction]:
    """Return the unfinished rollout. Without a value and a problem there is none."""
    remedy = (
        "It is the record of an interrupted rollout. See with playbooks/status.yml what runs. If the stack serves, "
        "remove the file and deploy again"
    )
    found = state_file.read(path, _FIELDS, remedy)
    if found.value is None:
        return Reading(problem=found.problem)
    known = {one.name for one in fields(Transaction)} - {"saved"}
    values = {name: value for name, value in found.value.items() if name in known}
    wrong = state_file.wrong_field(values, {name: types for name, types in _OPTIONAL.items() if name in values})
    if not wrong and values["phase"] not in _PHASES:
        wrong = f"key 'phase': {values['phase']!r} is none of {', '.join(_PHASES)}"
    if not wrong and not (_is_text_by_text(values.get("plan", {})) and _is_texts_by_text(values.get("old", {}))):
        wrong = "key 'plan' or 'old' has a value of the wrong type"
    if wrong:
        return Reading(problem=f"{path}: {wrong}. {remedy}")
    return Reading(Transaction(**values, saved=True))


def _is_text_by_text(value: Mapping[str, object]) -> bool:
    return all(isinstance(one, str) for one in value.values())


def _is_texts_by_text(value: Mapping[str, object]) -> bool:
    return all(isinstance(one, list) and all(isinstance(text, str) for text in one) for one in value.values())

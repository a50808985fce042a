"""The start of a rollout for a verb of the module, or the way into one that is under way.

Place in the pipeline: target, between the module and the process of the rollout.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.slipway.stack.plugins.module_utils.edge.endpoint import edge_of
from ansible_collections.slipway.stack.plugins.module_utils.rollout import common_id
from ansible_collections.slipway.stack.plugins.module_utils.rollout.barrier import BARRIER_OF_VERB, permit
from ansible_collections.slipway.stack.plugins.module_utils.rollout.detach import detach
from ansible_collections.slipway.stack.plugins.module_utils.rollout.rollout import Rollout
from ansible_collections.slipway.stack.plugins.module_utils.state import drain, journal, rotation, stopped
from ansible_collections.slipway.stack.plugins.module_utils.state.journal import RolloutFailed
from ansible_collections.slipway.stack.plugins.module_utils.state.layout import Home
from ansible_collections.slipway.stack.plugins.module_utils.state.lease import Lease, describe, holder
from ansible_collections.slipway.stack.plugins.module_utils.state.transaction import CanarySettings, RolloutOptions

#: The barrier at which the rollout waits for each verb.
_WAITS_AT = {"prepare": "ready", "switch": "prepared", "finalize": "proven"}


def enter(home: Home, release: str, params: Mapping[str, Any]) -> tuple[int | None, str, str]:
    """Start a rollout or join one of the same release, and permit it to go on up to the barrier of the verb.

    :return: the offset in the journal to read from, ``None`` if nothing is left to do; a sentence that says who started
        the rollout that was joined; and the id of the release, which is another one if it got that of the other hosts.
    :raises LeaseHeld: if a rollout of another release is under way.
    :raises RolloutFailed: if the release is not on this host, or the verb needs a rollout that is not under way.
    """
    verb = params["verb"]
    current = holder(home.lease)
    if current and current["release"] == release:
        joined = describe(home.lease) if verb in ("all", "begin") else ""
        if joined and params["restart"]:
            raise RolloutFailed(f"{joined}; run the restart again when it has ended")
        offset = journal.size(home.journal) if verb == "abort" else int(current["journal"])
        if verb in _WAITS_AT:
            offset = journal.offset_after(home.journal, offset, _WAITS_AT[verb])
        permit(home.barrier, release, BARRIER_OF_VERB[verb])
        return offset, joined, release
    if verb in ("all", "begin"):
        chosen = common_id.choose(home, release, params["common_id"])
        return _start(home, release, chosen, params), "", chosen
    if verb == "abort" or (home.current_id() == release and not _has_failed(home, release)):
        return None, "", release
    raise RolloutFailed(_failure(home, release))


def _start(home: Home, uploaded: str, release: str, params: Mapping[str, Any]) -> int:
    """Start a rollout in a detached process, and return the offset in the journal where its records start.

    :param uploaded: the id that the release has; *release* is the one that it gets.
    """
    if not home.state.is_dir():
        raise RolloutFailed(f"release {release} is not on this host; nothing was ever deployed here")
    lease = Lease(home.lease, params["owner"], release, lambda: journal.open_for(home.journal))
    if problem := rotation.unfinished(home) or drain.obstacle(home) or stopped.obstacle(home):
        raise RolloutFailed(problem)
    common_id.rename(home, uploaded, release)
    options = RolloutOptions(
        release=release,
        keep=params["keep"],
        owner=params["owner"],
        allow_downtime=tuple(params["allow_downtime"]),
        changed_in_data=tuple(params["changed_in_data"]),
        compatible=params["compatible"],
        backup=params["backup"],
        data_back=tuple(params["data_back"]),
        with_barriers=params["verb"] != "all",
        first_host=params["first_host"],
        tells=params["tells"],
        barrier_timeout=params["barrier_timeout"],
        pull_timeout=params["pull_timeout"],
        restart=tuple(sorted(params["restart"])),
        canary=_canary(params["canary"]),
    )
    # Who goes back or restarts has no canary. Of several hosts, others may have the edge.
    is_tried = options.canary and not options.with_barriers and (home.current_id() or "") < release
    if is_tried and edge_of(home.manifest(release) or {"services": {}}) is None:
        raise RolloutFailed(
            f"deploy_canary: release {release} has no edge, so nobody can divide its requests; add a service of kind "
            "nginx or traefik, or deploy without a canary"
        )
    rollout = Rollout(home, options)
    for request in (home.barrier, home.abort):
        request.unlink(missing_ok=True)
    permit(home.barrier, release, BARRIER_OF_VERB[params["verb"]])
    detach(lease.hand_over(rollout.run), home.log, rollout.mask)
    lease.close_own_copy()
    return lease.journal_offset


def _canary(given: Mapping[str, Any] | None) -> CanarySettings | None:
    """Return the settings of a canary, from the option that the action has checked."""
    values = dict(given or {})
    if not values:
        return None
    return CanarySettings(seconds=float(values.pop("for")), max_errors=float(values.pop("max_errors")), **values)


def _has_failed(home: Home, release: str) -> bool:
    """Return whether the last work in the journal is a rollout of *release* that has failed.

    The release may be live all the same: it was repaired or restarted, and that was reverted.
    """
    ends = [record for record in journal.read(home.journal, 0)[0] if record["step"] == "end"]
    return bool(ends) and (ends[-1]["release"], ends[-1]["state"]) == (release, "failed")


def _failure(home: Home, release: str) -> str:
    """Return why no rollout of *release* waits for its next verb: how the last one failed, if it did."""
    failed = [record for record in journal.read(home.journal, 0)[0] if record["state"] == "failed"]
    if failed and failed[-1]["release"] == release:
        return ". ".join(record["text"] for record in failed[-2:])
    return f"no rollout of release {release} is under way; run the playbook again"

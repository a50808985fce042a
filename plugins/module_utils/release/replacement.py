"""How the containers of a service are replaced, by its update strategy and the planned action.

Place in the pipeline: target, under the plan and the steps of a rollout; the controller uses it, too. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

#: Actions of a plan after which a service has other containers than before.
REPLACING = ("create", "roll", "recreate")
#: The new containers are healthy before the old ones stop.
START_FIRST = "start-first"
#: The old containers stop before the new ones start: a singleton never runs twice.
STOP_FIRST = "stop-first"
#: Compose recreates the containers, because they hold data or a port of the host.
IN_PLACE = "in-place"
#: Compose recreates the containers as well, when the new replicas of the other services are healthy.
AT_SWITCH = "at-switch"
#: The containers run to completion.
RUN_ONCE = "run-once"


def replacement(spec: Mapping[str, Any], action: str = "roll") -> str:
    """Return how the containers of a service are replaced, one of the constants of this module.

    :param spec: the service's entry in a manifest.
    :param action: the planned action. An edge starts first only if it rolls: then its pod is there and stays.
    """
    if spec["class"] == "oneshot":
        return RUN_ONCE
    if spec.get("alone") and spec["class"] != "pod" and not spec["edge"]:
        return IN_PLACE
    if spec["class"] == "singleton":
        return STOP_FIRST
    if spec["class"] == "pod" or (spec["edge"] and (spec["ports"] or action != "roll")):
        return AT_SWITCH
    if spec["class"] == "stateful" or spec["ports"]:
        return IN_PLACE
    return START_FIRST

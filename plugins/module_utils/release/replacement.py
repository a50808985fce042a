"""How the containers of a service are replaced, by its update strategy and the planned action.

Place in the pipeline: target, used by the plan and by the steps of a rollout; also on the controller. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

#: Planned actions after which a service has other containers.
REPLACING = ("create", "roll", "recreate")
#: The new containers are healthy before the old ones stop.
START_FIRST = "start-first"
#: The old containers stop before the new ones start: a singleton never runs twice.
STOP_FIRST = "stop-first"
#: Compose recreates the containers, because they hold data or a port of the host.
IN_PLACE = "in-place"
#: Compose recreates the containers when the new containers of the other services are healthy.
AT_SWITCH = "at-switch"
#: The containers run to completion.
RUN_ONCE = "run-once"


def replacement(spec: Mapping[str, Any], action: str = "roll") -> str:
    """Return how the containers of a service are replaced, one of the constants of this module.

    :param spec: the service's entry in a manifest.
    :param action: the planned action. An edge starts first only if it rolls: then its pod exists and does not change.
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


def replaced_services(
    services: Mapping[str, Mapping[str, Any]], actions: Mapping[str, str], *replacements: str
) -> list[str]:
    """Return the names of the services that get new containers in one of these ways, in the order of *services*.

    :param services: the services of a manifest.
    :param actions: the planned action of each service.
    :param replacements: constants of this module, such as ``START_FIRST``.
    """
    new_containers = (*REPLACING, "start")
    return [
        name
        for name, spec in services.items()
        if actions.get(name) in new_containers and replacement(spec, actions[name]) in replacements
    ]

"""How a new release is tried with a part of the requests: the variable ``deploy_canary``, checked. Pure.

Place in the pipeline: controller, before a host is asked.
"""

from __future__ import annotations

import re
from typing import Any

from ansible_collections.slipway.stack.plugins.plugin_utils.description import schema
from ansible_collections.slipway.stack.plugins.plugin_utils.description.schema import Field
from ansible_collections.slipway.stack.plugins.plugin_utils.description.units import parse_duration

_VARIABLE = "deploy_canary"
_FIELDS = {
    "weight": Field("float", "Percentage of the requests that go to the new containers.", 10.0),
    "for": Field("duration", "How long the new containers are watched, such as 10m.", required=True),
    "cookie": Field("str", "Cookie that keeps a visitor on one release.", "slipway_canary"),
    "max_errors": Field("str", "Percentage of failed requests that the new containers may have more.", "1%"),
    "max_slowdown": Field("float", "How many times as long the new containers may take; 0 is no limit.", 3.0),
    "min_requests": Field("int", "Requests to the new containers without which nothing is judged.", 20),
}
#: A name that nginx can use in the name of a variable.
_COOKIE = re.compile(r"[A-Za-z0-9_]{1,64}")
#: Limits: the shortest time that says anything, the longest one, in seconds, and the weights.
_SHORTEST, _LONGEST = 5.0, 86400.0
_LEAST, _MOST = 0.1, 90.0


def read(given: Any, timeout: int, barrier_timeout: int | None = None) -> dict[str, Any]:
    """Return the settings of a canary as the host reads them; empty without one.

    :param timeout: seconds for which the rollout is followed.
    :param barrier_timeout: seconds for which a host waits for the others, if there are others.
    :raises ValueError: for one that cannot be, with one sentence.
    """
    if given in (None, {}):
        return {}
    values = schema.read(given, _FIELDS, _VARIABLE)
    seconds = parse_duration(values["for"])
    if not _SHORTEST <= seconds <= _LONGEST:
        raise ValueError(f"{_VARIABLE}: key 'for': {values['for']!r} is not between 5s and 24h")
    if seconds >= timeout:
        raise ValueError(
            f"{_VARIABLE}: key 'for': {values['for']!r} is not less than deploy_timeout ({timeout} s), the time for "
            "which the playbook follows the rollout; raise deploy_timeout"
        )
    if barrier_timeout is not None and seconds >= barrier_timeout:
        raise ValueError(
            f"{_VARIABLE}: key 'for': {values['for']!r} is not less than deploy_barrier_timeout "
            f"({barrier_timeout} s), the time for which a host without a canary waits for the others; raise "
            "deploy_barrier_timeout"
        )
    if not _LEAST <= values["weight"] <= _MOST:
        raise ValueError(
            f"{_VARIABLE}: key 'weight': {values['weight']:g} is not a percentage from {_LEAST:g} to {_MOST:g}"
        )
    if values["cookie"] and not _COOKIE.fullmatch(values["cookie"]):
        raise ValueError(
            f"{_VARIABLE}: key 'cookie': {values['cookie']!r} is not a name of letters, digits and underscores; an "
            "empty one sets no cookie"
        )
    for key, least in (("max_slowdown", 0), ("min_requests", 1)):
        # Written so that it holds for what is not a number, too.
        if not values[key] >= least:
            raise ValueError(f"{_VARIABLE}: key {key!r}: {values[key]:g} is too small")
    return {**values, "for": f"{seconds:g}", "max_errors": _percentage(values["max_errors"])}


def _percentage(text: str) -> float:
    try:
        value = float(text.strip().removesuffix("%"))
    except ValueError:
        value = -1.0
    if not 0 <= value < 100:
        raise ValueError(f"{_VARIABLE}: key 'max_errors': {text!r} is not a percentage such as 1%")
    return value

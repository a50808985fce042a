"""The health check of a service: what its description gives, over what its kind has, over common times.

Place in the pipeline: description, under ``completion``. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.slipway.stack.plugins.plugin_utils.description import kinds as kinds_
from ansible_collections.slipway.stack.plugins.plugin_utils.description import notations, overrides
from ansible_collections.slipway.stack.plugins.plugin_utils.description.reading import Written

_TIMES = {"interval": "10s", "timeout": "5s", "retries": 3, "start_period": "30s", "start_interval": "1s"}


def is_checked(health: Mapping[str, Any]) -> bool:
    """Return whether a Compose ``healthcheck`` asks the container: it has a test, and does not turn the check off."""
    test = health.get("test") or ["NONE"]
    return not (isinstance(test, list) and test[0] == "NONE") and str(health.get("disable")).lower() != "true"


def complete(
    written: Written, of_kind: Mapping[str, Any], context: Mapping[str, Any], service_class: str
) -> dict[str, Any]:
    """Return a service's Compose ``healthcheck``; empty if it has none.

    :param of_kind: the kind's health check, expressions evaluated.
    :param context: the names that expressions of the kind may use.
    :raises ValueError: if the description's value is not a health check, or a running service would have none.
    """
    given, kind, where = written.values["health"], written.kind, written.where
    if kind.plain and isinstance(given, (Mapping, type(None))):
        result = dict(given or {})
        # The engine has a default in place of 0.
        overrides.check_health(written.name, "health", {key: value for key, value in result.items() if value != 0})
        return result
    result = {**_TIMES, **of_kind}
    if isinstance(given, str):
        if "health_path" not in kind.options:
            raise ValueError(
                f"{where}: key 'health': kind {kind.name!r} is not asked for a path; "
                f"give a Compose healthcheck with its 'test'"
            )
        try:
            notations.url_path(given)
        except ValueError as error:
            raise ValueError(f"{where}: key 'health': path {error}") from None
        result.update(kinds_.render(kind.body["health"], {**context, "health_path": given}, where))
    elif isinstance(given, Mapping):
        result.update(given)
    elif given is not None:
        raise ValueError(f"{where}: key 'health': {given!r} is neither a path nor a Compose healthcheck")
    overrides.check_health(written.name, "health", result)
    if service_class == "oneshot":
        return {}
    if "test" not in result:
        raise ValueError(
            f"{where}: required key 'health' is missing; say how to tell that it works, as {{test: [CMD, …]}}"
        )
    return result

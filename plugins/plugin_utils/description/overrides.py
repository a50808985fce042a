"""Compose keys that a description sets itself, under ``compose`` and ``environments``, and how they are merged.

Place in the pipeline: description, under ``completion``; rendering merges with it. Pure. Only keys that the pipeline
reads are checked here. Compose judges the others.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from ansible_collections.slipway.stack.plugins.plugin_utils.description import hooks, notations
from ansible_collections.slipway.stack.plugins.plugin_utils.description.units import parse_duration

#: Compose accepts some of these as lists, too. A list would replace the mapping that it is merged with.
_MAPPINGS = ("depends_on", "deploy", "environment", "healthcheck", "labels", "logging")
#: A name of a network, in Compose's own schema.
_NETWORK = re.compile(r"[A-Za-z0-9._-]+")
_DURATIONS = ("interval", "timeout", "start_period", "start_interval")


def check(service: str, key: str, given: object) -> dict[str, Any]:
    """Return *given*, the Compose keys under *key* of a service.

    :raises ValueError: for a key whose value has another shape than the pipeline reads.
    """
    where = f"service {service!r}: key '{key}"
    if not isinstance(given, Mapping):
        raise ValueError(f"{where}': {given!r} is not a mapping of keys to values")
    for name, value in given.items():
        if name == "image":
            _check_image(f"{where}.image'", value)
        if value is None:
            continue
        if name in _MAPPINGS and not isinstance(value, Mapping):
            raise ValueError(f"{where}.{name}': {value!r} is not a mapping of keys to values")
        if name in ("labels", "environment"):
            for label in value:
                if not (str(label) and str(label).isprintable()):
                    raise ValueError(
                        f"{where}.{name}': {label!r} is not a name; it is empty or has a control character"
                    )
        if name == "ports" and not isinstance(value, list):
            raise ValueError(f"{where}.ports': {value!r} is not a list")
        if name == "networks" and not (_is_names(list(value) if isinstance(value, Mapping) else value)):
            raise ValueError(f"{where}.networks': {value!r} is neither a list of names nor a mapping by name")
        if name == "deploy" and not isinstance(value.get("resources") or {}, Mapping):
            raise ValueError(f"{where}.deploy.resources': {value['resources']!r} is not a mapping of keys to values")
        if name in hooks.KEYS:
            _check_hooks(f"{where}.{name}'", value)
        if name == "healthcheck":
            check_health(service, f"{key}.healthcheck", value)
    return dict(given)


def check_own(service: str, key: str, given: object, plain: bool) -> dict[str, Any]:
    """Return *given* as :func:`check` does, for keys that the service's own description sets.

    :param plain: whether the service is from a team's own Compose files, where 'user' may be a name.
    :raises ValueError: as :func:`check`, and for a key that has to be set elsewhere, because the host must know it.
    """
    keys = check(service, key, given or {})
    if "user" in keys and not plain:
        raise ValueError(
            f"service {service!r}: key '{key}.user': its secret files would belong to another uid; "
            f"set the service's own key 'user' instead"
        )
    found = "scale" if "scale" in keys else "deploy.replicas" if "replicas" in (keys.get("deploy") or {}) else None
    if found:
        raise ValueError(
            f"service {service!r}: key '{key}.{found}': a rollout would not know of it; "
            f"set the service's own key 'replicas' instead"
        )
    return keys


def lay_over(base: Any, over: Any) -> Any:
    """Return *base* with *over* merged in key by key. ``None`` stays: in an overlay it removes a key of the base."""
    if not (isinstance(base, Mapping) and isinstance(over, Mapping)):
        return over
    return {**base, **{key: lay_over(base.get(key), value) for key, value in over.items()}}


def merge(base: Any, over: Any) -> Any:
    """Return *base* with *over* merged in: mappings key by key, anything else replaced, ``None`` removing a key."""
    if not (isinstance(base, Mapping) and isinstance(over, Mapping)):
        return over
    result = dict(base)
    for key, value in over.items():
        if value is None:
            result.pop(key, None)
        else:
            result[key] = merge(result[key], value) if key in result else value
    return result


def all_ports(base: Sequence[Any], overlay: Mapping[str, Any]) -> list[Any]:
    """Return a service's published ports: those of its *base* and its *overlay*; none if the overlay removes them."""
    if "ports" in overlay and overlay["ports"] is None:
        return []
    return [*base, *overlay.get("ports", [])]


def check_health(service: str, key: str, health: Mapping[str, Any]) -> None:
    """Check the times and the number of retries of a Compose health check, if it has them.

    :raises ValueError: for the first that is not valid.
    """
    for name in _DURATIONS:
        if name in health:
            try:
                parse_duration(health[name])
            except ValueError as error:
                raise ValueError(f"service {service!r}: key '{key}.{name}': {error}") from None
    retries = health.get("retries", 1)
    if not (str(retries).isdecimal() and int(retries) > 0):
        raise ValueError(f"service {service!r}: key '{key}.retries': {retries!r} is not a whole number from 1 up")


def _check_image(where: str, value: object) -> None:
    try:
        if not isinstance(value, str):
            raise ValueError(f"{value!r} is not an image reference, such as {notations.IMAGE_EXAMPLE}")
        notations.image(value)
    except ValueError as error:
        raise ValueError(f"{where}: {error}") from None


def _check_hooks(where: str, value: object) -> None:
    try:
        hooks.read(value)
    except ValueError as error:
        raise ValueError(f"{where}: {error}") from None


def _is_names(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(name, str) and _NETWORK.fullmatch(name) for name in value)

"""The key ``only_in``: services that an environment does not have are left out of the description.

Place in the pipeline: description, under ``reading``. Pure.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any


def present(services: Mapping[str, dict[str, Any]], environment: str) -> dict[str, dict[str, Any]]:
    """Return the services, as written, that *environment* has.

    :raises ValueError: for an ``only_in`` that is not a list, for a service whose needs or routes refer to a service
        that is left out, and if no service is left.
    """
    result = {name: given for name, given in services.items() if _is_there(name, given.get("only_in"), environment)}
    for name, given in result.items():
        for key, other in _references(given):
            if isinstance(other, str) and other in services and other not in result:
                raise ValueError(
                    f"service {name!r}: key {key!r}: service {other!r} does not exist in {environment}; add "
                    f"{environment} to its 'only_in', or give this service an 'only_in', too"
                )
    if not result:
        raise ValueError(f"stack_services: no service exists in {environment}, by their keys 'only_in'")
    return result


def _is_there(name: str, only_in: object, environment: str) -> bool:
    if only_in is None:
        return True
    if not isinstance(only_in, list):
        raise ValueError(f"service {name!r}: key 'only_in': {only_in!r} is not a list of environments")
    return not only_in or environment in only_in


def _references(given: Mapping[str, Any]) -> Iterator[tuple[str, object]]:
    """Yield the key and the name of each service that a service refers to; entries of another shape are skipped."""
    for key, entry_key in (("needs", "service"), ("routes", "to")):
        entries = given.get(key)
        for entry in entries if isinstance(entries, list) else []:
            yield key, entry.get(entry_key) if isinstance(entry, Mapping) else entry

"""Which services an environment has: those that are for others only are left out of the description.

Place in the pipeline: describe, first. Pure.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any


def present(services: Mapping[str, dict[str, Any]], environment: str) -> dict[str, dict[str, Any]]:
    """Return those of *services*, as written, that *environment* has.

    :raises ValueError: for an ``only_in`` that is no list, for one of those left whose needs or routes lead to one of
        those left out, and where none is left.
    """
    result = {name: given for name, given in services.items() if _is_there(name, given.get("only_in"), environment)}
    for name, given in result.items():
        for key, other in _references(given):
            if isinstance(other, str) and other in services and other not in result:
                raise ValueError(
                    f"service {name!r}: key {key!r}: service {other!r} is not there in {environment}; add that to its "
                    f"'only_in', or give this service one as well"
                )
    if not result:
        raise ValueError(f"stack_services: no service is there in {environment}, by their keys 'only_in'")
    return result


def _is_there(name: str, only_in: object, environment: str) -> bool:
    if only_in is None:
        return True
    if not isinstance(only_in, list):
        raise ValueError(f"service {name!r}: key 'only_in': {only_in!r} is not a list of environments")
    return not only_in or environment in only_in


def _references(given: Mapping[str, Any]) -> Iterator[tuple[str, object]]:
    """Yield the key and the name of each service that one refers to, as far as it is written as it should be."""
    for key, entry_key in (("needs", "service"), ("routes", "to")):
        entries = given.get(key)
        for entry in entries if isinstance(entries, list) else []:
            yield key, entry.get(entry_key) if isinstance(entry, Mapping) else entry

"""Values of variables as far as they are available: without those that need a lookup, a vault or a missing variable.

Place in the pipeline: before describe, where a part of the description is enough.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from ansible.errors import AnsibleError
from ansible.template import Templar

#: The image of a service whose image is not available; the policy does not compare its version.
UNKNOWN_IMAGE = "unknown:${unknown}"
#: The keys of a service that decide on its image.
_IMAGE_KEYS = ("image", "version")
_VARIABLE_ONLY = re.compile(r"\s*\{\{\s*([A-Za-z_]\w*)\s*\}\}\s*")


class Unavailable(Exception):
    """A value is not available."""


def available(value: Any, templar: Templar, seen: frozenset[str] = frozenset()) -> Any:
    """Return *value* evaluated, without what is not available. :raises Unavailable: if nothing of it is."""
    try:
        return templar.template(value)
    except AnsibleError:
        pass
    if isinstance(value, Mapping):
        result, missing = {}, set()
        for key, item in value.items():
            try:
                result[key] = available(item, templar, seen)
            except Unavailable:
                missing.add(key)
        return {**result, "image": UNKNOWN_IMAGE} if missing.intersection(_IMAGE_KEYS) else result
    if isinstance(value, list):
        return list(_items(value, templar, seen))
    only = _VARIABLE_ONLY.fullmatch(value) if isinstance(value, str) else None
    if only and only[1] not in seen and only[1] in templar.available_variables:
        # A variable with a mapping or a list, of which only a part may be missing.
        return available(templar.available_variables[only[1]], templar, seen | {only[1]})
    raise Unavailable


def _items(values: list[Any], templar: Templar, seen: frozenset[str]) -> Iterator[Any]:
    for item in values:
        try:
            yield available(item, templar, seen)
        except Unavailable:
            continue

"""The version of a program in the tag of its image: what its data is of.

Place in the pipeline: description, under ``schema`` and ``kinds``. Pure. ``postgres_tags`` has the rules of Postgres.
"""

from __future__ import annotations

import re

from ansible_collections.slipway.stack.plugins.plugin_utils.compose_reader import image_reference
from ansible_collections.slipway.stack.plugins.plugin_utils.description import notations
from ansible_collections.slipway.stack.plugins.plugin_utils.policy import known_datastores

#: `11.8`, `11.8.3-noble`, `v2.53.1`, `4-management`.
_FIRST = re.compile(r"v?(\d{1,4}(?:\.\d{1,4}){0,3})(?![\d.])")


def number(text: str) -> str:
    """Return the numbers that a tag begins with, such as ``11.8``; empty if it does not begin with a version."""
    match = _FIRST.match(text)
    return match[1] if match else ""


def number_of_image(text: str) -> str:
    """Return the numbers of an image reference; empty if it is no known datastore, or its tag has none."""
    image = image_reference.parse(text)
    return number(image.tag) if known_datastores.name_of(image) else ""


def tag(value: str) -> str:
    """Return the tag of an image that begins with its version. :raises ValueError: for any other text."""
    if number(notations.word(value)):
        return value
    raise ValueError(
        f"{notations.shown(value)} does not say which version it is; write one that begins with its number, such as "
        f"11.8 or 11.8-noble"
    )


def is_part_of(short: str, long: str) -> bool:
    """Return whether *long* is a version of *short*, as 11.8.3 is one of 11.8."""
    return f"{long}.".startswith(f"{short}.")

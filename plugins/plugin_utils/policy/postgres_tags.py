"""The major version of Postgres in the tag of an image: the version of the files in the data directory.

Place in the pipeline: check, under the rules; ``description`` uses it too. Pure.
"""

from __future__ import annotations

import re

from ..compose_reader import image_reference
from . import known_datastores

#: Extensions and bundles of others name the version of Postgres after their own: `0.8.0-pg17`, `latest-pg16`.
_NAMED = re.compile(r"(?<![a-z0-9])pg[-_]?(\d{1,2}(?:\.\d+)?)(?!\d)", re.IGNORECASE)
#: The official image and most others begin with it: `17-bookworm`, `18beta1`, `16-3.4`.
_FIRST = re.compile(r"v?(\d{1,2}(?:\.\d+)?)(?!\d)")
#: The oldest version that the tag of an image may mean. A smaller number is the version of something else.
_OLDEST = 9


def major(tag: str) -> str:
    """Return the major version in a tag, such as ``17``, or ``9.6`` before version 10; empty if the tag has none."""
    match = _NAMED.search(tag) or _FIRST.match(tag)
    return _major(match[1]) if match else ""


def major_of_image(text: str) -> str:
    """Return the major version of an image reference; empty if it is no Postgres or its tag has none."""
    image = image_reference.parse(text)
    if image.base not in known_datastores.POSTGRES:
        return ""
    if image.base in known_datastores.TAGS_WITHOUT_VERSION_FIRST and not _NAMED.search(image.tag):
        return ""
    return major(image.tag)


def _major(version: str) -> str:
    first, _point, second = version.partition(".")
    if int(first) < _OLDEST:
        return ""
    # Until version 9.6 the major version had two parts.
    return f"{first}.{second[:1] or 6}" if int(first) == _OLDEST else first

"""Quote a value inside another text, so that a parser of that text reads back exactly the value.

Place in the pipeline: controller, for settings; target, for secrets.
"""

from __future__ import annotations

import urllib.parse
from collections.abc import Mapping
from typing import Callable

_DOTENV = str.maketrans({"\\": "\\\\", '"': '\\"', "$": "\\$", "\n": "\\n", "\r": "\\r"})
_REDIS = str.maketrans({"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"})

#: Quoting functions by name. ``raw``: unchanged; ``url``: a component of a URL; ``redis``: an argument in redis.conf,
#: with its quotes; ``dotenv``: the inside of a double-quoted value in an env file of Compose.
QUOTING: Mapping[str, Callable[[str], str]] = {
    "raw": lambda value: value,
    "url": lambda value: urllib.parse.quote(value, safe=""),
    "redis": lambda value: '"' + value.translate(_REDIS) + '"',
    "dotenv": lambda value: value.translate(_DOTENV),
}

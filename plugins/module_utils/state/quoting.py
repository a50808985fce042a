"""How a value is written inside another text, so that the reader of that text gets exactly the value back.

Place in the pipeline: shared by the controller, for settings, and the target, for secrets.
"""

from __future__ import annotations

import urllib.parse
from collections.abc import Mapping
from typing import Callable

_DOTENV = str.maketrans({"\\": "\\\\", '"': '\\"', "$": "\\$", "\n": "\\n", "\r": "\\r"})
_REDIS = str.maketrans({"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"})

#: By name: as it is; a component of a URL; an argument in redis.conf, its quotes included; the inside of a
#: double-quoted value in a file that Compose's parser reads.
QUOTING: Mapping[str, Callable[[str], str]] = {
    "raw": lambda value: value,
    "url": lambda value: urllib.parse.quote(value, safe=""),
    "redis": lambda value: '"' + value.translate(_REDIS) + '"',
    "dotenv": lambda value: value.translate(_DOTENV),
}

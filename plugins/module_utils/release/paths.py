"""Check the paths that the controller sends, before anything is written: all of them are below the stack's directory.

Place in the pipeline: target, ship. The controller checks the same in what people write. Root writes these files, so
the server does not rely on that.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator, Mapping
from typing import Any


def problems(content: Mapping[str, Any]) -> list[str]:
    """Return a sentence for each path in the *content* of a bundle at which nothing can be written."""
    home = content["home"]
    found = []
    if not os.path.isabs(home) or os.path.normpath(home) != home or not home.isprintable():
        found.append(f"{home!r} is not the absolute path of a stack's directory")
    for paths in (content["files"], content["mounted"], [file["name"] for file in content["secret_files"]]):
        found += _problems(paths)
    return found


def _problems(paths: Collection[str]) -> Iterator[str]:
    for path in paths:
        parts = path.split("/")
        if any(part in ("", ".", "..") or len(os.fsencode(part)) > 255 for part in parts) or not path.isprintable():
            yield f"the release is not written: {path!r} is not the path of a file below the stack's directory"
        elif any("/".join(parts[:length]) in paths for length in range(1, len(parts))):
            yield f"the release is not written: {path!r} is below another file"

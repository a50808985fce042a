"""The texts of a release for the diff: its own files, and the files that its services mount.

Place in the pipeline: target, ship, next to the plan.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from ansible_collections.slipway.stack.plugins.module_utils.release.plan import mounted_files
from ansible_collections.slipway.stack.plugins.module_utils.state import foreign_file
from ansible_collections.slipway.stack.plugins.module_utils.state.foreign_file import ForeignFileError
from ansible_collections.slipway.stack.plugins.module_utils.state.layout import Home

#: Larger than every file of a release: all of them arrive in one request.
_MAX_SIZE = 64 * 1024**2


def release_files(folder: Path, names: Iterable[str]) -> dict[str, str]:
    """Return the texts of a release's existing files, by path.

    :param names: the paths of the files in the manifest. Other files in the directory are ignored.
    """
    found = {name: _text(folder, name, "replace") for name in sorted(names)}
    return {name: text for name, text in found.items() if text is not None}


def mounted_texts(home: Home, manifest: Mapping[str, Any], texts: Mapping[str, str]) -> dict[str, str]:
    """Return the texts of the files that the services of a release mount, by ``SERVICE:PATH``.

    :param texts: texts by address. They take precedence over the files on the host.
    """
    result = {}
    for name, spec in manifest["services"].items():
        for target, address in mounted_files(spec).items():
            for path, text in _texts_below(home.files, address).items():
                result[f"{name}:{target}{path}"] = text
            for file_address, text in texts.items():
                if file_address == address or file_address.startswith(f"{address}/"):
                    result[f"{name}:{target}{file_address[len(address) :]}"] = _displayable(text)
    return result


def _texts_below(root: Path, path: str) -> dict[str, str]:
    """Return the text of a file by "", or the texts of a directory by their paths in it. Empty if it is missing."""
    try:
        names = [f"/{name}" for name in foreign_file.files_below(root, path)]
    except ForeignFileError:
        names = [""]
    found = {name: _text(root, f"{path}{name}", "surrogateescape") for name in names}
    return {name: _displayable(text) for name, text in found.items() if text is not None}


def _text(root: Path, path: str, errors: str) -> str | None:
    """Return the text of a regular file, ``None`` if there is none."""
    try:
        return foreign_file.read_text(root, path, _MAX_SIZE, errors=errors)
    except ForeignFileError:
        return None


def _displayable(text: str) -> str:
    """Return a text for the diff. A text with bytes that are not valid UTF-8 is replaced by its length."""
    return text if text.isprintable() or not re.search("[\ud800-\udfff]", text) else f"({len(text)} bytes, no text)\n"


def diff(old: Mapping[str, str], new: Mapping[str, str]) -> list[dict[str, str]]:
    """Return the text before and after of each file that differs, in Ansible's format."""
    return [
        {
            "before_header": name,
            "after_header": name,
            "before": old.get(name, ""),
            "after": new.get(name, ""),
        }
        for name in sorted(set(old) | set(new))
        if old.get(name, "") != new.get(name, "")
    ]

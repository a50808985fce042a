"""The texts of a release for the diff: its own files, and the files that its services mount.

Place in the pipeline: target, ship, next to the plan.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from ansible_collections.slipway.stack.plugins.module_utils.release.plan import mounted_files
from ansible_collections.slipway.stack.plugins.module_utils.state.layout import Home


def release_files(folder: Path, names: Iterable[str]) -> dict[str, str]:
    """Return the texts of a release's existing files, by path.

    :param names: the paths of the files in the manifest. Other files in the directory are ignored.
    """
    return {
        name: (folder / name).read_text(encoding="utf-8", errors="replace")
        for name in sorted(names)
        if (folder / name).is_file()
    }


def mounted_texts(home: Home, manifest: Mapping[str, Any], texts: Mapping[str, str]) -> dict[str, str]:
    """Return the texts of the files that the services of a release mount, by ``SERVICE:PATH``.

    :param texts: texts by address. They take precedence over the files on the host.
    """
    result = {}
    for name, spec in manifest["services"].items():
        for target, address in mounted_files(spec).items():
            for path, text in _texts_below(home.files / address).items():
                result[f"{name}:{target}{path}"] = text
            for file_address, text in texts.items():
                if file_address == address or file_address.startswith(f"{address}/"):
                    result[f"{name}:{target}{file_address[len(address) :]}"] = _displayable(text)
    return result


def _texts_below(path: Path) -> dict[str, str]:
    """Return the text of a file by "", or the texts of a directory by their paths in it. Empty if *path* is missing."""
    files = [path] if path.is_file() else sorted(one for one in path.rglob("*") if one.is_file())
    return {
        str(one)[len(str(path)) :]: _displayable(one.read_text(encoding="utf-8", errors="surrogateescape"))
        for one in files
    }


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

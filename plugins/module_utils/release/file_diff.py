"""The texts of a release, as a diff shows them: its own files, and those that its services have mounted.

Place in the pipeline: target, ship, beside the plan.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from ansible_collections.slipway.stack.plugins.module_utils.release.plan import mounted_files as mounted_by
from ansible_collections.slipway.stack.plugins.module_utils.state.layout import Home


def release_files(folder: Path, names: Iterable[str]) -> dict[str, str]:
    """Return those files of a release that are there, by path; what else somebody left beside them is none of it.

    :param names: their paths, as the manifest has them.
    """
    return {
        name: (folder / name).read_text(encoding="utf-8", errors="replace")
        for name in sorted(names)
        if (folder / name).is_file()
    }


def mounted_texts(home: Home, manifest: Mapping[str, Any], texts: Mapping[str, str]) -> dict[str, str]:
    """Return the files that a release mounts, by ``SERVICE:PATH``, from *texts* by their address or from the host."""
    result = {}
    for name, spec in manifest["services"].items():
        for target, address in mounted_by(spec).items():
            for path, text in _below(home.files / address).items():
                result[f"{name}:{target}{path}"] = text
            for other, text in texts.items():
                if other == address or other.startswith(f"{address}/"):
                    result[f"{name}:{target}{other[len(address) :]}"] = _shown(text)
    return result


def _below(path: Path) -> dict[str, str]:
    """Return a file's text under "", those of a directory under what follows its path; none for neither."""
    files = [path] if path.is_file() else sorted(one for one in path.rglob("*") if one.is_file())
    return {
        str(one)[len(str(path)) :]: _shown(one.read_text(encoding="utf-8", errors="surrogateescape")) for one in files
    }


def _shown(text: str) -> str:
    """Return a text as a diff can show it; bytes that are no UTF-8 are only told of."""
    return text if text.isprintable() or not re.search("[\ud800-\udfff]", text) else f"({len(text)} bytes, no text)\n"


def diff(old: Mapping[str, str], new: Mapping[str, str]) -> list[dict[str, str]]:
    """Return before and after of each file that differs, in Ansible's form."""
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

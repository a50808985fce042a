"""The texts of a release for the diff: its own files, and the files that its services mount.

Place in the pipeline: target, ship, next to the plan.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from ansible_collections.slipway.stack.plugins.module_utils.release.plan import mounted_files
from ansible_collections.slipway.stack.plugins.module_utils.state import foreign_file
from ansible_collections.slipway.stack.plugins.module_utils.state.foreign_file import ForeignFileError, text_or_none
from ansible_collections.slipway.stack.plugins.module_utils.state.layout import Home

#: A variable in an env file of ours: the start of its line.
_ASSIGNED = re.compile(r'^([\w.\-\[\]]+)="', re.MULTILINE)


def release_files(folder: Path, names: Iterable[str]) -> dict[str, str]:
    """Return the texts of a release's existing files, by path.

    :param names: the paths of the files in the manifest. Other files in the directory are ignored.
    """
    found = {name: text_or_none(folder, name, "replace") for name in sorted(names)}
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
    found = {name: text_or_none(root, f"{path}{name}") for name in names}
    return {name: _displayable(text) for name, text in found.items() if text is not None}


def _displayable(text: str) -> str:
    """Return a text for the diff. A text with bytes that are not valid UTF-8 is replaced by its length."""
    return text if text.isprintable() or not re.search("[\ud800-\udfff]", text) else f"({len(text)} bytes, no text)\n"


def diff(
    old: Mapping[str, str], new: Mapping[str, str], manifests: Iterable[Mapping[str, Any] | None] = ()
) -> list[dict[str, str]]:
    """Return the text before and after of each file that differs, in Ansible's format.

    :param manifests: of the releases that are compared. What is a secret in one of them may be a plain file or a plain
        variable in the other, from a time when nobody said that it is a secret. It is in no text then.
    """
    known = [manifest for manifest in manifests if manifest]
    targets = {target for manifest in known for target in _secret_targets(manifest)}
    variables = [variable for manifest in known for variable in _secret_variables(manifest)]
    before, after = ({name: _without(variables, name, text) for name, text in one.items()} for one in (old, new))
    return [
        {
            "before_header": name,
            "after_header": name,
            "before": before.get(name, ""),
            "after": after.get(name, ""),
        }
        for name in sorted(set(old) | set(new))
        if name not in targets and before.get(name, "") != after.get(name, "")
    ]


def _secret_targets(manifest: Mapping[str, Any]) -> Iterator[str]:
    """Yield ``SERVICE:PATH`` of each secret that a service mounts as a file."""
    for name, spec in manifest["services"].items():
        for use in spec["settings"].get("secrets") or []:
            if isinstance(use, Mapping):
                yield f"{name}:{use.get('target')}"


def _secret_variables(manifest: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield the env file of a service, and the name of a variable that is in a secret file in its place."""
    for file in manifest.get("secret_files") or []:
        if file["name"].endswith("_env"):
            text = "".join(part if isinstance(part, str) else "" for part in file["parts"])
            for name in _ASSIGNED.findall(text):
                yield f"env/{file['name'][: -len('_env')]}.env", name


def _without(variables: Collection[tuple[str, str]], name: str, text: str) -> str:
    """Return the text of an env file without the lines of some *variables*; any other text as it is."""
    hidden = [variable for file, variable in variables if file == name]
    if not hidden:
        return text
    return "".join(line for line in text.splitlines(keepends=True) if line.partition("=")[0] not in hidden)

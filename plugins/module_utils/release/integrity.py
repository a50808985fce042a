"""Whether the files of a release still have the content that was uploaded.

Place in the pipeline: target: before a release is used again, before its rollout, and in the status. The manifest has
the digest of each file. Contents are compared: a file that exists may be empty or edited.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ansible_collections.slipway.stack.plugins.module_utils.state import foreign_file
from ansible_collections.slipway.stack.plugins.module_utils.state.foreign_file import ForeignFileError
from ansible_collections.slipway.stack.plugins.module_utils.state.layout import Home
from ansible_collections.slipway.stack.plugins.module_utils.state.secret_store import SecretStore

#: Larger than every file of a release: all of them arrive in one request.
_MAX_SIZE = 64 * 1024**2


def digest_of(text: str) -> str:
    """Return the SHA-256 digest of a text as it is written to a file."""
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()


def has_content(folder: Path, name: str, digest: str) -> bool:
    """Return whether the file *name* below *folder* is a regular file whose content has this digest."""
    try:
        return hashlib.sha256(foreign_file.read_bytes(folder, name, _MAX_SIZE)).hexdigest() == digest
    except ForeignFileError:
        return False


def edited_files(home: Home, manifest: Mapping[str, Any]) -> list[str]:
    """Return the names of the release's own files that were edited or removed after the upload."""
    folder = home.release(str(manifest["release"]))
    # The first versions of the collection did not record them.
    return [name for name, digest in manifest.get("files", {}).items() if not has_content(folder, name, digest)]


def mounted_problems(home: Home, manifest: Mapping[str, Any]) -> list[str]:
    """Return a sentence for each mounted file of a release that was edited or removed after the upload."""
    return [
        f"{home.files / address} was edited or removed after the upload; deploy the release's description again, which "
        f"restores it"
        for address, digest in manifest.get("mounted_files", {}).items()
        if not has_content(home.files, address, digest)
    ]


def problems(home: Home, manifest: Mapping[str, Any]) -> list[str]:
    """Return a sentence for each file of a release that is not what was uploaded. Such a release must not start."""
    folder = home.release(str(manifest["release"]))
    return [
        *(
            f"{folder / name} was edited or removed after the upload; restore it, or roll out another release"
            for name in edited_files(home, manifest)
        ),
        *mounted_problems(home, manifest),
        *SecretStore(home.path).problems(manifest),
    ]

"""Which secrets a stack has on this host, since when, and whether the description gives other values.

Place in the pipeline: target, read-only. Values are compared here and never returned.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ansible_collections.slipway.stack.plugins.module_utils.state import foreign_file, known_secrets
from ansible_collections.slipway.stack.plugins.module_utils.state.foreign_file import ForeignFileError
from ansible_collections.slipway.stack.plugins.module_utils.state.layout import Home

#: The states of a secret: the live release has this value; it has another one; it has none yet; the only copy of a
#: generated value is gone; no service reads it; the description does not have it any more.
LIVE, DIFFERS, NEW, LOST, UNUSED, LEFT = "live", "differs", "new", "lost", "unused", "left"
_MAX_FILE = 64 * 1024**2


def overview(
    home: Home, files: Sequence[Mapping[str, Any]], sources: Mapping[str, Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """Return ``{name, state, since}`` for each secret of the description, and for those that were generated before.

    ``since``: seconds of the epoch at which the live value was written here, ``None`` if no value is live.

    :param files: the secret files of the description, as for ``SecretStore.addresses``.
    :param sources: ``{"value": TEXT}`` or ``{"generate": LENGTH}`` by name, also of secrets that no service reads.
    """
    read = {part["secret"] for file in files for part in file["parts"] if not isinstance(part, str)}
    live = _live_values(home)
    result = [_entry(home, name, source, live.get(name, []), name in read) for name, source in sources.items()]
    folder = home.path / "secrets" / "generated"
    left = sorted(path.name for path in folder.iterdir() if path.name not in sources) if folder.is_dir() else []
    return result + [{"name": name, "state": LEFT, "since": _written(folder / name)} for name in left]


def _entry(
    home: Home, name: str, source: Mapping[str, Any], live: Sequence[tuple[bytes, float]], is_read: bool
) -> dict[str, Any]:
    generated = home.path / "secrets" / "generated" / name
    since = min((written for _value, written in live), default=None)
    if source.get("value") is not None:
        value: bytes | None = str(source["value"]).encode("utf-8", "surrogateescape")
    elif source.get("previous"):
        # There is none before the first rotation.
        value = _content(home, f"secrets/previous/{source['previous']}") or b""
    else:
        value = _content(home, f"secrets/generated/{name}")
        since = _written(generated) if value is not None else since
    if not is_read:
        state = UNUSED
    elif value is None:
        state = LOST if live else NEW
    elif not live:
        state = NEW
    else:
        state = LIVE if all(hmac.compare_digest(value, one) for one, _written in live) else DIFFERS
    return {"name": name, "state": state, "since": since}


def _live_values(home: Home) -> dict[str, list[tuple[bytes, float]]]:
    """Return the values of each secret that the files of the live release have, and when each file was written."""
    result: dict[str, list[tuple[bytes, float]]] = {}
    manifest = home.manifest(home.current_id()) or {}
    for file in manifest.get("secret_files", []):
        path = f"secrets/{file['uid']}/{file['name']}.{manifest['addresses'].get(file['variable'], '')}"
        content = _content(home, path)
        written = _written(home.path / path)
        if content is None or written is None:
            continue
        for name, _text, value in known_secrets.by_name(content, file["parts"]):
            result.setdefault(name, []).append((value, written))
    return result


def _content(home: Home, path: str) -> bytes | None:
    """Return the content of a file of the store; ``None`` if it is missing or damaged, which ``status`` reports."""
    try:
        return foreign_file.read_bytes(home.path, path, _MAX_FILE)
    except ForeignFileError:
        return None


def _written(path: Path) -> float | None:
    try:
        return path.lstat().st_mtime
    except OSError:
        return None

"""Mounts of a development machine: sources that the image has already, data, and paths of the machine.

Place in the pipeline: project. Pure but for the names of files that it asks the tree for.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ansible_collections.slipway.stack.plugins.plugin_utils.project.tree import Tree

#: Directories that services write to, by name.
_DATA = re.compile(r"(?:.*[-_.])?(?:data|db|pgdata|uploads?|media|storages?|backups?|logs?|state)\d*", re.IGNORECASE)
_CLOCK = ("/etc/localtime", "/etc/timezone")
KEPT, SOURCES, CLOCK, ANONYMOUS, DATA, HOST = "kept", "sources", "clock", "anonymous", "data", "host"


def sort_of(tree: Tree, folder: str, mount: Mapping[str, Any], context: str | None, is_datastore: bool) -> str:
    """Return what a mount is for, one of the constants here.

    :param folder: the directory of the Compose file in the repository. :param mount: in long syntax.
    :param context: the build context of the service in the repository, ``None`` if it is not built.
    """
    source, target = str(mount.get("source") or ""), str(mount.get("target") or "")
    if mount.get("type") != "bind":
        is_cache = mount.get("type") == "volume" and not source and context is not None
        return ANONYMOUS if is_cache else KEPT
    if source in _CLOCK:
        return CLOCK
    path = tree.inside(Path(folder) / source) if not source.startswith(("/", "~", "$")) else None
    if path is None:
        return HOST
    if path in tree.files:
        return KEPT
    if is_datastore and not target.startswith("/docker-entrypoint"):
        return DATA
    if not tree.has_content(path):
        return DATA
    if context is not None and (_holds(context, path) or _holds(path, context)):
        return DATA if _DATA.fullmatch(path.rpartition("/")[2]) and path != context else SOURCES
    is_read_only = str(mount.get("read_only")).lower() == "true"
    return DATA if not is_read_only and _DATA.fullmatch(path.rpartition("/")[2]) else KEPT


def volume_name(service: str, mount: Mapping[str, Any]) -> str:
    """Return the name of the volume that takes the place of a directory."""
    last = str(mount.get("source") or "").rstrip("/").rpartition("/")[2]
    words = re.sub(r"[^a-z0-9_.-]+", "-", last.lower()).strip("-.") or "data"
    return words if words.startswith(service.lower()) else f"{service.lower()}-{words}"


def _holds(folder: str, path: str) -> bool:
    return folder == "." or path == folder or path.startswith(f"{folder}/")

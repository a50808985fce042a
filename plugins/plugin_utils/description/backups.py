"""How the data of a service is saved and restored: the key `backup` of a kind and of a service.

Place in the pipeline: description, under ``completion``; the manifest has the result. Pure. The server runs the
scripts, see ``module_utils/backup``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ansible_collections.slipway.stack.plugins.plugin_utils.compose_reader import long_syntax
from ansible_collections.slipway.stack.plugins.plugin_utils.description import schema
from ansible_collections.slipway.stack.plugins.plugin_utils.description.schema import Field, suggestion

#: What happens to a service while its volume is read. ``none``: the volume is not saved, on purpose.
VOLUME_MODES = ("running", "paused", "stopped", "none")

FIELDS = {
    "default": Field("bool", "whether services of the kind are saved without a word of their own", default=True),
    "archives": Field("dict", "what commands in the container save, by name", default={}),
    "volumes": Field("dict", "volumes that are saved as they are: running, paused, stopped, or none", default={}),
}
ARCHIVE_FIELDS = {
    "each": Field("str", "script that prints names, one a line; the archive is made for each of them"),
    "dump": Field("str", "script that writes the archive to its standard output", required=True),
    "restore": Field("str", "script that reads the archive from its standard input", required=True),
    "facts": Field("str", "script that prints what a restored archive must have in common with the original"),
    "swap": Field("str", "script that gives what was restored the name of the original, and the original another"),
    "drop": Field("str", "script that removes what was restored under another name"),
    "volume": Field("str", "the empty volume that it is restored into before the service starts"),
}
_SERVICE_FIELDS = {"volumes": FIELDS["volumes"]}


def parse(where: str, given: Any) -> dict[str, Any]:
    """Return the checked key `backup` of a kind, expressions not evaluated yet. :raises ValueError: naming the key."""
    body = schema.read(given, FIELDS, where)
    body["archives"] = {
        name: schema.read(spec, ARCHIVE_FIELDS, f"{where}, archive {name!r}") for name, spec in body["archives"].items()
    }
    return body


def method(where: str, given: Any, of_kind: Mapping[str, Any], volumes: Iterable[Any]) -> dict[str, Any] | None:
    """Return how a service is saved; ``None`` if it is not.

    ``{"archives": {NAME: {"dump": SCRIPT, ...}}, "volumes": {NAME: {"mode": MODE, "target": PATH}}}``. An archive that
    is restored into an empty volume has the ``target`` of it, too.

    :param given: the service's key: ``true`` or ``false`` for the method of its kind, or a mapping with ``volumes``.
    :param of_kind: the method of its kind, evaluated; empty without one.
    :param volumes: the volumes of the service in Compose's notation.
    :raises ValueError: for a volume that the service does not have, and for ``true`` without a method of the kind.
    """
    where = f"{where}: key 'backup'"
    if given is False:
        return None
    own = {} if given in (None, True) else dict(schema.read(given, _SERVICE_FIELDS, where)["volumes"])
    archives = dict(of_kind.get("archives") or {})
    if given is True and not archives and not of_kind.get("volumes"):
        raise ValueError(
            f"{where}: its kind does not say how to save it; name its volumes: {{volumes: {{NAME: paused}}}}"
        )
    if given is None and not of_kind.get("default", True):
        return None
    modes = {**(of_kind.get("volumes") or {}), **own}
    targets = sources(volumes)
    for name, mode in modes.items():
        if mode not in VOLUME_MODES:
            raise ValueError(f"{where}: volume {name!r}: {mode!r}; valid values: {', '.join(VOLUME_MODES)}")
        if name not in targets:
            known = ", ".join(targets) or "none"
            raise ValueError(
                f"{where}: it has no volume {name!r}{suggestion(name, list(targets))}; its volumes: {known}"
            )
    for name, archive in archives.items():
        volume = archive.get("volume")
        if volume and volume not in targets:
            raise ValueError(f"{where}: archive {name!r} is restored into volume {volume!r}, which the service lacks")
        if volume:
            archives[name] = {**archive, "target": targets[volume]}
    saved = {name: {"mode": mode, "target": targets[name]} for name, mode in modes.items()}
    return {"archives": archives, "volumes": saved} if archives or saved else None


def sources(volumes: Iterable[Any]) -> dict[str, str]:
    """Return the path in the container of each named volume and each writable directory of the host, by its name."""
    found = {}
    for entry in volumes:
        mount = (long_syntax.volume(entry) or {}) if isinstance(entry, str) else entry
        if mount.get("type", "volume") in ("volume", "bind") and mount.get("source") and not mount.get("read_only"):
            found[str(mount["source"])] = str(mount["target"])
    return found

"""How the data of a service is saved and restored: the key `backup` of a kind and of a service.

Place in the pipeline: description, under ``completion``; the manifest has the result. Pure. The server runs the
scripts, see ``module_utils/backup``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ansible_collections.slipway.stack.plugins.plugin_utils.compose_reader import image_reference, long_syntax
from ansible_collections.slipway.stack.plugins.plugin_utils.description import schema
from ansible_collections.slipway.stack.plugins.plugin_utils.description.model import Kind
from ansible_collections.slipway.stack.plugins.plugin_utils.description.schema import Field, suggestion
from ansible_collections.slipway.stack.plugins.plugin_utils.policy import known_datastores

#: What happens to a service while its volume is read. ``none``: the volume is not saved, on purpose.
VOLUME_MODES = ("running", "paused", "stopped", "none")

FIELDS = {
    "before": Field("str", "lines that each of the scripts starts with", default=""),
    "default": Field("bool", "whether services of the kind are saved without a word of their own", default=True),
    "archives": Field("dict", "what commands in the container save, by name", default={}),
    "volumes": Field("dict", "volumes that are saved as they are: running, paused, stopped, or none", default={}),
    "continuous": Field("dict", "scripts that save a database server continuously, for services that want it"),
}
ARCHIVE_FIELDS = {
    "each": Field("str", "script that prints names, one a line; the archive is made for each of them"),
    "dump": Field("str", "script that writes the archive to its standard output", required=True),
    "restore": Field("str", "script that reads the archive from its standard input", required=True),
    "facts": Field("str", "script that prints what a restored archive must have in common with the original"),
    "swap": Field("str", "script that gives what was restored the name of the original, and the original another"),
    "drop": Field("str", "script that removes what was restored under another name"),
    "exists": Field("str", "script that prints something if there is data under a name"),
    "volume": Field("str", "the empty volume that it is restored into before the service starts"),
}
_SCRIPTS = ("each", "dump", "restore", "facts", "swap", "drop", "exists")
#: The scripts of an archive whose data has names in the service. It has all of them, or none.
_OF_NAMES = ("each", "swap", "drop", "exists")
#: Directories of a host that have no data of a service, such as the engine's socket.
_OF_THE_SYSTEM = ("/dev/", "/etc/", "/proc", "/run/", "/sys", "/tmp", "/var/run/", "/var/lib/docker", "/var/log")
#: All of them run with SLOT, the name under which the server keeps what was not received yet.
CONTINUOUS_FIELDS = {
    "before": Field("str", "lines that each of the scripts starts with", default=""),
    "prepare": Field("str", "script in the server; makes SLOT, and prints something if it is new", required=True),
    "stop": Field("str", "script in the server; removes SLOT", required=True),
    "receive": Field("str", "script beside the server; writes WAL to /continuous/wal until it is ended", required=True),
    "base": Field("str", "script beside the server; writes a base backup to /continuous/new", required=True),
    "mark": Field("str", "script in the server; ends a file of WAL, and prints its name", required=True),
    "end": Field("str", "script in the server; the same, but nothing if nothing was written to it", required=True),
    "lag": Field("str", "script in the server; prints how many bytes were not received yet", required=True),
    "recover": Field("str", "script in a copy that does not run; BASES become its data, up to TARGET", required=True),
    "recovered": Field("str", "script in this copy; prints something as soon as it is at TARGET", required=True),
}
_SERVICE_FIELDS = {
    "volumes": FIELDS["volumes"],
    "continuous": Field("bool", "whether it is saved continuously, for a restore to any second", default=False),
}


def parse(where: str, given: Any) -> dict[str, Any]:
    """Return the checked key `backup` of a kind, expressions not evaluated yet. :raises ValueError: naming the key."""
    body = schema.read(given, FIELDS, where)
    body["archives"] = {
        name: schema.read(spec, ARCHIVE_FIELDS, f"{where}, archive {name!r}") for name, spec in body["archives"].items()
    }
    for name, archive in body["archives"].items():
        named = [key for key in _OF_NAMES if archive[key]]
        missing = [key for key in _OF_NAMES if not archive[key]]
        if named and missing:
            raise ValueError(
                f"{where}, archive {name!r}: it has {', '.join(named)}, and not {', '.join(missing)}; data with a name "
                f"is listed, swapped, removed and found by its name"
            )
    if body["continuous"]:
        body["continuous"] = schema.read(body["continuous"], CONTINUOUS_FIELDS, f"{where}, key 'continuous'")
    return body


def method(where: str, given: Any, of_kind: Mapping[str, Any], volumes: Iterable[Any]) -> dict[str, Any] | None:
    """Return how a service is saved; ``None`` if it is not.

    ``{"archives": {NAME: {"dump": SCRIPT, ...}}, "volumes": {NAME: {"mode": MODE, "target": PATH}}}``. An archive that
    is restored into an empty volume has the ``target`` of it, too. A service that is saved continuously has
    ``continuous``, the scripts of :data:`CONTINUOUS_FIELDS` by name.

    :param given: the service's key: ``true`` or ``false`` for the method of its kind, or a mapping with ``volumes`` and
        ``continuous``.
    :param of_kind: the method of its kind, evaluated; empty without one.
    :param volumes: the volumes of the service in Compose's notation.
    :raises ValueError: for a volume that the service does not have, and for ``true`` without a method of the kind.
    """
    where = f"{where}: key 'backup'"
    if given is False:
        return None
    said = {} if given in (None, True) else schema.read(given, _SERVICE_FIELDS, where)
    own = said.get("volumes") or {}
    archives = _archives(of_kind)
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
    if said.get("continuous"):
        return {"archives": archives, "volumes": saved, "continuous": _continuous(where, of_kind, archives)}
    return {"archives": archives, "volumes": saved} if archives or saved else None


def known_image(image: str, service_class: str, kinds: Mapping[str, Kind]) -> Mapping[str, Any]:
    """Return the method of the kind that an image of a team's own Compose files belongs to; empty if there is none."""
    base = image_reference.parse(image).base
    if service_class != "stateful" or base not in known_datastores.POSTGRES or "postgres" not in kinds:
        return {}
    method_of_kind: Mapping[str, Any] = kinds["postgres"].body["backup"]
    return method_of_kind


def unsaved(
    saved: Mapping[str, Any] | None, given: Any, of_kind: Mapping[str, Any], volumes: Iterable[Any]
) -> list[str]:
    """Return the volumes of a service that no backup has although nobody has said so.

    :param saved: what :func:`method` returned. What an archive has is in one of the volumes, so then none is named.
    :param given: the service's key. :param of_kind: the method of its kind.
    """
    if given is False or (given is None and not of_kind.get("default", True)) or (saved or {}).get("archives"):
        return []
    known = (saved or {}).get("volumes", {})
    return [name for name in sources(volumes) if name not in known and not name.startswith(_OF_THE_SYSTEM)]


def _continuous(where: str, of_kind: Mapping[str, Any], archives: Mapping[str, Any]) -> dict[str, str]:
    """Return the scripts that save a service continuously. :raises ValueError: if its kind has none."""
    scripts = of_kind.get("continuous")
    if not scripts or not archives:
        raise ValueError(f"{where}: 'continuous' is true, and its kind does not say how; the kind postgres does")
    return {name: f"{scripts['before']}{text}" for name, text in scripts.items() if name != "before"}


def _archives(of_kind: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the archives of a kind, the lines that all its scripts start with filled in."""
    before = of_kind.get("before") or ""
    result = {}
    for name, archive in (of_kind.get("archives") or {}).items():
        scripts = {key: f"{before}{text}" for key, text in archive.items() if text and key in _SCRIPTS}
        result[name] = {**archive, **scripts}
    return result


def sources(volumes: Iterable[Any]) -> dict[str, str]:
    """Return the path in the container of each named volume and each writable directory of the host, by its name."""
    found = {}
    for entry in volumes:
        mount = (long_syntax.volume(entry) or {}) if isinstance(entry, str) else entry
        if mount.get("type", "volume") in ("volume", "bind") and mount.get("source") and not mount.get("read_only"):
            found[str(mount["source"])] = str(mount["target"])
    return found

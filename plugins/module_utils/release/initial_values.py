"""User, password and name of a database: those in the description must be those that its data was created with.

Place in the pipeline: target, among the checks before the first change. A database reads them only when it has no data
yet. With another password in the description, everybody would be locked out. The file ``state/initial.json`` has keyed
hashes of the values by volume, never the values. The manifest of each release has them too.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Collection, Mapping
from typing import Any

from ansible_collections.slipway.stack.plugins.module_utils.release import resources
from ansible_collections.slipway.stack.plugins.module_utils.state import state_file
from ansible_collections.slipway.stack.plugins.module_utils.state.layout import Home, write_text
from ansible_collections.slipway.stack.plugins.module_utils.state.secret_store import SecretStore

_REMEDY = "Remove it; the next deploy writes it again"


def fingerprints(
    services: Mapping[str, Mapping[str, Any]], store: SecretStore, sources: Mapping[str, Mapping[str, Any]]
) -> dict[str, dict[str, Any]]:
    """Return ``volume``, ``key``, ``secrets`` and ``values`` of each service with initial values.

    ``values``: a keyed hash by variable, empty if the secret would be generated now. ``key`` tells which salt it was.
    """
    result = {}
    for name, spec in services.items():
        initial = spec.get("initial")
        if initial:
            values = {one: store.fingerprint(value["parts"], sources) for one, value in initial["values"].items()}
            parts = [part for value in initial["values"].values() for part in value["parts"]]
            secrets = sorted({part["secret"] for part in parts if not isinstance(part, str)})
            result[name] = {"volume": initial["volume"], "key": store.key(), "secrets": secrets, "values": values}
    return result


def refusals(
    home: Home, new: Mapping[str, Any], live: Mapping[str, Any] | None, changed_in_data: Collection[str]
) -> list[str]:
    """Return a sentence for each service whose existing data was created with other values.

    :param new: the manifest of the new release. :param live: that of the live one.
    :param changed_in_data: services whose values somebody has changed in the data, too.
    """
    problems = []
    for name, entry in (new.get("initial") or {}).items():
        folder = resources.folder(entry["volume"], new)
        if name in changed_in_data or folder is None or not any(folder.iterdir()):
            continue
        known = _known(home, name, entry, new, live)
        changed = [one for one, value in entry["values"].items() if known.get(one, value) != value]
        generated = [one for one, value in entry["values"].items() if not value and one not in changed]
        secrets = ", ".join(f"stack_secrets.{secret}" for secret in entry["secrets"])
        if changed:
            once = f'-e \'{{"stack_changed_in_data": ["{name}"]}}\''
            problems.append(
                f"service '{name}': {', '.join(changed)} changed, but the data in {entry['volume']} was created with "
                f"another one and keeps it, so no service could log in; restore the value of {secrets or 'before'}, or "
                f"change it in the database first and run this once with {once}{_or_remove(live, new, entry)}"
            )
        elif generated:
            problems.append(
                f"service '{name}': there is data in {entry['volume']} already, and {', '.join(generated)} would be "
                f"generated now, so no service could log in; set {secrets} to the value that the data was created with"
                f"{_or_remove(live, new, entry)}"
            )
    return problems


def record(home: Home, manifest: Mapping[str, Any], services: Collection[str]) -> None:
    """Record the values that the data of *services* has now. A full disk does not fail the rollout because of it."""
    path = _path(home)
    recorded = (state_file.read(path, {}, _REMEDY).value or {}).copy()
    before = dict(recorded)
    for name, entry in (manifest.get("initial") or {}).items():
        if name in services:
            place = _place(entry, manifest)
            recorded[place] = {"created": _created(entry, manifest), "key": entry["key"], "values": entry["values"]}
    if recorded != before:
        with contextlib.suppress(OSError):
            write_text(path, json.dumps({**recorded, "format": state_file.FORMAT}, indent=1) + "\n", 0o600)


def _path(home: Home) -> Any:
    return home.state / "initial.json"


def _known(
    home: Home, name: str, entry: Mapping[str, Any], new: Mapping[str, Any], live: Mapping[str, Any] | None
) -> Mapping[str, str]:
    """Return the hashes of the values that the existing data was created with, as far as they are known."""
    recorded = (state_file.read(_path(home), {}, _REMEDY).value or {}).get(_place(entry, new))
    if isinstance(recorded, Mapping) and recorded.get("key") == entry["key"]:
        same_volume = recorded.get("created") == _created(entry, new)
        return recorded["values"] if same_volume else {}
    before = ((live or {}).get("initial") or {}).get(name)
    if before and before["key"] == entry["key"] and before["volume"] == entry["volume"]:
        values: Mapping[str, str] = before["values"]
        return values
    return _known_to_older_version(name, new, live)


def _known_to_older_version(name: str, new: Mapping[str, Any], live: Mapping[str, Any] | None) -> Mapping[str, str]:
    """Return the hashes that an older version of the collection has recorded: the addresses of secret files."""
    values = new["services"][name]["initial"]["values"] if live and name in live["services"] else {}
    addresses = (live or {}).get("addresses", {})
    return {one: addresses[value["file"]] for one, value in values.items() if value["file"] in addresses}


def _place(entry: Mapping[str, Any], manifest: Mapping[str, Any]) -> str:
    """Return the volume's name in the engine, or the directory of the host."""
    volume = str(entry["volume"])
    keys = (manifest.get("volumes") or {}).get(volume)
    return volume if volume.startswith("/") else resources.engine_name(volume, keys, manifest["stack"])


def _created(entry: Mapping[str, Any], manifest: Mapping[str, Any]) -> str:
    """Return when the volume was created; a later volume of the same name has other data."""
    return str((resources.volume(str(entry["volume"]), manifest) or {}).get("CreatedAt", ""))


def _or_remove(live: Mapping[str, Any] | None, new: Mapping[str, Any], entry: Mapping[str, Any]) -> str:
    return "" if live else f"; or remove {_place(entry, new)} if nobody needs its data"

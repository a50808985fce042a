"""The overview of a stack's secrets: who reads each of them, where its value comes from, and the lines for a person.

Place in the pipeline: controller, for the action ``secret_overview``. Pure. It sees how a value is written in the
inventory and never shows the value.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Mapping
from typing import Any

from ansible_collections.slipway.stack.plugins.module_utils.state import secret_overview as states
from ansible_collections.slipway.stack.plugins.plugin_utils.controller.report import table
from ansible_collections.slipway.stack.plugins.plugin_utils.description.model import Secret, Stack
from ansible_collections.slipway.stack.plugins.plugin_utils.description.secret_text import Part
from ansible_collections.slipway.stack.plugins.plugin_utils.rendering.bundle import Bundle

_VARIABLE = re.compile(r"\s*\{\{\s*([A-Za-z_][A-Za-z0-9_]*)\b[^}]*\}\}\s*", re.DOTALL)
_LOOKUP = re.compile(r"\b(?:lookup|query|q)\s*\(\s*['\"]([A-Za-z0-9_.]+)['\"]")
_TEXTS: Mapping[str, str] = {
    states.LIVE: "live",
    states.NEW: "not live yet; the next deploy writes it",
    states.LOST: "its only copy is lost; restore secrets/generated of the host from a backup",
    states.UNUSED: "no service reads it",
    states.LEFT: "not described any more",
}


def readers(stack: Stack, bundle: Bundle) -> dict[str, list[str]]:
    """Return by secret who reads it: ``SERVICE: PATH`` for a file, ``SERVICE: $VARIABLE``, or ``probes``."""
    result: dict[str, list[str]] = {}

    def add(parts: Iterable[Part], reader: str) -> None:
        for part in parts:
            if isinstance(part, dict) and reader not in result.setdefault(part["secret"], []):
                result[part["secret"]].append(reader)

    for service in stack.services.values():
        for mount in service.secret_mounts:
            add(mount.file.parts, f"{service.name}: {mount.target}")
        for variable, parts in service.secret_variables.items():
            add(parts, f"{service.name}: ${variable}")
    of_services = {variable for spec in bundle.services.values() for variable in spec["secrets"]}
    for file in bundle.secret_files:
        if file["variable"] not in of_services:
            add(file["parts"], "probes")
    return result


def source(secret: Secret | None, written: Any) -> str:
    """Return where the value of a secret comes from, in words.

    :param secret: as described; ``None`` if the description does not have it.
    :param written: its entry of ``stack_secrets`` before templating, ``None`` if there is none.
    """
    if secret and secret.previous:
        return f"before the last rotation of {secret.previous}"
    if secret is None or secret.generate is not None:
        return "generated on this host"
    if isinstance(written, Mapping):
        written = written.get("value", written.get("base64"))
    if type(written).__name__ == "EncryptedString":
        return "vault"
    # A text that is templated has no value in it, except between quotes, which no pattern takes.
    text = written if isinstance(written, str) else ""
    lookup, variable = _LOOKUP.search(text), _VARIABLE.fullmatch(text)
    if lookup:
        return f"lookup {lookup[1]}"
    return f"variable {variable[1]}" if variable else "inventory"


def entries(stack: Stack, bundle: Bundle, found: Iterable[Mapping[str, Any]], written: object) -> list[dict[str, Any]]:
    """Return the secrets with their readers and sources.

    :param found: ``name``, ``state`` and ``since`` of each, as the host has found them.
    :param written: ``stack_secrets`` before templating.
    """
    read = readers(stack, bundle)
    known = {**stack.known_secrets, **bundle.sources}
    texts = written if isinstance(written, Mapping) else {}
    return [
        {
            **one,
            "source": source(known.get(one["name"]), texts.get(one["name"])),
            "readers": read.get(one["name"], []),
        }
        for one in found
    ]


def lines(host: str, overview: Iterable[Mapping[str, Any]]) -> list[str]:
    """Return the overview on one host, as lines for a person."""
    rows = []
    for one in overview:
        since = "" if one["since"] is None else time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(one["since"]))
        first, *others = one["readers"] or [""]
        rows.append((one["name"], one["source"], f"since {since}" if since else "", _state(one), first))
        rows += [("", "", "", "", other) for other in others]
    return [f"secrets on {host}:", *(f"  {line}" for line in table(rows))] if rows else [f"{host}: there is no secret"]


def _state(one: Mapping[str, Any]) -> str:
    if one["state"] == states.DIFFERS:
        services = list(dict.fromkeys(reader.partition(":")[0] for reader in one["readers"]))
        return f"differs from the live value; the next deploy replaces {', '.join(services)}"
    return _TEXTS[one["state"]]

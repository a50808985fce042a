"""A team's Compose files once and for all as a description: what to write into the inventory in their place.

Place in the pipeline: beside it, for a team that moves over. Pure. The services stay what they are, of the kind
``compose``; which of them a fuller kind would suit is a remark, because such a kind changes what runs.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ansible_collections.slipway.stack.plugins.plugin_utils import secret_text
from ansible_collections.slipway.stack.plugins.plugin_utils.project.translation import Translated

#: By the last part of an image's name, the kind that has more to give.
_FULLER = {"postgres": "postgres", "redis": "redis", "nginx": "nginx"}
#: By class and a word of the command.
_BY_COMMAND = {("drain", "celery"): "celery_worker", ("singleton", "celery"): "celery_beat"}


@dataclass(frozen=True)
class Adopted:
    """``services`` and ``secrets`` are for ``stack_services`` and ``stack_secrets``; no secret is in either.

    ``vault``: the values that ``secrets`` takes from a vault, by variable; never to be written in the open.
    ``remarks``: what the description cannot say, and what would suit better, a sentence each.
    """

    services: dict[str, Any]
    secrets: dict[str, Any]
    vault: dict[str, str]
    remarks: list[str]


def adopt(found: Translated, base: Path) -> Adopted:
    """Return the description that is equivalent to a team's files.

    :param found: what was made of the files. :param base: the directory of the inventory, for relative paths.
    """
    secrets: dict[str, Any] = {}
    vault: dict[str, str] = {}
    services = {}
    for name, given in found.services.items():
        services[name] = _literal(_service(name, given, found, base, secrets)) if _is_files(given) else given
    for name, source in found.secrets.items():
        if isinstance(source, str):
            vault[_variable(name)] = source
            secrets.setdefault(name, f"{{{{ {_variable(name)} }}}}")
        else:
            secrets.setdefault(name, source)
    used = _named(services)
    remarks = [*_unsaid(found), *_fuller(services)]
    return Adopted(services, {name: source for name, source in secrets.items() if name in used}, vault, remarks)


def _is_files(given: Any) -> bool:
    return isinstance(given, Mapping) and given.get("kind") == "compose"


def _variable(secret: str) -> str:
    return f"vault_{secret.replace('-', '_')}"


def _service(
    name: str, given: Mapping[str, Any], found: Translated, base: Path, secrets: dict[str, Any]
) -> dict[str, Any]:
    result = {key: value for key, value in given.items() if value not in ({}, [], "", None) or key == "networks"}
    if result.get("networks") == ["default"]:
        del result["networks"]
    uses = list(result.get("secrets", []))
    environment = {}
    for key, value in result.get("environment", {}).items():
        names = secret_text.names(str(value))
        if not names:
            environment[key] = value
        elif str(value) == secret_text.mark(names[0], "dotenv"):
            uses.append({"name": names[0], "env": key})
        else:
            # A text with a secret inside of it is a secret as a whole.
            whole = f"{name}__{key}".lower()
            parts = secret_text.parts(str(value))
            secrets[whole] = "".join(
                _raw(part) if isinstance(part, str) else f"{{{{ {_variable(part['secret'])} }}}}" for part in parts
            )
            uses.append({"name": whole, "env": key})
    for key, value in (("environment", environment), ("secrets", uses)):
        result.pop(key, None)
        if value:
            result[key] = value
    if "files" in result:
        sources = found.sources.get(name, {})
        result["files"] = {
            target: {"src": os.path.relpath(sources[target], base)} if target in sources else file
            for target, file in result["files"].items()
        }
    if "build" in result:
        result["build"] = {**result["build"], "context": os.path.relpath(result["build"]["context"], base)}
    return result


def _raw(text: str) -> str:
    """Return a text such that Ansible takes it as it is."""
    return f"{{% raw %}}{text}{{% endraw %}}" if "{{" in text or "{%" in text else text


def _literal(value: Any) -> Any:
    if isinstance(value, str):
        return _raw(value)
    if isinstance(value, Mapping):
        return {key: _literal(item) for key, item in value.items()}
    return [_literal(item) for item in value] if isinstance(value, list) else value


def _named(services: Mapping[str, Any]) -> set[str]:
    uses = [use for given in services.values() if isinstance(given, Mapping) for use in given.get("secrets") or []]
    return {str(use["name"] if isinstance(use, Mapping) else use) for use in uses}


def _unsaid(found: Translated) -> list[str]:
    return [
        f"{key[:-1]} {name!r}: {', '.join(options)} cannot be said in stack_services; keep a Compose file that has it"
        for key, entries in found.top.items()
        for name, options in entries.items()
        if options
    ]


def _fuller(services: Mapping[str, Any]) -> list[str]:
    remarks = []
    for name, given in services.items():
        if not _is_files(given):
            continue
        image = str(given.get("image", "")).partition("@")[0].rpartition("/")[2].partition(":")[0]
        words = " ".join(given["command"]) if isinstance(given.get("command"), list) else str(given.get("command", ""))
        kind = _FULLER.get(image) or next(
            (kind for (one, word), kind in _BY_COMMAND.items() if given.get("class") == one and word in words), None
        )
        if kind:
            remarks.append(
                f"service {name!r}: the kind {kind!r} would bring health check, limits and hardening of its own"
            )
    return remarks

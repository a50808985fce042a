"""A team's Compose files once and for all as a description: what to write into the inventory in their place.

Place in the pipeline: beside it, for a team that moves over. Pure. The services stay what they are, of the kind
``compose``; which of them a fuller kind would suit is a remark, because such a kind changes what runs.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ansible_collections.slipway.stack.plugins.plugin_utils.compose_files import expressions
from ansible_collections.slipway.stack.plugins.plugin_utils.compose_files.expressions import Expression
from ansible_collections.slipway.stack.plugins.plugin_utils.compose_files.translation import Translated
from ansible_collections.slipway.stack.plugins.plugin_utils.description import secret_text

#: By the last part of an image's name, the kind that has more to give.
_FULLER = {"postgres": "postgres", "redis": "redis", "nginx": "nginx", "traefik": "traefik"}
#: By class and a word of the command.
_BY_COMMAND = {("drain", "celery"): "celery_worker", ("singleton", "celery"): "celery_beat"}


@dataclass(frozen=True)
class Written:
    """What the inventory says beside the files, as it is written there: templates are templates still.

    ``services`` and ``secrets`` as ``stack_services`` and ``stack_secrets``; ``said`` is ``services``, evaluated.
    ``variables``: those of the files that are templates, with their values.
    """

    services: Mapping[str, Any] = field(default_factory=dict)
    said: Mapping[str, Any] = field(default_factory=dict)
    secrets: Mapping[str, Any] = field(default_factory=dict)
    variables: Mapping[str, Expression] = field(default_factory=dict)


@dataclass(frozen=True)
class Adopted:
    """``services``, ``secrets``, ``networks``, ``volumes`` are for the variables of these names; no secret is in them.

    ``vault``: by the variable that ``secrets`` takes from a vault, where its value is now, in words.
    ``notes``: by service, what was decided about it. ``remarks``: what the description cannot say, a sentence each.
    ``fuller``: the kind that would have more to give, by service.
    """

    services: dict[str, Any]
    secrets: dict[str, Any]
    networks: dict[str, Any]
    volumes: dict[str, Any]
    vault: dict[str, str]
    notes: Mapping[str, list[str]]
    remarks: list[str]
    fuller: dict[str, str]


def adopt(
    found: Translated,
    base: Path,
    written: Written,
    second: Translated | None,
    top: Mapping[str, Mapping[str, Any]],
    lost: Collection[str],
) -> Adopted:
    """Return the description that is equivalent to a team's files.

    :param found: what was made of the files. :param base: the directory of the inventory, for relative paths.
    :param second: the same once more, with marks for the variables of *written*.
    :param top: networks and volumes that services have and of which there is something to say.
    :param lost: variables that are templates, and whose value of now is all that can stand somewhere.
    :raises ValueError: naming service and key, for what the inventory writes in a way that cannot be kept.
    """
    services = {}
    for name, given in found.services.items():
        said, as_it_is = written.said.get(name), written.services.get(name)
        if not _is_files(given) or (isinstance(said, Mapping) and "kind" in said):
            services[name] = expressions.as_written(given if said is None else said, said, as_it_is, name)
            continue
        one = _service(given, found.sources.get(name, {}), base)
        if second:
            one = expressions.put_back(one, _service(second.services[name], {}, base), written.variables)
        if isinstance(said, Mapping):
            one = expressions.as_written(_with_files(one, said), said, as_it_is, name)
        services[name] = one
    vault: dict[str, str] = {}
    uses = _uses(services)
    marks = second.secrets if second else {}
    secrets = {
        name: _secret(name, expressions.put_back(value, marks.get(name), written.variables), written, uses, vault)
        for name, value in found.secrets.items()
        if name in uses or name in written.secrets
    }
    return Adopted(
        services,
        secrets,
        dict(top.get("networks", {})),
        dict(top.get("volumes", {})),
        vault,
        found.notes,
        [
            *_unsaid(found),
            *(f"{name} of stack_compose_variables stands as the value that it has" for name in sorted(lost)),
        ],
        _fuller(services),
    )


def _is_files(given: Any) -> bool:
    return isinstance(given, Mapping) and given.get("kind") == "compose"


def _service(given: Mapping[str, Any], sources: Mapping[str, str], base: Path) -> dict[str, Any]:
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
            parts = secret_text.parts(str(value))
            text = "".join(part if isinstance(part, str) else f"{{{part['secret']}}}" for part in parts)
            uses.append({"name": names[0], "env": key, "text": text})
    for key, value in (("environment", environment), ("secrets", uses)):
        result.pop(key, None)
        if value:
            result[key] = value
    if "files" in result:
        result["files"] = {
            target: {"src": os.path.relpath(sources[target], base)} if target in sources else file
            for target, file in result["files"].items()
        }
    if "build" in result:
        result["build"] = {**result["build"], "context": os.path.relpath(base / result["build"]["context"], base)}
    return result


def _with_files(service: dict[str, Any], said: Mapping[str, Any]) -> dict[str, Any]:
    """Return a service with the files that the inventory names as it names them."""
    named = {target: file for target, file in (said.get("files") or {}).items() if target in service.get("files", {})}
    return {**service, "files": {**service["files"], **named}} if named else service


def _uses(services: Mapping[str, Any]) -> dict[str, str]:
    """Return the secrets that services have, and the first place at which each is had, in words."""
    result: dict[str, str] = {}
    for service, given in services.items():
        for use in given.get("secrets") or [] if isinstance(given, Mapping) else []:
            one = use if isinstance(use, Mapping) else {"name": use}
            where = f"{one['env']}" if one.get("env") else f"{one.get('target') or one['name']}"
            result.setdefault(str(one["name"]), f"{where} of {service}")
            for name in str(one.get("text") or "").split("{")[1:]:
                result.setdefault(name.partition("}")[0], f"{where} of {service}")
    return result


def _secret(name: str, value: Any, written: Written, uses: Mapping[str, str], vault: dict[str, str]) -> Any:
    """Return the source of a secret as it is to be written, and note in *vault* what somebody has to put there."""
    source = written.secrets.get(name)
    if expressions.is_template(source):
        return Expression(str(source), None)
    if isinstance(source, Mapping) and set(source) == {"generate"}:
        return dict(source)
    if isinstance(source, Mapping) and expressions.is_template(source.get("value")):
        return {"value": Expression(str(source["value"]), None)}
    if isinstance(value, Expression) and name not in written.secrets:
        return value
    variable = f"vault_{name.replace('-', '_')}"
    while variable in vault:
        variable += "_"
    vault[variable] = f"stack_secrets.{name}" if name in written.secrets else uses[name]
    return Expression(f"{{{{ {variable} }}}}", None)


def _unsaid(found: Translated) -> list[str]:
    remarks = []
    for name, keys in found.left_out.items():
        if not _is_files(found.services.get(name)):
            continue
        for key in keys:
            if key == "profiles":
                remarks.append(f"service {name!r} is there always: there are no profiles in stack_services")
            elif key == "develop":
                remarks.append(f"service {name!r}: 'develop' is left out; 'development' says what a checkout needs")
            else:
                remarks.append(f"service {name!r}: {key!r} is left out, as a deploy of the files leaves it out")
    remarks += [f"service {name!r} is left out: none of its profiles is active" for name in found.inactive]
    return remarks


def _fuller(services: Mapping[str, Any]) -> dict[str, str]:
    result = {}
    for name, given in services.items():
        if not _is_files(given):
            continue
        image = str(given.get("image", "")).partition("@")[0].rpartition("/")[2].partition(":")[0]
        words = " ".join(given["command"]) if isinstance(given.get("command"), list) else str(given.get("command", ""))
        kind = _FULLER.get(image) or next(
            (kind for (one, word), kind in _BY_COMMAND.items() if given.get("class") == one and word in words), None
        )
        if kind:
            result[name] = kind
    return result

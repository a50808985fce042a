"""A team's Compose files converted once into a description that replaces them in the inventory.

Place in the pipeline: outside it, for a team that moves over. Pure. The services keep the kind ``compose`` and do not
change. A kind that offers more is only suggested, because it changes what runs.
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

#: The kind to suggest, by the last part of an image's name.
_KIND_BY_IMAGE = {
    **{name: name for name in ("postgres", "redis", "nginx", "traefik", "mariadb", "rabbitmq", "valkey", "memcached")},
    **{name: name for name in ("prometheus", "grafana", "mailpit", "opensearch", "minio")},
    "mongo": "mongodb",
}
#: The kind to suggest, by update strategy and a word of the command.
_KIND_BY_COMMAND = {("drain", "celery"): "celery_worker", ("singleton", "celery"): "celery_beat"}


@dataclass(frozen=True)
class InventorySource:
    """What the inventory says in addition to the files, as it is written there: templates are not evaluated.

    ``services`` and ``secrets`` are ``stack_services`` and ``stack_secrets``; ``evaluated_services`` is ``services``
    after evaluation. ``variables``: the variables of the files that are templates, with their values.
    """

    services: Mapping[str, Any] = field(default_factory=dict)
    evaluated_services: Mapping[str, Any] = field(default_factory=dict)
    secrets: Mapping[str, Any] = field(default_factory=dict)
    variables: Mapping[str, Expression] = field(default_factory=dict)


@dataclass(frozen=True)
class AdoptedDescription:
    """``services``, ``secrets``, ``networks`` and ``volumes``, for the variables of these names, without any secret.

    ``vault``: the variables that ``secrets`` takes from a vault; for each, where its value is now, in words.
    ``notes``: by service, what was decided about it. ``remarks``: what the description cannot express, one sentence
    each. ``suggested_kinds``: by service, a kind that offers more.
    """

    services: dict[str, Any]
    secrets: dict[str, Any]
    networks: dict[str, Any]
    volumes: dict[str, Any]
    vault: dict[str, str]
    notes: Mapping[str, list[str]]
    remarks: list[str]
    suggested_kinds: dict[str, str]


def adopt(
    translated: Translated,
    base: Path,
    source: InventorySource,
    marked: Translated | None,
    shared: Mapping[str, Mapping[str, Any]],
    hard_coded: Collection[str],
) -> AdoptedDescription:
    """Return the description that is equivalent to a team's files.

    :param translated: the translation of the files. :param base: the directory of the inventory, for relative paths.
    :param marked: the same translation, with markers for the variables of *source*.
    :param shared: the networks and volumes that services use and that have settings.
    :param hard_coded: variables that are templates, but of which only the current value can be written.
    :raises ValueError: naming service and key, if what the inventory says cannot be kept as it is written.
    """
    services: dict[str, Any] = {}
    for name, entry in translated.services.items():
        evaluated, as_written = source.evaluated_services.get(name), source.services.get(name)
        if not _is_compose(entry) or (isinstance(evaluated, Mapping) and "kind" in evaluated):
            whole = entry if evaluated is None else evaluated
            services[name] = expressions.restore_source(whole, evaluated, as_written, name)
            continue
        service = _service(entry, translated.sources.get(name, {}), base)
        if marked:
            marked_service = _service(marked.services[name], {}, base)
            service = expressions.restore_templates(service, marked_service, source.variables)
        if isinstance(evaluated, Mapping):
            service = _with_files_of_inventory(service, evaluated)
            service = expressions.restore_source(service, evaluated, as_written, name)
        services[name] = service
    services.update({name: None for name, entry in source.evaluated_services.items() if entry is None})
    vault: dict[str, str] = {}
    uses = _secret_uses(services)
    marked_secrets = marked.secrets if marked else {}
    secrets = {
        name: _secret_source(
            name,
            expressions.restore_templates(value, marked_secrets.get(name), source.variables),
            source,
            uses,
            vault,
        )
        for name, value in translated.secrets.items()
        if name in uses or name in source.secrets
    }
    return AdoptedDescription(
        services,
        secrets,
        dict(shared.get("networks", {})),
        dict(shared.get("volumes", {})),
        vault,
        translated.notes,
        [
            *_remarks(translated),
            *(f"{name} of stack_compose_variables is written as its current value" for name in sorted(hard_coded)),
        ],
        _suggested_kinds(services),
    )


def _is_compose(entry: Any) -> bool:
    return isinstance(entry, Mapping) and entry.get("kind") == "compose"


def _service(entry: Mapping[str, Any], sources: Mapping[str, str], base: Path) -> dict[str, Any]:
    """Return a translated service in its short form, with paths relative to *base*.

    :param sources: by path in the container, where on the controller its files are.
    """
    result = {key: value for key, value in entry.items() if value not in ({}, [], "", None) or key == "networks"}
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
            target: _file(file, os.path.relpath(sources[target], base) if target in sources else None)
            for target, file in result["files"].items()
        }
    if "build" in result:
        result["build"] = {**result["build"], "context": os.path.relpath(base / result["build"]["context"], base)}
    return result


def _file(file: Mapping[str, Any], source: str | None) -> dict[str, Any]:
    """Return a mounted file: from its source if it has one, and as a secret if it is one."""
    further = {key: file[key] for key in ("mount", "owner", "mode") if key in file}
    kept = {"src": source, **further} if source else {key: value for key, value in file.items() if key != "secret"}
    return {**kept, **({"secret": file["secret"]} if file.get("secret") else {})}


def _with_files_of_inventory(service: dict[str, Any], evaluated: Mapping[str, Any]) -> dict[str, Any]:
    """Return a service whose files are written as the inventory writes them, if the inventory names them."""
    own_files = service.get("files", {})
    named = {target: file for target, file in (evaluated.get("files") or {}).items() if target in own_files}
    return {**service, "files": {**service["files"], **named}} if named else service


def _secret_uses(services: Mapping[str, Any]) -> dict[str, str]:
    """Return the secrets that services use, each with the first place where it is used, in words."""
    result: dict[str, str] = {}
    for service, entry in services.items():
        for item in entry.get("secrets") or [] if isinstance(entry, Mapping) else []:
            use = item if isinstance(item, Mapping) else {"name": item}
            where = f"{use['env']}" if use.get("env") else f"{use.get('target') or use['name']}"
            result.setdefault(str(use["name"]), f"{where} of {service}")
            for name in str(use.get("text") or "").split("{")[1:]:
                result.setdefault(name.partition("}")[0], f"{where} of {service}")
    return result


def _secret_source(
    name: str, value: Any, source: InventorySource, uses: Mapping[str, str], vault: dict[str, str]
) -> Any:
    """Return the source of a secret for the description; add to *vault* what somebody has to put there."""
    entry = source.secrets.get(name)
    if isinstance(value, Expression) and name not in source.secrets:
        return value
    if expressions.is_template(entry):
        return Expression(str(entry), None)
    given = {key: item for key, item in entry.items() if item is not None} if isinstance(entry, Mapping) else {}
    if "generate" in given or any(map(expressions.is_template, given.values())):
        return {key: Expression(item, None) if expressions.is_template(item) else item for key, item in given.items()}
    variable = f"vault_{name.replace('-', '_')}"
    while variable in vault:
        variable += "_"
    vault[variable] = f"stack_secrets.{name}" if name in source.secrets else uses[name]
    reference = Expression(f"{{{{ {variable} }}}}", None)
    return {"base64": reference} if "base64" in given else reference


def _remarks(translated: Translated) -> list[str]:
    """Return what the files say and the description does not."""
    remarks = []
    for name, keys in translated.left_out.items():
        if not _is_compose(translated.services.get(name)):
            continue
        for key in keys:
            if key == "profiles":
                remarks.append(f"service {name!r} always runs: stack_services has no profiles")
            elif key == "develop":
                remarks.append(f"service {name!r}: 'develop' is left out; 'development' describes a checkout")
            else:
                remarks.append(f"service {name!r}: {key!r} is left out, as in a deploy of the files")
    remarks += [f"service {name!r} is left out: none of its profiles is active" for name in translated.inactive]
    return remarks


def _suggested_kinds(services: Mapping[str, Any]) -> dict[str, str]:
    result = {}
    for name, entry in services.items():
        if not _is_compose(entry):
            continue
        image = str(entry.get("image", "")).partition("@")[0].rpartition("/")[2].partition(":")[0]
        command = entry.get("command")
        words = " ".join(command) if isinstance(command, list) else str(entry.get("command", ""))
        kind = _KIND_BY_IMAGE.get(image) or next(
            (
                kind
                for (strategy, word), kind in _KIND_BY_COMMAND.items()
                if entry.get("class") == strategy and word in words
            ),
            None,
        )
        if kind:
            result[name] = kind
    return result

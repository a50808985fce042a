"""The page of services and kinds, from the tables that the model itself reads a description with."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml
from ansible_collections.slipway.stack.plugins.plugin_utils.description import (
    assets,
    describe,
    development,
    fields,
    kinds,
    mounted_files,
    routes,
    secret_text,
    variables,
)
from ansible_collections.slipway.stack.plugins.plugin_utils.description.model import Kind
from ansible_collections.slipway.stack.plugins.plugin_utils.description.schema import Field
from ansible_collections.slipway.stack.plugins.plugin_utils.rendering import bundle, compose

from scripts.markdown import code, sentence, table

_HEADER = """\
# Services and kinds

Written by `make docs` from `plugins/plugin_utils/` and `kinds/`; a change by hand is lost. The variables around
`stack_services` are in [roles.md](roles.md), how to write a kind is in [kinds.md](kinds.md).

A key that is not on this page is refused, with the one that was probably meant.
"""

_TYPES = {
    "text": "a text; numbers are taken as text",
    "number": "a number, such as `2` or `0.5`",
    "true/false": "`true` or `false`",
    "duration": "a number with its unit: `500ms`, `30s`, `1m30s`, `2h`",
    "size": "a number with its unit: `64k`, `512m`, `2g`",
    "port": "a number from 1 to 65535",
    "command": "one text, taken apart as a shell would, or a list of arguments; no shell runs it",
    "list, mapping, any": "as in YAML",
}
_NAMES = {
    "str": "text",
    "bool": "true/false",
    "int": "number",
    "float": "number",
    "cpus": "number",
    "memory": "size",
    "dict": "mapping",
}

_CLASSES = {
    "rolling": "new containers beside the old, healthy, requests sent to the new, then the old stopped",
    "drain": "new containers beside the old, healthy, then the old stopped, with `stop_grace` to finish their work",
    "singleton": "the old stopped, then the new started: never two at once, so there is a gap",
    "stateful": "nothing: a change is refused until `deploy_allow_downtime` names it, then made in place, with a gap",
    "oneshot": "run to its end, with the data services and before anything rolls; a failure ends the deploy",
}

_EVERY_SERVICE = """\
`compose` is merged over this key by key, where `null` takes a key away and a list of `networks` adds to those that the
service has; `environments` holds what Compose merges over that in one environment. This is what becomes of
`app: {kind: custom, image: app:1, health: {test: [CMD, "true"]}}`:
"""

_NEEDS = """\
A name alone gives the variables that the kind of the other service provides. `url` adds one variable with a whole URL,
password included.
"""
_SECRETS = """\
A name alone mounts the secret at `/run/secrets/NAME` and sets `NAME_FILE`, in capitals, to that path.
"""
_FILES = """\
Give `content` or `src`. Relative paths start at the inventory. What `src` names is mounted as it is, a directory whole,
with who may run what; `directory` and `executable` are what becomes of it.
"""
_BUILD = """\
For `playbooks/images.yml` and `playbooks/workspace.yml`; a deploy builds nothing.
"""
_DEVELOPMENT = """\
For `playbooks/workspace.yml`, which prepares a developer's checkout, and for services with a `build` only. A kind says
what fits its services; a key here replaces the kind's. Nothing of it reaches a server.
"""
_ROUTES = """\
For the kinds `nginx` and `traefik`. Of the paths that fit, the longest counts. With Traefik `timeout` is the time until
the answer begins.
"""
_ASSETS = """\
Pages of an earlier release go on asking for files of theirs, which the new containers do not have. An edge of kind
`nginx` keeps those that are named by their content from every release that is still on the host. A file whose content
has changed under the same name is not kept, and what is not kept the service answers as ever. The kinds `spa` and
`nextjs` say where theirs are usually; an image that has no such directory has none, unless the service itself says it.
"""
_STACK_SECRETS = """\
Each is a text, or a mapping with one of these. The host makes what a kind declares itself, such as a database's
password, unless an entry here gives it; it is called `SERVICE_NAME`, for example `db_password`.
"""
_STACK_PROBES = """\
Asked through the published port, after a switch and by `playbooks/verify.yml`. Without any, each route of the edge is
asked for its path.
"""
_PARTS: dict[str, tuple[str, Mapping[str, Field]]] = {
    "An entry of `needs`": (_NEEDS, fields.NEED_FIELDS),
    "An entry of `secrets`": (_SECRETS, variables.SECRET_USE_FIELDS),
    "An entry of `files`": (_FILES, mounted_files.FILE_FIELDS),
    "Keys of `build`": (_BUILD, fields.BUILD_FIELDS),
    "Keys of `development`": (_DEVELOPMENT, development.FIELDS),
    "An entry of `routes`": (_ROUTES, routes.FIELDS),
    "Keys of `assets`": (_ASSETS, assets.FIELDS),
    "An entry of `stack_secrets`": (_STACK_SECRETS, fields.SECRET_FIELDS),
    "An entry of `stack_probes`": (_STACK_PROBES, bundle._PROBE_FIELDS),
}


def page(folder: Path) -> str:
    """Return the page for the kinds in *folder*."""
    loaded = kinds.load([folder])
    lines = [_HEADER, "## Keys of a service", ""]
    lines += _fields(fields.SERVICE_FIELDS)
    shared = ", ".join(f"`{key}`" for key in fields.SHARED_FIELDS)
    lines += [f"`like` takes over {shared}, each unless the service says it itself; `environment` key by key.", ""]
    lines += table(("type", "how it is written"), _TYPES.items())
    for title, (text, keys) in _PARTS.items():
        lines += [f"### {title}", "", text, *_fields(keys)]
    lines += ["## Classes", "", "How the containers of a service give way to others.", ""]
    lines += table(("class", "replaced by"), ((f"`{name}`", _CLASSES[name]) for name in kinds.CLASSES))
    lines += [
        "A service that publishes a port of the host itself is replaced in place too. The edge's ports are published",
        "by a service of their own, its pod: nginx or Traefik rolls, and only another port or network has a gap.",
        "",
        "What a service keeps has a named volume (`volumes`). Where its image declares a volume and nothing is mounted",
        "there, a deploy that would lose files with the container is refused, and says where they are.",
        "",
    ]
    lines += ["## What every service gets", "", _EVERY_SERVICE, "```yaml", *_plain_service(loaded), "```", ""]
    lines += [
        "## Kinds",
        "",
        "`{name}` stands for the service's name, `{NAME}` for the same in capitals, `{stack}` for the stack's name.",
        "",
    ]
    for kind in loaded.values():
        lines += _kind(kind)
    lines += ["## Keys of a kind", "", *_fields(kinds._FIELDS)]
    for title, keys in (
        ("An entry of a kind's `options`", kinds._OPTION_FIELDS),
        ("An entry of a kind's `secrets`", kinds._SECRET_FIELDS),
        ("An entry of a kind's `secret_texts`", kinds._SECRET_TEXT_FIELDS),
        ("Keys of a kind's `data_version`", kinds._DATA_VERSION_FIELDS),
        ("Keys of a kind's `provides`", kinds._PROVIDES_FIELDS),
    ):
        lines += [f"### {title}", "", *_fields(keys)]
    return "\n".join(lines).rstrip("\n") + "\n"


def _plain_service(loaded: Mapping[str, Kind]) -> list[str]:
    """Return the Compose entry, as lines of YAML, of a service that says no more than it must."""
    stack = describe.describe(
        name="shop",
        environment="production",
        domain="",
        root="/opt/stacks",
        services={"app": {"kind": "custom", "image": "app:1", "health": {"test": ["CMD", "true"]}}},
        secrets={},
        kinds=loaded,
    )
    return yaml.safe_dump(compose.base(stack, {})["services"], sort_keys=False).splitlines()


def _fields(keys: Mapping[str, Field], defaults: Mapping[str, Any] | None = None) -> list[str]:
    rows = (
        (
            f"`{name}`",
            _NAMES.get(field.type, field.type),
            "required" if field.required else code((defaults or {}).get(name, field.default)),
            sentence(field.description) + _choices(field.choices),
        )
        for name, field in keys.items()
    )
    return table(("key", "type", "default", "what it is"), rows)


def _choices(choices: Iterable[str]) -> str:
    return f" One of {', '.join(f'`{choice}`' for choice in choices)}." if choices else ""


def _kind(kind: Kind) -> list[str]:
    body, options = _filled_in(kind)
    lines = [f"### {kind.name}", "", sentence(str(body["description"])), ""]
    if kind.options:
        lines += ["Options, keys beside those of every service:", "", *_fields(kind.options, options)]
    lines += ["What it brings:", "", *table(("what", "value"), _brings(body))]
    provides = body["provides"]
    if provides:
        lines += ["What a service that needs it is told:", "", *table(("variable", "value"), _told(provides))]
    return lines


def _filled_in(kind: Kind) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return a kind's body and its options' defaults, evaluated for a service that says nothing of its own."""
    context: dict[str, Any] = {
        "name": "{name}",
        "stack": "{stack}",
        "environment": "{environment}",
        "domain": "{domain}",
        "replicas": 1,
        "port": kind.body["port"],
        "needs": ["{server}"],
        "server": {"name": "{server}", "port": "{port of server}"},
        "secret": lambda _name, _quote="raw": "…",
        "secret_path": lambda name: secret_text.path(f"{{name}}_{name}"),
    }
    for name, field in kind.options.items():
        context[name] = kinds.render(field.default, context, kind.name)
    body = kinds.render({key: value for key, value in kind.body.items() if key != "options"}, context, kind.name)
    return body, {name: context[name] for name in kind.options}


def _brings(body: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for key in ("class", "image", "command", "port", "user", "networks", "volumes", "ports", "environment"):
        value = body[key]
        if isinstance(value, Mapping):
            value = {name: item for name, item in value.items() if item is not None}
        if value:
            yield key, code(value)
    for name, spec in body["secrets"].items():
        yield "secret", f"`{{name}}_{name}`, {spec['generate']} characters made on the host unless given"
    for name, spec in body["secret_texts"].items():
        yield "file", f"`{spec['target']}` ({name}), with secrets in it"
    if body["data_version"]:
        yield "data version", f"`{body['data_version']['is']}`; another one on the volume is refused"
    for key in ("health", "stop_grace", "memory", "cpus", "compose"):
        if body[key]:
            yield key, code(body[key])
    for environment, keys in body["environments"].items():
        yield f"in {environment}", code(keys)
    for key, value in body["development"].items():
        if value:
            yield f"in a checkout, {key}", code(value)


def _told(provides: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    prefix = provides["prefix"]
    for key, value in provides["environment"].items():
        yield f"`{prefix}_{key}`", code(str(value))
    for key, name in provides["secret_files"].items():
        yield f"`{prefix}_{key}`", code(secret_text.path(f"{{name}}_{name}"))
    if provides["url"]:
        yield "the one that `url` names", code(provides["url"])

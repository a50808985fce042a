"""The page of services and kinds, from the tables that the model itself reads a description with."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
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
from ansible_collections.slipway.stack.plugins.plugin_utils.rendering import compose, probes

from scripts import reference_edge, reference_hardening, reference_kinds
from scripts.markdown import code, sentence, table

_HEADER = """\
# Services and kinds

`make docs` writes this page from `plugins/plugin_utils/` and `kinds/`. Do not edit it by hand.

The page lists every key that `stack_services` may have, and what each kind brings. The variables around
`stack_services` are in [roles.md](roles.md). How to write a kind is in [kinds.md](kinds.md).

A key that is not on this page is refused. The message suggests the key that you probably meant.
"""

_TYPES = {
    "text": "a text; a number counts as text",
    "number": "a number, such as `2` or `0.5`",
    "true/false": "`true` or `false`",
    "duration": "a number with its unit: `500ms`, `30s`, `1m30s`, `2h`",
    "size": "a number with its unit: `64k`, `512m`, `2g`",
    "port": "a number from 1 to 65535",
    "command": "one text, split as a shell splits it, or a list of arguments; no shell runs it",
    "host names": "a list, such as `[www.example.com, '*.shop.example.com']`; the second stands for all names below it",
    "networks": "a list of addresses and networks, such as `[10.0.0.0/8, 192.0.2.7]`",
    "rate": "`10/s`, `300/m`, or `{rate: 300/m, burst: 50}`; `burst`: how many more may come at once, else as many",
    "headers": "a mapping of names to values, such as `{X-Robots-Tag: noindex}`",
    "policy": "a mapping of directives to sources, such as `{img-src: \"'self' img.example.com\"}`, or one text",
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
    "host_names": "host names",
    "host": "host name",
    "hosts": "host name or list",
    "clients": "networks",
    "secret_name": "text",
    "error_pages": "mapping",
    "content_policy": "policy",
}

_CLASSES = {
    "rolling": "new containers start next to the old ones and become healthy; they get the requests; the old ones stop",
    "drain": "new containers start next to the old ones and become healthy; the old ones get `stop_grace` to finish",
    "singleton": "the old container stops, then the new one starts; two never run at once, so there is downtime",
    "stateful": "a change is refused until `deploy_allow_downtime` names the service; then it is replaced in place",
    "oneshot": "it runs to its end, with the data services and before anything rolls; a failure ends the deploy",
}

_STRATEGIES = """\
The update strategy says how the containers of a service are replaced. The key `class` names it; without it, the kind
decides.
"""
_IN_PLACE = """\
A service that publishes a port of the server itself is replaced in place too, with downtime. The edge is an exception:
its ports belong to a service of their own, its pod. So nginx or Traefik rolls, and only another port or network has
downtime.

Give a named volume (`volumes`) to everything that a service must keep. If the image declares a volume and nothing is
mounted there, a deploy that would lose files with the container is refused. The message says where the files are.
"""

_EVERY_SERVICE = """\
`compose` is merged over this, key by key. `null` removes a key, and a list of `networks` adds to the networks that the
service has. `environments` has what Compose merges over that in one environment. This is the result of
`app: {kind: custom, image: app:1, health: {test: [CMD, "true"]}}`:
"""

_LOGS = """\
`mode: non-blocking` is for every service without data. If the engine is busy, it drops lines of the log and does not
keep the service waiting. While the engine is *stopped*, nobody reads what a container prints. About 128 kB fit into the
pipes, and then the service waits until the engine runs again. The edge does not: it writes its log to a file. So let
your application log no requests, because the edge logs them: an application that logged 50 requests per second stopped
after 34 seconds. If it must log much, let it write to a file or a socket.
"""
_NEEDS = """\
A name alone gives the variables that the kind of the other service provides. `url` adds one variable with a whole URL,
password included.
"""
_SECRETS = """\
A name alone mounts the secret at `/run/secrets/NAME` and sets `NAME_FILE`, in capitals, to that path.
"""
_FILES = """\
Give `content` or `src`. Relative paths start at the inventory. What `src` names is mounted as it is: a file, or a whole
directory, with its executable bits. `directory` and `executable` are that content after it was read; you do not need
them.
"""
_BUILD = """\
For `playbooks/images.yml` and `playbooks/workspace.yml`. A deploy builds nothing.
"""
_DEVELOPMENT = """\
For `playbooks/workspace.yml`, which prepares a developer's checkout, and only for services with a `build`. The kind has
defaults; a key here replaces the kind's. None of it reaches a server.
"""
_ROUTES = """\
For the kinds `nginx` and `traefik`. If several routes match, one with a `host` comes before one without, and then the
longest path counts. With Traefik, `timeout` is the time until the answer begins. [The edge](#the-edge-route-by-route)
explains the other keys.
"""
_ASSETS = """\
Pages of an earlier release still ask for files that the new containers do not have. An edge of the kind `nginx` keeps
files that are named by their content, from every release that is on the server. If the content of a file has changed
under the same name, the file is not kept. The service answers for every file that is not kept. The kinds `spa` and
`nextjs` have the usual paths; an image without that directory has no such files, unless the service sets `assets`
itself.
"""
_STACK_SECRETS = """\
Each entry is a text, or a mapping with one of these keys. The server generates the secrets that a kind declares, such
as the password of a database, unless an entry here has its value. Such a secret is called `SERVICE_NAME`, for example
`db_password`.
"""
_STACK_PROBES = """\
Probes go through the published port of the edge, after a switch and in `playbooks/verify.yml`. Without any, the path of
each route of the edge is a probe, with a host name that the route is for. A health check can stay green while a login
answers 500. So probe what users do:

```yaml
stack_probes:
  - path: /api/login
    method: POST
    body: {user: probe, password: "{probe_password}"}     # a mapping is sent as JSON
    secrets: [probe_password]                             # from stack_secrets; it is in no file of the release
    status: 200
    contains: access_token
```

With `address`, a probe does not go through the edge. A stack without an edge of ours names the port that its own proxy
publishes, or `SERVICE:PORT`. The answer need not name the release then.
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
    "An entry of `stack_probes`": (_STACK_PROBES, probes.PROBE_FIELDS),
}


def page(folder: Path) -> str:
    """Return the page for the kinds in *folder*."""
    loaded = kinds.load([folder])
    lines = [_HEADER, "## Keys of a service", ""]
    lines += _fields(fields.SERVICE_FIELDS)
    shared = ", ".join(f"`{key}`" for key in fields.SHARED_FIELDS)
    lines += [
        f"`like` copies {shared} from the other service.",
        "A key of the service itself replaces the copy; `environment` is merged key by key.",
        "",
    ]
    lines += table(("type", "how it is written"), _TYPES.items())
    for title, (text, keys) in _PARTS.items():
        lines += [f"### {title}", "", text, *_fields(keys)]
    lines += ["## Update strategies", "", _STRATEGIES]
    lines += table(
        ("`class`", "how containers are replaced"), ((f"`{name}`", _CLASSES[name]) for name in kinds.CLASSES)
    )
    lines += [_IN_PLACE]
    lines += ["## What every service gets", "", _EVERY_SERVICE, "```yaml", *_plain_service(loaded), "```", ""]
    lines += [_LOGS, "## Hardening", "", reference_hardening.TEXT]
    lines += ["## The edge, route by route", "", reference_edge.ROUTE_BY_ROUTE]
    lines += ["## The edge under load", "", reference_edge.under_load(loaded)]
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
        ("An entry of a kind's `rotation`", kinds._ROTATION_FIELDS),
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
        lines += ["Options, in addition to the keys of every service:", "", *_fields(kind.options, options)]
    lines += ["What it brings:", "", *table(("what", "value"), reference_kinds.brings(body))]
    provides = body["provides"]
    if provides:
        lines += [
            "Variables of a service that needs it:",
            "",
            *table(("variable", "value"), reference_kinds.told(provides)),
        ]
    return lines


def _filled_in(kind: Kind) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return a kind's body and its options' defaults, evaluated for a service that says nothing of its own."""
    context: dict[str, Any] = {
        "name": "{name}",
        "stack": "{stack}",
        "environment": "{environment}",
        "domain": "{domain}",
        "image": "",
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

"""From the description in the inventory to the model.

Place in the pipeline: describe -> model. Pure: kinds come loaded, contents of files come read.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.slipway.stack.plugins.plugin_utils.description import (
    assets,
    commands,
    connections,
    databases,
    development,
    image_build,
    mounted_files,
    names,
    only_in,
    overrides,
    routes,
    schema,
)
from ansible_collections.slipway.stack.plugins.plugin_utils.description import kinds as kinds_
from ansible_collections.slipway.stack.plugins.plugin_utils.description.development import Source
from ansible_collections.slipway.stack.plugins.plugin_utils.description.kinds import Kind
from ansible_collections.slipway.stack.plugins.plugin_utils.description.model import (
    SECRET_FIELDS,
    SERVICE_FIELDS,
    SHARED_FIELDS,
    Need,
    Secret,
    Stack,
)
from ansible_collections.slipway.stack.plugins.plugin_utils.description.schema import Field

_NEED_FIELDS = {
    "service": Field("str", "name of the service", required=True),
    "prefix": Field("str", "start of the variables' names"),
    "url": Field("str", "variable that gets a whole connection URL, in a file that only root reads"),
}


def describe(
    *,
    name: str,
    environment: str,
    domain: str,
    root: str,
    services: object,
    secrets: object,
    kinds: Mapping[str, Kind],
    sources: Mapping[str, Source] | None = None,
    top: Mapping[str, Mapping[str, Any]] | None = None,
    notes: Mapping[str, list[str]] | None = None,
) -> Stack:
    """Return the checked model of a stack.

    :param root: directory of the host below which the stack's own directory lies.
    :param services: ``stack_services`` as written, every file's ``src`` already replaced by its ``content``.
    :param secrets: ``stack_secrets`` as written: a text, ``{value: …}`` or ``{generate: LENGTH}`` by name.
    :param sources: for a developer's checkout, each build context by how the description writes it.
    :param top: networks and volumes as a team's own Compose files say them, ``notes`` what was decided about these.
    :raises ValueError: with one sentence for the first thing that is wrong.
    """
    names.check(name, "stack_name")
    names.check(environment, "stack_environment")
    names.check_domain(domain)
    if not isinstance(services, Mapping) or not services:
        raise ValueError("stack_services: name at least one service")
    raw = only_in.present(
        {str(service): _with_shared(str(service), services, kinds) for service in services}, environment
    )
    drafts = {
        service: _draft(service, raw, {"stack": name, "environment": environment, "domain": domain}, kinds, sources)
        for service in raw
    }
    given_secrets = _secrets(secrets)
    wired = connections.wire(drafts, given_secrets)
    home = f"{root.rstrip('/')}/{name}"
    return Stack(name, environment, domain, home, wired.services, wired.secrets, top=top or {}, notes=notes or {})


def _with_shared(
    name: str, services: Mapping[str, Any], kinds: Mapping[str, Kind], seen: tuple[str, ...] = ()
) -> dict[str, Any]:
    """Return what is written for a service, with what it shares through `like` filled in."""
    given = services[name]
    if not isinstance(given, Mapping):
        raise ValueError(f"service {name!r}: {given!r} is not a mapping of keys to values")
    if given.get("like") is None:
        return dict(given)
    model = str(given["like"])
    if model not in services:
        hint = schema.suggestion(model, [other for other in services if other != name])
        raise ValueError(f"service {name!r}: key 'like': there is no service {model!r}{hint}")
    if model in (*seen, name):
        raise ValueError(f"service {name!r}: key 'like': {' -> '.join((*seen, name, model))} goes in a circle")
    shared = _with_shared(model, services, kinds, (*seen, name))
    result = {key: shared[key] for key in SHARED_FIELDS if key in shared}
    if "image" in given:
        # How the other's image is built says nothing about this one.
        result.pop("build", None)
    elif _without_user(kinds.get(str(given.get("kind")))) and str(shared.get("kind")) in kinds:
        # The user that the image has, whoever says so: it alone can read the secrets that they share.
        result.setdefault("user", kinds[str(shared["kind"])].body["user"])
    result.update(given)
    if "environment" in shared and isinstance(given.get("environment"), Mapping):
        result["environment"] = {**shared["environment"], **given["environment"]}
    return result


def _without_user(kind: Kind | None) -> bool:
    return kind is not None and not kind.plain and kind.body["user"] is None


def _secrets(given: object) -> dict[str, Secret]:
    if not isinstance(given, Mapping):
        raise ValueError(f"stack_secrets: {type(given).__name__} is not a mapping of names to secrets")
    result = {}
    for name, source in given.items():
        where = f"stack_secrets, secret {name!r}"
        names.check(name, where)
        if isinstance(source, str):
            result[name] = Secret(name, value=source)
        elif isinstance(source, Mapping):
            if isinstance(source.get("value"), (bool, list, Mapping)):
                # Said here, because a complaint of the schema shows the value.
                raise ValueError(f"{where}: key 'value' is not text; put it in quotes")
            if not str(source.get("generate") or 0).isdecimal():
                # The same: it may be the secret itself, under the wrong key.
                raise ValueError(f"{where}: key 'generate' is not a whole number; the secret itself is the 'value'")
            values = schema.read(source, SECRET_FIELDS, where)
            if (values["value"] is None) == (values["generate"] is None):
                raise ValueError(f"{where}: give either 'value' or 'generate'")
            result[name] = Secret(name, values["value"], values["generate"])
        else:
            raise ValueError(f"{where}: give a text, or {{generate: LENGTH}}")
        secret = result[name]
        if secret.value == "":
            raise ValueError(f"{where}: the value is empty")
        if secret.generate is not None and not 16 <= secret.generate <= 1024:
            raise ValueError(f"{where}: key 'generate': a length from 16 to 1024 characters, not {secret.generate}")
    return result


def _draft(
    name: str,
    services: Mapping[str, dict[str, Any]],
    context: dict[str, Any],
    kinds: Mapping[str, Kind],
    sources: Mapping[str, Source] | None,
) -> connections.Draft:
    """Return one service with its kind's values filled in and all references to others still names."""
    where, given = f"service {name!r}", services[name]
    names.check(name, where)
    kind = kinds.get(str(given.get("kind")))
    if kind is None:
        if "kind" not in given:
            raise ValueError(f"{where}: required key 'kind' is missing; known are {', '.join(sorted(kinds))}")
        raise ValueError(f"{where}: unknown kind {given['kind']!r}{schema.suggestion(str(given['kind']), list(kinds))}")
    values = schema.read(given, {**SERVICE_FIELDS, **kind.options}, where)
    environment = context["environment"]
    if values["build"] and sources is not None:
        # One that answers at the port that a debugger, or the developer, asks.
        values["replicas"] = 1
    context = {**context, "name": name, "replicas": values["replicas"]}
    context["port"] = values["port"] if values["port"] is not None else kind.body["port"]
    needs = tuple(_need(where, need) for need in values["needs"])
    context["needs"] = [need.service for need in needs]
    context["server"] = databases.server(context["needs"], services, kinds)
    for option in kind.options:
        # A default may be an expression; what the description says is meant literally.
        literal = given.get(option) is not None
        context[option] = (
            values[option] if literal else kinds_.render(values[option], context, f"{where}, key {option!r}")
        )
    context["secret"] = lambda secret, quote="raw": connections.mark_own(name, secret, quote)
    context["secret_path"] = lambda secret: connections.secret_path(f"{name}_{secret}")
    body = kinds_.render({key: value for key, value in kind.body.items() if key != "options"}, context, where)
    body["secrets"] = {secret: spec for secret, spec in body["secrets"].items() if spec["when"]}

    image = values["image"] or body["image"]
    if not image:
        raise ValueError(f"{where}: required key 'image' is missing; kind {kind.name!r} has no image of its own")
    service_class = values["class"] or kind.service_class
    if kind.plain:
        body = {**body, "networks": [str(network) for network in context["networks"]]}
    health = _health(name, values["health"], body["health"], kind, context, service_class)
    if values["replicas"] < 1:
        raise ValueError(f"{where}: key 'replicas': at least 1, not {values['replicas']}")
    if values["replicas"] > 1 and service_class in ("singleton", "stateful"):
        raise ValueError(f"{where}: key 'replicas': a {service_class} service has exactly 1, not {values['replicas']}")
    build = image_build.build(where, values["build"], values["image"])
    user = values["user"] or body["user"]
    if user and not all(part.isascii() and part.isdigit() for part in user.split(":", 1)):
        raise ValueError(
            f"{where}: key 'user': {user!r} is not numeric; write uid:gid, because its secret files get that owner"
        )
    return connections.Draft(
        name=name,
        kind=kind,
        service_class=service_class,
        body=body,
        values={
            **values,
            "image": image,
            "build": build,
            "development": development.development(
                name, body["development"], values["development"], build, sources[build.context]
            )
            if build and sources is not None
            else None,
            "port": context["port"],
            "user": user,
            "health": health,
            "command": commands.escaped(commands.arguments(where, "command", values["command"])) or body["command"],
            **commands.release(where, values),
            "assets": assets.read(where, values["assets"], body["assets"]),
            "ports": tuple(str(port) for port in [*body["ports"], *values["publish"]]),
            "volumes": mounted_files.volumes(name, values["volumes"]),
            "files": {
                **{path: text for path, text in body["files"].items() if text},
                **mounted_files.read(where, values["files"]),
            },
            "executable": mounted_files.executable(values["files"]),
            "overlay": overrides.lay_over(
                {key: value for key, value in body["environments"].get(environment, {}).items() if value != []},
                overrides.check_own(
                    name, f"environments.{environment}", values["environments"].get(environment), kind.plain
                ),
            ),
            # Kept where it is None: that takes away what every service has.
            "compose": {
                **overrides.check_own(name, "compose", values["compose"], kind.plain),
                **connections.merge(body["compose"], values["compose"]),
            },
        },
        options={option: context[option] for option in kind.options},
        needs=needs,
        routes=tuple(routes.read(where, route) for route in context.get("routes") or []) if kind.edge else (),
    )


def _health(
    name: str, given: object, default: dict[str, Any], kind: Kind, context: dict[str, Any], service_class: str
) -> dict[str, Any]:
    where = f"service {name!r}"
    if kind.plain and isinstance(given, (Mapping, type(None))):
        result = dict(given or {})
        overrides.check_health(name, "health", result)
        return result
    result = {
        "interval": "10s",
        "timeout": "5s",
        "retries": 3,
        "start_period": "30s",
        "start_interval": "1s",
        **default,
    }
    if isinstance(given, str):
        if "health_path" not in kind.options:
            raise ValueError(
                f"{where}: key 'health': kind {kind.name!r} has no path to ask; "
                f"give a Compose healthcheck with its 'test'"
            )
        if not given.startswith("/"):
            raise ValueError(f"{where}: key 'health': path {given!r} does not begin with /")
        result.update(kinds_.render(kind.body["health"], {**context, "health_path": given}, where))
    elif isinstance(given, Mapping):
        result.update(given)
    elif given is not None:
        raise ValueError(f"{where}: key 'health': {given!r} is neither a path nor a Compose healthcheck")
    overrides.check_health(name, "health", result)
    if service_class == "oneshot":
        return {}
    if "test" not in result:
        raise ValueError(
            f"{where}: required key 'health' is missing; say how to tell that it works, as {{test: [CMD, …]}}"
        )
    return result


def _need(where: str, given: object) -> Need:
    if isinstance(given, str):
        return Need(given)
    values = schema.read(given, _NEED_FIELDS, f"{where}, key 'needs'")
    return Need(values["service"], values["prefix"], values["url"])

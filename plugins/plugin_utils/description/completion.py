"""Step 2 of a description: complete each service by its kind.

Place in the pipeline: description, between ``reading`` and ``checks``. Pure. Of the other services a service sees only
which database server it needs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ansible_collections.slipway.stack.plugins.plugin_utils.description import (
    assets,
    backups,
    commands,
    databases,
    development,
    health_check,
    image_build,
    mounted_files,
    notations,
    overrides,
    published_ports,
    routes,
    secret_text,
    tls,
)
from ansible_collections.slipway.stack.plugins.plugin_utils.description import kinds as kinds_
from ansible_collections.slipway.stack.plugins.plugin_utils.description.draft import Draft
from ansible_collections.slipway.stack.plugins.plugin_utils.description.model import (
    Build,
    Development,
    Kind,
    Service,
    Source,
)
from ansible_collections.slipway.stack.plugins.plugin_utils.description.overrides import merge
from ansible_collections.slipway.stack.plugins.plugin_utils.description.reading import Written
from ansible_collections.slipway.stack.plugins.plugin_utils.description.units import duration_text, parse_duration

#: The highest uid and gid; one more means "no id" to the kernel.
_MAX_ID = 2**32 - 2


@dataclass(frozen=True)
class Surroundings:
    """What all services of a stack have in common. ``kinds``, ``sources``: see :func:`describe.describe`."""

    stack: str
    environment: str
    domain: str
    kinds: Mapping[str, Kind]
    sources: Mapping[str, Source] | None = None


def complete(services: Mapping[str, Written], surroundings: Surroundings) -> dict[str, Draft]:
    """Return each service with the values of its kind filled in, references to other services still being names.

    :raises ValueError: for the first thing that is wrong, naming the service and the key.
    """
    return {name: _complete(written, services, surroundings) for name, written in services.items()}


def _complete(written: Written, services: Mapping[str, Written], surroundings: Surroundings) -> Draft:
    where, values, kind, sources = written.where, written.values, written.kind, surroundings.sources
    # In a checkout a service has one container: a debugger and the developer ask one port.
    replicas = 1 if values["build"] and sources is not None else values["replicas"]
    context = _context(written, services, surroundings, replicas)
    body = kinds_.render({key: value for key, value in kind.body.items() if key != "options"}, context, where)
    body["secrets"] = {secret: spec for secret, spec in body["secrets"].items() if spec["when"]}
    if kind.plain:
        body["networks"] = [str(network) for network in context["networks"]]
    image = values["image"] or body["image"]
    if not image:
        raise ValueError(f"{where}: required key 'image' is missing; kind {kind.name!r} has no default image")
    try:
        notations.image(image)
    except ValueError as error:
        raise ValueError(f"{where}: key 'image': {error}") from None
    service_class = values["class"] or kind.service_class
    _check_replicas(where, replicas, service_class, kind.plain)
    build = image_build.build(where, values["build"], values["image"])
    release, release_check = commands.release(where, values, service_class == "oneshot")
    edge_routes = (
        tuple(routes.read(where, route, context) for route in context.get("routes") or []) if kind.edge else ()
    )
    own_overlay = overrides.check_own(
        written.name,
        f"environments.{surroundings.environment}",
        values["environments"].get(surroundings.environment),
        kind.plain,
    )
    own_compose = overrides.check_own(written.name, "compose", values["compose"], kind.plain)
    # Another service of the files, which may be without a network in common.
    awaited = [name for name in own_compose.get("depends_on") or {} if kind.plain and name in services]
    kinds_overlay = body["environments"].get(surroundings.environment, {})
    saved_as = body["backup"]
    if kind.plain:
        saved_as = backups.known_image(image, service_class, surroundings.kinds)
    volumes = (*body["volumes"], *mounted_files.volumes(written.name, values["volumes"], kind.plain))
    backup = backups.method(where, values["backup"], saved_as, volumes)
    service = Service(
        name=written.name,
        kind=kind,
        service_class=service_class,
        image=image,
        build=build,
        development=_development(written, body["development"], build, sources),
        replicas=replicas,
        port=context["port"],
        user=_user(where, values["user"] or body["user"]),
        command=commands.of_container(where, values["command"], kind.plain) or _without_empty(body["command"]),
        environment={},
        needs=written.needs,
        depends_on=tuple(
            dict.fromkeys([*context["needs"], *awaited, *(route.to for route in edge_routes if route.to)])
        ),
        networks=tuple(body["networks"]),
        secret_mounts=(),
        secret_env=None,
        files={
            **{path: text for path, text in body["files"].items() if text},
            **mounted_files.read(where, values["files"]),
        },
        executable=mounted_files.executable(values["files"]),
        mount_options=mounted_files.mount_options(values["files"]),
        volumes=volumes,
        ports=published_ports.entries(written.name, [*_without_empty(body["ports"]), *values["publish"]], kind.plain),
        backup=backup,
        unsaved=tuple(backups.unsaved(backup, values["backup"], saved_as, volumes)),
        data_version=body["data_version"],
        rotation={f"{written.name}_{one}": spec for one, spec in body["rotation"].items() if one in body["secrets"]},
        health=health_check.complete(written, body["health"], context, service_class),
        min_uptime=values["min_uptime"],
        stop_grace=values["stop_grace"] or _stop_grace(body, context, bool(kind.edge)),
        memory=values["memory"] or body["memory"],
        cpus=values["cpus"] or body["cpus"],
        release=release,
        release_once=False,
        release_check=release_check,
        job_timeout=values["job_timeout"],
        routes=edge_routes,
        hosts=values["hosts"] or "",
        assets=assets.read(where, values["assets"], body["assets"]),
        options={option: context[option] for option in kind.options},
        # A key that is set to None stays: it removes what every service has.
        compose={**own_compose, **merge(body["compose"], values["compose"])},
        overlay=overrides.lay_over({key: value for key, value in kinds_overlay.items() if value != []}, own_overlay),
    )
    return Draft(
        service,
        body,
        values["environment"],
        tuple(values["secrets"]),
        values["release_once"],
        mounted_files.private(written.name, values["files"]),
    )


def _context(
    written: Written, services: Mapping[str, Written], surroundings: Surroundings, replicas: int
) -> dict[str, Any]:
    """Return the names that expressions of a kind may use, the kind's options among them."""
    name, kind, port = written.name, written.kind, written.values["port"]
    needs = [need.service for need in written.needs]
    context: dict[str, Any] = {
        "stack": surroundings.stack,
        "environment": surroundings.environment,
        "domain": surroundings.domain,
        "name": name,
        "image": written.values["image"] or "",
        "replicas": replicas,
        "port": kind.body["port"] if port is None else port,
        "needs": needs,
        "server": databases.server(needs, services, kind),
    }
    for option in kind.options:
        value = written.values[option]
        # A kind's default may be an expression. What the description says is taken literally.
        literal = option in written.literal
        context[option] = value if literal else kinds_.render(value, context, f"{written.where}, key {option!r}")
    if kind.edge and "tls" in kind.options:
        # In a checkout a browser asks for localhost, which has no certificate.
        given = {} if surroundings.sources is not None else context["tls"]
        context["tls"] = tls.read(written.where, given, surroundings.domain)
        context["tls_port"] = tls.port(context["port"])
    context["secret"] = lambda secret, quote="raw": secret_text.mark(f"{name}_{secret}", quote)
    context["secret_path"] = lambda secret: secret_text.path(f"{name}_{secret}")
    return context


def _without_empty(value: Any) -> Any:
    """Return a list of a kind without the entries whose expressions are empty."""
    return [entry for entry in value if entry != ""] if isinstance(value, list) else value


def _check_replicas(where: str, replicas: int, service_class: str, plain: bool) -> None:
    if replicas < 0 or (replicas == 0 and not plain):
        raise ValueError(f"{where}: key 'replicas': at least 1, not {replicas}")
    if replicas > 1 and service_class in ("singleton", "stateful"):
        raise ValueError(f"{where}: key 'replicas': a {service_class} service has exactly 1, not {replicas}")


def _user(where: str, user: str | None) -> str | None:
    if user and not all(part.isascii() and part.isdigit() and int(part[:11]) <= _MAX_ID for part in user.split(":", 1)):
        raise ValueError(
            f"{where}: key 'user': {user!r} is not numeric; write uid:gid, because its secret files get that owner"
        )
    return user


def _development(
    written: Written, of_kind: Mapping[str, Any], build: Build | None, sources: Mapping[str, Source] | None
) -> Development | None:
    if build is None or sources is None:
        return None
    return development.complete(written.name, of_kind, written.values["development"], build, sources[build.context])


def _stop_grace(body: Mapping[str, Any], context: Mapping[str, Any], edge: bool) -> str:
    """Return the kind's grace period. That of an edge is at least ten seconds longer than its drain time."""
    of_kind = str(body["stop_grace"])
    needed = parse_duration(context["drain"]) + 10 if edge else 0
    return of_kind if parse_duration(of_kind) >= needed else duration_text(needed)

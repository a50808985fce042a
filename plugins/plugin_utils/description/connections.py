"""What services are to each other: connections, secrets, networks, start order and published ports.

Place in the pipeline: model, second half. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from ansible_collections.slipway.stack.plugins.plugin_utils.description import (
    databases,
    dependency_order,
    names,
    published_ports,
    secret_text,
)
from ansible_collections.slipway.stack.plugins.plugin_utils.description.kinds import Kind
from ansible_collections.slipway.stack.plugins.plugin_utils.description.model import Need, Route, Secret, Service
from ansible_collections.slipway.stack.plugins.plugin_utils.description.schema import read, suggestion
from ansible_collections.slipway.stack.plugins.plugin_utils.description.secret_text import SecretFile
from ansible_collections.slipway.stack.plugins.plugin_utils.description.units import parse_duration
from ansible_collections.slipway.stack.plugins.plugin_utils.description.variables import (
    SECRET_USE_FIELDS,
    Variables,
    secret_value,
    value_text,
)

NETWORKS = ("app", "data")


@dataclass(frozen=True)
class Draft:
    """A service whose references to others are still names."""

    name: str
    kind: Kind
    service_class: str
    body: Mapping[str, Any]
    values: Mapping[str, Any]
    options: Mapping[str, Any]
    needs: tuple[Need, ...]
    routes: tuple[Route, ...]

    @property
    def where(self) -> str:
        """How messages name it."""
        return f"service {self.name!r}"

    @property
    def owner(self) -> tuple[int, int]:
        """The uid and gid that its secret files belong to: those it runs as, root where the image decides."""
        uid, _, gid = (self.values["user"] or "0:0").partition(":")
        return int(uid), int(gid or uid)


@dataclass(frozen=True)
class Wired:
    """All services complete, and the secrets that they use between them."""

    services: Mapping[str, Service]
    secrets: Mapping[str, Secret]


def secret_path(secret: str) -> str:
    """Return where a container finds a secret."""
    return f"/run/secrets/{secret}"


def mark_own(service: str, secret: str, quote: str) -> str:
    """Return the placeholder for one of the secrets that a service's kind declares."""
    return secret_text.mark(f"{service}_{secret}", quote)


def merge(base: Any, over: Any) -> Any:
    """Return *base* with *over* laid on it: mappings key by key, anything else replaced, ``None`` taking a key away."""
    if not (isinstance(base, Mapping) and isinstance(over, Mapping)):
        return over
    result = dict(base)
    for key, value in over.items():
        if value is None:
            result.pop(key, None)
        else:
            result[key] = merge(result[key], value) if key in result else value
    return result


def wire(drafts: Mapping[str, Draft], given: Mapping[str, Secret]) -> Wired:
    """Return the services with every reference between them followed.

    :param given: the secrets of ``stack_secrets`` by name.
    :raises ValueError: for a reference to nothing, a circle, a secret without a source, or a port published twice.
    """
    edges = [draft.name for draft in drafts.values() if draft.kind.edge]
    if len(edges) > 1:
        raise ValueError(f"service {edges[1]!r}: the stack has an edge already, service {edges[0]!r}")
    names.check_free(drafts)
    databases.check(drafts)
    own = _own_secrets(drafts)
    _check_given([given[name] for name in own if name in given])
    known = {**own, **given}
    services = {name: _complete(draft, drafts, known) for name, draft in drafts.items()}
    dependency_order.check(services)
    published_ports.check(services)
    used = {
        part["secret"]
        for service in services.values()
        for file in _secret_files(service)
        for part in file.parts
        if isinstance(part, dict)
    }
    return Wired(services, {name: secret for name, secret in known.items() if name in used})


def _own_secrets(drafts: Mapping[str, Draft]) -> dict[str, Secret]:
    return {
        f"{draft.name}_{name}": Secret(f"{draft.name}_{name}", generate=spec["generate"])
        for draft in drafts.values()
        for name, spec in draft.body["secrets"].items()
    }


def _check_given(secrets: list[Secret]) -> None:
    """Look at secrets that are given in place of a kind's own: a server and its clients must read them alike."""
    for secret in secrets:
        if (secret.value or "").endswith(("\n", "\r")):
            raise ValueError(
                f"stack_secrets, secret {secret.name!r}: the value ends in a line break, which some programs take for "
                f"a part of it and others do not; encrypt it again without (echo -n), or put a trim filter behind it"
            )


def _secret_files(service: Service) -> list[SecretFile]:
    return [mount.file for mount in service.secret_mounts] + ([service.secret_env] if service.secret_env else [])


def _complete(draft: Draft, drafts: Mapping[str, Draft], known: Mapping[str, Secret]) -> Service:
    variables = Variables(draft.name, draft.owner)
    for key, value in draft.body["environment"].items():
        if value is not None:
            variables.variable(key, value, f"kind {draft.kind.name!r}")
    for name, spec in draft.body["secrets"].items():
        secret = f"{draft.name}_{name}"
        if spec["env"]:
            variables.secret_variable(
                spec["env"], secret_text.mark(secret, "dotenv"), "kind", f"kind {draft.kind.name!r}"
            )
        else:
            variables.mount(secret, secret_text.mark(secret), secret_path(secret))
    for name, spec in draft.body["secret_texts"].items():
        variables.mount(f"{draft.name}_{name}", spec["content"], spec["target"])
    networks = list(draft.body["networks"])
    for need in draft.needs:
        _connect(draft, variables, need, drafts, networks)
    for use in draft.values["secrets"]:
        _use_secret(draft, variables, use, known)
    for name, value in draft.values["environment"].items():
        text = value_text(draft.where, name, value)
        if secret_text.holds_secret(text):
            variables.secret_variable(str(name), text, "environment", "the Compose file")
        else:
            variables.override(str(name), text)
    values = draft.values
    routes = tuple(_resolve_route(draft, route, drafts) for route in draft.routes)
    for route in routes:
        if route.to:
            _meet(drafts[route.to], networks)
    depends_on = dict.fromkeys([need.service for need in draft.needs] + [route.to for route in routes if route.to])
    return Service(
        name=draft.name,
        kind=draft.kind,
        service_class=draft.service_class,
        image=values["image"],
        build=values["build"],
        development=values["development"],
        replicas=values["replicas"],
        port=values["port"],
        user=values["user"],
        command=values["command"],
        environment=variables.environment,
        needs=draft.needs,
        depends_on=tuple(depends_on),
        networks=tuple(dict.fromkeys(networks)),
        secret_mounts=tuple(variables.mounts.values()),
        secret_env=variables.secret_env(),
        files=values["files"],
        executable=values["executable"],
        volumes=(*draft.body["volumes"], *values["volumes"]),
        ports=values["ports"],
        data_version=draft.body["data_version"],
        health=values["health"],
        stop_grace=values["stop_grace"] or _stop_grace(draft),
        memory=values["memory"] or draft.body["memory"],
        cpus=values["cpus"] or draft.body["cpus"],
        release=values["release"],
        release_once=_release_once(draft, drafts),
        release_check=values["release_check"],
        routes=routes,
        assets=values["assets"],
        options=draft.options,
        compose=values["compose"],
        overlay=values["overlay"],
    )


def _release_once(draft: Draft, drafts: Mapping[str, Draft]) -> bool:
    """Return whether a release job is for all hosts at once: what it changes is not on each host itself."""
    if draft.values["release_once"] is not None:
        return bool(draft.values["release_once"])
    return not any(databases.migrated(drafts[need.service]) for need in draft.needs)


def _stop_grace(draft: Draft) -> str:
    """Return the kind's own, or ten seconds more than an edge takes to drain where that is longer."""
    own = str(draft.body["stop_grace"])
    needed = parse_duration(draft.options["drain"]) + 10 if draft.kind.edge else 0
    return own if parse_duration(own) >= needed else f"{needed:g}s"


def _connect(draft: Draft, variables: Variables, need: Need, drafts: Mapping[str, Draft], networks: list[str]) -> None:
    other = drafts.get(need.service)
    if other is None or other.name == draft.name:
        hint = suggestion(need.service, [name for name in drafts if name != draft.name])
        raise ValueError(f"{draft.where}: key 'needs': there is no other service {need.service!r}{hint}")
    _meet(other, networks)
    provides = other.body["provides"]
    if not provides:
        if need.prefix or need.url:
            raise ValueError(
                f"{draft.where}: key 'needs': kind {other.kind.name!r} of {other.name!r} provides no variables"
            )
        return
    prefix = need.prefix or provides["prefix"]
    for key, value in provides["environment"].items():
        variables.variable(f"{prefix}_{key}", value, f"service {other.name!r}")
    for key, name in provides["secret_files"].items():
        if name not in other.body["secrets"]:
            continue
        secret = f"{other.name}_{name}"
        variables.mount(secret, secret_text.mark(secret), secret_path(secret))
        variables.variable(f"{prefix}_{key}", secret_path(secret), f"service {other.name!r}")
    url = need.url or (draft.body["database_url"] if databases.provided(other) else None)
    if url:
        if not provides["url"]:
            raise ValueError(
                f"{draft.where}: key 'needs': kind {other.kind.name!r} of {other.name!r} has no URL to give"
            )
        variables.secret_variable(url, provides["url"], "needs", f"service {other.name!r}")


def _meet(other: Draft, networks: list[str]) -> None:
    """Have a service that is in *networks* join one of another's, unless they share one or that one has none."""
    if other.body["networks"] and not set(networks) & set(other.body["networks"]):
        networks.append(other.body["networks"][0])


def _use_secret(draft: Draft, variables: Variables, use: object, known: Mapping[str, Secret]) -> None:
    values = read({"name": use} if isinstance(use, str) else use, SECRET_USE_FIELDS, f"{draft.where}, key 'secrets'")
    name = values["name"]
    if name not in known:
        raise ValueError(
            f"{draft.where}: key 'secrets': secret {name!r} has no source{suggestion(name, list(known))}; "
            f"set stack_secrets.{name} to a vaulted value, or to {{generate: 50}} to have it made on the host"
        )
    text = secret_value(draft.where, name, values, known)
    if values["env"]:
        variables.secret_variable(values["env"], text, "secrets", f"secret {name!r}")
        return
    target = values["target"] or secret_path(name)
    variables.mount(name, secret_text.mark(name), target)
    if draft.kind.plain:
        return
    variable = f"{re.sub('[^A-Z0-9]', '_', name.upper())}_FILE"
    if variable not in variables.environment:
        variables.variable(variable, target, f"secret {name!r}")


def _resolve_route(draft: Draft, route: Route, drafts: Mapping[str, Draft]) -> Route:
    if sum(route.path == twin.path for twin in draft.routes) > 1:
        raise ValueError(f"{draft.where}: key 'routes': path {route.path!r} is there twice")
    if route.to is None:
        return route
    other = drafts.get(route.to)
    if other is None or other.name == draft.name:
        hint = suggestion(route.to, [name for name in drafts if name != draft.name])
        raise ValueError(
            f"{draft.where}: key 'routes': path {route.path!r} goes to {route.to!r}, which is no service{hint}"
        )
    port = route.port or other.values["port"]
    if not port:
        raise ValueError(
            f"{draft.where}: key 'routes': service {route.to!r} has no port; set its 'port', or one for the route"
        )
    return replace(route, port=port)

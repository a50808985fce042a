"""Step 4 of a description: connect the services.

Place in the pipeline: description, last. Pure. Each service gets what its needs provide, its secrets, the networks that
lead to the others, and the ports of its routes.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ansible_collections.slipway.stack.plugins.plugin_utils.description import (
    basic_auth,
    databases,
    notations,
    secret_text,
)
from ansible_collections.slipway.stack.plugins.plugin_utils.description.draft import Draft
from ansible_collections.slipway.stack.plugins.plugin_utils.description.model import Need, Route, Secret, Service
from ansible_collections.slipway.stack.plugins.plugin_utils.description.overrides import merge
from ansible_collections.slipway.stack.plugins.plugin_utils.description.schema import read, suggestion
from ansible_collections.slipway.stack.plugins.plugin_utils.description.variables import (
    SECRET_USE_FIELDS,
    Variables,
    secret_value,
    value_text,
)


def connect(drafts: Mapping[str, Draft], secrets: Mapping[str, Secret]) -> dict[str, Service]:
    """Return the services, every reference between them followed.

    :param drafts: as :func:`checks.check` accepts them.
    :param secrets: all that there are, by name.
    :raises ValueError: with one line for each secret without a source; for a variable that two sources set.
    """
    _check_sources(drafts, secrets)
    return {name: _connect(draft, drafts, secrets) for name, draft in drafts.items()}


def _check_sources(drafts: Mapping[str, Draft], secrets: Mapping[str, Secret]) -> None:
    """Check that each secret that a service names has a source. Whoever fills a vault needs all the names at once.

    The services that are ``like`` another one name its secrets too, so a line names the first service only.
    """
    problems: dict[str, str] = {}
    for draft in drafts.values():
        for use in draft.secrets:
            name = _secret_use(draft, use)["name"]
            if name not in secrets and name not in problems:
                problems[name] = (
                    f"{draft.where}: key 'secrets': secret {name!r} has no source{suggestion(name, list(secrets))}; "
                    f"set stack_secrets.{name} to a vaulted value, or to {{generate: 50}} to generate it on the host"
                )
    if problems:
        raise ValueError("\n".join(problems.values()))


def _connect(draft: Draft, drafts: Mapping[str, Draft], secrets: Mapping[str, Secret]) -> Service:
    variables = Variables(draft.name, draft.owner)
    _add_kind(draft, variables)
    for need in draft.needs:
        _add_need(draft, variables, need, drafts[need.service])
    for use in draft.secrets:
        _add_secret(draft, variables, use, secrets)
    for file in draft.private_files:
        mode = draft.private_mode if file.mode is None else file.mode
        runs = 0o111 & mode >> 2 if file.target in draft.service.executable else 0
        variables.mount(file.secret, secret_text.mark(file.secret), file.target, mode | runs, file.owner)
    _add_environment(draft, variables)
    service = draft.service
    basic_auth.mount(draft.where, service, variables, secrets)
    routes = [_with_port(route, drafts) for route in service.routes]
    reached = [need.service for need in draft.needs] + [route.to for route in routes if route.to]
    return replace(
        service,
        environment=variables.environment,
        networks=_networks(draft, [drafts[name] for name in reached]),
        secret_mounts=tuple(variables.mounts.values()),
        secret_env=variables.secret_env(),
        secret_variables=variables.secret_variables(),
        logins=variables.logins,
        routes=tuple(routes),
        release_once=_release_once(draft, drafts),
    )


def _add_kind(draft: Draft, variables: Variables) -> None:
    """Add the variables and secrets of the service's kind."""
    origin = f"kind {draft.kind.name!r}"
    for key, value in draft.body["environment"].items():
        if value is not None:
            variables.variable(key, value, origin)
    for name, spec in draft.body["secrets"].items():
        secret = f"{draft.name}_{name}"
        if spec["env"]:
            variables.secret_variable(spec["env"], secret_text.mark(secret, "dotenv"), "kind", origin)
        else:
            variables.mount(secret, secret_text.mark(secret), secret_text.path(secret))
    for name, spec in draft.body["secret_texts"].items():
        variables.mount(f"{draft.name}_{name}", spec["content"], spec["target"])


def _add_need(draft: Draft, variables: Variables, need: Need, other: Draft) -> None:
    """Add the variables and secrets that a needed service provides."""
    provides = other.body["provides"]
    if not provides:
        return
    origin = f"service {other.name!r}"
    prefix = need.prefix or provides["prefix"]
    for key, value in provides["environment"].items():
        variables.variable(f"{prefix}_{key}", value, origin)
    for key, name in provides["secret_files"].items():
        if name in other.body["secrets"]:
            secret = f"{other.name}_{name}"
            variables.mount(secret, secret_text.mark(secret), secret_text.path(secret))
            variables.variable(f"{prefix}_{key}", secret_text.path(secret), origin)
    for key, name in provides["logins"].items():
        variables.logins[f"{prefix}_{key}"] = f"{other.name}_{name}"
    url = databases.url_variable(draft, need, other)
    if url:
        variables.secret_variable(url, _with_scheme(need, provides["url"]), "needs", origin)
    elif need.scheme:
        raise ValueError(
            f"{draft.where}: key 'needs': {other.name!r}: 'scheme' changes a URL, and the service gets none; write "
            f"'url', too, with the name of the variable"
        )


def _with_scheme(need: Need, url: str) -> str:
    """Return the URL of a needed service, with the scheme that a driver of the application wants."""
    return f"{need.scheme}{url[url.index('://') :]}" if need.scheme else url


def _add_secret(draft: Draft, variables: Variables, use: object, secrets: Mapping[str, Secret]) -> None:
    """Add a secret that the description gives to the service: as a file, or in a variable."""
    values = _secret_use(draft, use)
    name = values["name"]
    if values["previous"]:
        before = {"name": f"{name}_previous", "env": f"{values['env']}_PREVIOUS" if values["env"] else None}
        _add_secret(draft, variables, before, secrets)
    text = secret_value(draft.where, name, values, secrets)
    if values["env"]:
        variables.secret_variable(values["env"], text, "secrets", f"secret {name!r}")
        return
    target = values["target"] or secret_text.path(name)
    notations.check_owner(f"{draft.where}: key 'secrets': {name!r}", values["owner"], values["mode"])
    mode = int(values["mode"], 8) if values["mode"] else draft.private_mode if draft.kind.plain else 0o400
    variables.mount(name, secret_text.mark(name), target, mode, values["owner"])
    if draft.kind.plain:
        return
    variable = f"{re.sub('[^A-Z0-9]', '_', name.upper())}_FILE"
    if variable not in variables.environment:
        variables.variable(variable, target, f"secret {name!r}")


def _secret_use(draft: Draft, use: object) -> dict[str, Any]:
    """Return an entry of ``secrets`` by the keys of ``SECRET_USE_FIELDS``."""
    return read({"name": use} if isinstance(use, str) else use, SECRET_USE_FIELDS, f"{draft.where}, key 'secrets'")


def _add_environment(draft: Draft, variables: Variables) -> None:
    """Add the variables that the description sets. They replace what a kind or a need provides."""
    for name, value in draft.environment.items():
        text = value_text(draft.where, name, value)
        if secret_text.holds_secret(text):
            variables.secret_variable(str(name), text, "environment", "the Compose file")
        else:
            variables.override(str(name), text)


def _networks(draft: Draft, others: list[Draft]) -> tuple[str, ...]:
    """Return the service's networks, with one of each other service that it does not share a network with yet.

    A service in the network of another, or of the host, has none of its own. Compose refuses both together.
    """
    if merge(draft.service.compose, draft.service.overlay).get("network_mode"):
        return ()
    networks = list(draft.service.networks)
    for other in others:
        if other.service.networks and not set(networks) & set(other.service.networks):
            networks.append(other.service.networks[0])
    return tuple(dict.fromkeys(networks))


def _with_port(route: Route, drafts: Mapping[str, Draft]) -> Route:
    """Return a route with the port of the service that answers it, unless it has a port or static files answer."""
    port = route.port or (drafts[route.to].service.port if route.to else None)
    return replace(route, port=port) if port else route


def _release_once(draft: Draft, drafts: Mapping[str, Draft]) -> bool:
    """Return whether the release job runs on one host only: by default if its database is not part of the stack."""
    if draft.release_once is not None:
        return draft.release_once
    return not any(databases.migrated(drafts[need.service]) for need in draft.needs)

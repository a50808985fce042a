"""The release as one parcel: every file, what the host needs to know of the services, and a digest of it all.

Place in the pipeline: compose -> check -> ship. Pure. The digest covers what the description says, so the same
description gives the same digest on every controller; times, release ids and secrets are the host's to add.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from ansible_collections.slipway.stack.plugins.plugin_utils import (
    compose,
    dotenv,
    edge,
    env_example,
    manners,
    overrides,
    placing,
    pod,
)
from ansible_collections.slipway.stack.plugins.plugin_utils.model import Secret, Service, Stack
from ansible_collections.slipway.stack.plugins.plugin_utils.mounted import mounted as mounted_in
from ansible_collections.slipway.stack.plugins.plugin_utils.schema import Field, read
from ansible_collections.slipway.stack.plugins.plugin_utils.units import parse_duration
from ansible_collections.slipway.stack.plugins.plugin_utils.wiring import merge

_PROBE_FIELDS = {
    "path": Field("str", "path asked for through the edge", required=True),
    "status": Field("int", "status expected; anything below 500 where not given"),
    "contains": Field("str", "text that the answer has"),
}
_DOTENV_HEADER = """\
Read by docker compose in this directory; .env.example says what each variable is.
Below, the addresses of the secret files; the secrets are not here.
"""


@dataclass(frozen=True)
class Bundle:
    """What travels to the host.

    ``files``: text by path in the release's directory. ``mounted``: text by ``SHA256/NAME`` below ``files/``, and by
    ``SHA256/NAME/PATH`` for those of a directory; ``executable``: which of them may be run.
    ``services``: by name, what the host must know to run and judge each (see ``_facts``). ``secret_files``: the secret
    store's files as :class:`SecretFile` dictionaries. ``sources``: where the secrets come from; values may be in it.
    ``upstreams``: ``{service, port}`` for each that the edge sends requests to. ``assets``: ``{service, path,
    directory, required}`` for files of its image that are kept for pages of earlier releases. ``documents``: the
    Compose documents before they became text, for the policy; they do not travel. Nor do ``notes``, which are for
    whoever deploys.
    """

    stack: str
    environment: str
    domain: str
    home: str
    digest: str
    files: Mapping[str, str]
    mounted: Mapping[str, str]
    services: Mapping[str, Mapping[str, Any]]
    secret_files: tuple[Mapping[str, Any], ...]
    sources: Mapping[str, Secret]
    probes: tuple[Mapping[str, Any], ...]
    upstreams: tuple[Mapping[str, Any], ...]
    assets: tuple[Mapping[str, Any], ...]
    documents: tuple[Mapping[str, Any], ...] = field(default=(), repr=False)
    executable: tuple[str, ...] = ()
    notes: Mapping[str, list[str]] = field(default_factory=dict)

    def told(self) -> dict[str, Mapping[str, Any]]:
        """Return what each service is told in its environment, release jobs as those whose job they are."""
        told: dict[str, Mapping[str, Any]] = {}
        for name, facts in self.services.items():
            told[name] = facts["settings"]["environment"]
            if facts["release"]:
                told[facts["release"]] = told[name]
        return told

    def content(self) -> dict[str, Any]:
        """Return everything but the secrets, ready for JSON."""
        return {
            "stack": self.stack,
            "environment": self.environment,
            "domain": self.domain,
            "home": self.home,
            "digest": self.digest,
            "files": dict(self.files),
            "mounted": dict(self.mounted),
            "executable": list(self.executable),
            "services": dict(self.services),
            "secret_files": list(self.secret_files),
            "probes": list(self.probes),
            "upstreams": list(self.upstreams),
            "assets": list(self.assets),
        }

    def secrets(self) -> dict[str, dict[str, Any]]:
        """Return the sources of the secrets, ready for JSON. Never to be shown."""
        return {name: {"value": secret.value, "generate": secret.generate} for name, secret in self.sources.items()}


def bundle(stack: Stack, probes: object) -> Bundle:
    """Return the parcel for *stack*.

    :param probes: ``stack_probes`` as written; where empty, each route of the edge is asked for its path.
    :raises ValueError: for a probe that is none, a variable that no file can hold, or data in the release's directory.
    """
    placing.check(stack)
    mounted = mounted_in(stack)
    base = compose.base(stack, mounted.paths)
    overlay = compose.overlay(stack)
    files = {
        compose.BASE: compose.dump(stack, "Base", base),
        compose.overlay_name(stack): compose.dump(
            stack, f"Overlay for {stack.environment}", overlay or {"services": {}}
        ),
    }
    files.update(env_files(stack))
    files.update({f"edge/{name}": text for name, text in edge.files(stack).items()})
    of_compose = _variables(stack)
    files[".env"] = dotenv.dump(of_compose, _DOTENV_HEADER)
    files[".env.example"] = env_example.dump(of_compose, [file for _, file in compose.secret_files(stack)])
    content: dict[str, Any] = {
        "files": files,
        "mounted": mounted.texts,
        "services": manners.in_turn(
            {name: facts for service in stack.in_order() for name, facts in _described(service, base["services"])}
        ),
        "secret_files": secret_files(stack),
        "probes": _probes(stack, probes),
        "upstreams": edge.upstreams(stack),
        "assets": edge.assets(stack),
    }
    return Bundle(
        stack=stack.name,
        environment=stack.environment,
        domain=stack.domain,
        home=stack.home,
        digest=_digest(content),
        files=files,
        mounted=mounted.texts,
        services=content["services"],
        secret_files=tuple(content["secret_files"]),
        sources=stack.secrets,
        probes=tuple(content["probes"]),
        upstreams=tuple(content["upstreams"]),
        assets=tuple(content["assets"]),
        documents=(base, overlay),
        executable=mounted.executable,
        notes=stack.notes,
    )


def env_files(stack: Stack) -> dict[str, str]:
    """Return the files of variables by their path beside the Compose files.

    :raises ValueError: for a variable that no file can hold.
    """
    files = {}
    for service in stack.services.values():
        try:
            variables = compose.env_file(service)
        except ValueError as error:
            raise ValueError(f"service {service.name!r}: key 'environment': {error}") from None
        if variables:
            files[f"env/{service.name}.env"] = variables
    return files


def _digest(content: object) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def _variables(stack: Stack) -> dict[str, str]:
    """Return the variables of ``.env`` but those of secrets, which the host adds."""
    names = [compose.BASE, compose.overlay_name(stack), compose.IMAGES]
    return {"COMPOSE_PROJECT_NAME": stack.name, "COMPOSE_FILE": ":".join(names), "COMPOSE_PATH_SEPARATOR": ":"}


def _described(service: Service, base: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Return a service's name and facts, and those of its pod before it where it has one."""
    of_the_pod, keys = pod.split(service, service.overlay) if service.kind.edge else ({}, service.overlay)
    if service.kind.edge:
        yield pod.name(service), _pod_facts(service, _merged(base[pod.name(service)], of_the_pod))
    yield service.name, _facts(service, _merged(base[service.name], keys))


def _facts(service: Service, merged: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the host must know of a service, in plain JSON values.

    ``settings`` is compared between releases, for the plan; the rest says how to run and to judge the service.
    """
    files = [mount.file for mount in service.secret_mounts] + ([service.secret_env] if service.secret_env else [])
    return {
        "kind": service.kind.name,
        "class": service.service_class,
        "image": merged["image"],
        "replicas": service.replicas,
        "depends_on": list(service.depends_on),
        "edge": bool(service.kind.edge),
        "proxy": service.kind.edge,
        "pod": pod.name(service) if service.kind.edge else None,
        "drain_seconds": parse_duration(service.options["drain"]) if service.kind.edge else 0.0,
        "release": compose.release_job(service) if service.release is not None else None,
        "release_once": service.release_once,
        "release_check": service.release_check,
        "ports": list(merged.get("ports", [])),
        "data_version": service.data_version,
        "start_seconds": _start_seconds(merged.get("healthcheck") or {}),
        "secrets": {file.variable: file.name for file in files},
        # Compose's own `environment` goes before the file of variables.
        "settings": {**merged, "environment": {**service.environment, **(merged.get("environment") or {})}},
        "alone": manners.alone(merged),
        "own_proxy": None if service.kind.edge else str(service.options.get("proxy") or "") or None,
    }


def _pod_facts(service: Service, merged: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the host must know of the pod of an edge: the same keys, and a class that no description can give."""
    return {
        "kind": service.kind.name,
        "class": "pod",
        "image": merged["image"],
        "replicas": 1,
        "depends_on": [],
        "edge": False,
        "proxy": None,
        "pod": None,
        "drain_seconds": 0.0,
        "release": None,
        "release_once": False,
        "release_check": None,
        "ports": list(merged.get("ports", [])),
        "data_version": None,
        "start_seconds": _start_seconds(merged["healthcheck"]),
        "secrets": {},
        "settings": {**merged, "environment": {}},
        "alone": None,
        "own_proxy": None,
    }


def _merged(base: Mapping[str, Any], overlay: Mapping[str, Any]) -> dict[str, Any]:
    """Return what Compose makes of a service's base and overlay, as far as a comparison needs it."""
    ports = overrides.all_ports(base.get("ports", []), overlay)
    return {**merge(base, overlay), **({"ports": ports} if ports else {})}


def _start_seconds(health: Mapping[str, Any]) -> float:
    """Return how long Docker itself may take to call a container unhealthy: the start period and all retries."""
    if "test" not in health:
        return 0.0
    # What is not there has Docker's own default.
    health = {"interval": "30s", "timeout": "30s", "start_period": "0s", "retries": 3, **health}
    attempt = parse_duration(health["interval"]) + parse_duration(health["timeout"])
    return parse_duration(health["start_period"]) + attempt * (int(health["retries"]) + 1)


def secret_files(stack: Stack) -> list[dict[str, Any]]:
    """Return the secret files of all services, as the host's store wants them, in the order of their variables.

    :raises ValueError: for two that would have one variable.
    """
    found: dict[str, dict[str, Any]] = {}
    for service, file in compose.secret_files(stack):
        twin = found.get(file.variable, {}).get("name", file.name)
        if twin != file.name:
            raise ValueError(
                f"service {service.name!r}: secrets {twin!r} and {file.name!r} both have the variable "
                f"{file.variable} in .env; call one of them something else"
            )
        found[file.variable] = {**asdict(file), "parts": list(file.parts), "variable": file.variable}
    return [found[variable] for variable in sorted(found)]


def _probes(stack: Stack, given: object) -> list[dict[str, Any]]:
    if not isinstance(given, (list, tuple)):
        raise ValueError(f"stack_probes: {given!r} is not a list")
    if given and stack.edge is None:
        raise ValueError("stack_probes: there is no edge to probe through; add a service of kind nginx or traefik")
    if given:
        return [_probe(probe, f"stack_probes, entry {number}") for number, probe in enumerate(given, 1)]
    routes = stack.edge.routes if stack.edge else ()
    return [{"path": route.path, "status": None, "contains": None} for route in routes]


def _probe(given: object, where: str) -> dict[str, Any]:
    values = read(given, _PROBE_FIELDS, where)
    if not values["path"].startswith("/"):
        raise ValueError(f"{where}: key 'path': {values['path']!r} does not begin with /")
    return values

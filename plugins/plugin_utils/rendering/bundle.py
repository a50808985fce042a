"""The release as one parcel: every file, what the host needs to know of the services, and a digest of it all.

Place in the pipeline: compose -> check -> ship. Pure. The digest covers what the description says, so the same
description gives the same digest on every controller; times, release ids and secrets are the host's to add.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from ansible_collections.slipway.stack.plugins.module_utils.state.layout import SHARED_SECTIONS
from ansible_collections.slipway.stack.plugins.plugin_utils.description import data_paths, dotenv
from ansible_collections.slipway.stack.plugins.plugin_utils.description.model import Secret, Stack
from ansible_collections.slipway.stack.plugins.plugin_utils.description.mounted_files import collect
from ansible_collections.slipway.stack.plugins.plugin_utils.description.schema import Field, read
from ansible_collections.slipway.stack.plugins.plugin_utils.rendering import (
    compose,
    edge,
    env_example,
    service_manifest,
)

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
    ``services``: by name, what the host must know to run and judge each (see ``facts``). ``secret_files``: the secret
    store's files as :class:`SecretFile` dictionaries. ``sources``: where the secrets come from; values may be in it.
    ``networks``, ``volumes``: Compose's keys of each, by name. ``upstreams``: ``{service, port}`` for each that the
    edge sends requests to. ``assets``: ``{service, path, directory, required}`` for files of its image that are kept
    for pages of earlier releases. ``documents``: the Compose documents before they became text, for the policy; they do
    not travel. Nor do ``notes``, which are for whoever deploys.
    """

    stack: str
    environment: str
    domain: str
    home: str
    digest: str
    files: Mapping[str, str]
    mounted: Mapping[str, str]
    services: Mapping[str, Mapping[str, Any]]
    networks: Mapping[str, Mapping[str, Any]]
    volumes: Mapping[str, Mapping[str, Any]]
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
        for name, known in self.services.items():
            told[name] = known["settings"]["environment"]
            if known["release"]:
                told[known["release"]] = told[name]
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
            "networks": dict(self.networks),
            "volumes": dict(self.volumes),
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
    data_paths.check(stack)
    mounted = collect(stack)
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
    files[".env.example"] = env_example.dump(of_compose, [file for _service, file in compose.secret_files(stack)])
    content: dict[str, Any] = {
        "files": files,
        "mounted": mounted.texts,
        "services": service_manifest.entries(stack.in_order(), base["services"]),
        **{section: {**base.get(section, {}), **overlay.get(section, {})} for section in SHARED_SECTIONS},
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
        networks=content["networks"],
        volumes=content["volumes"],
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

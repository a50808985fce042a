"""The bundle of a release: all files, the manifest's entries for the services, and a digest over both.

Place in the pipeline: compose -> check -> ship. Pure. The digest covers the description only, so the same description
gives the same digest on every controller. The host adds times, release ids and secrets.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from ansible_collections.slipway.stack.plugins.module_utils.state.layout import SHARED_SECTIONS
from ansible_collections.slipway.stack.plugins.plugin_utils.description import data_paths, database_files, dotenv
from ansible_collections.slipway.stack.plugins.plugin_utils.description.model import Secret, Stack
from ansible_collections.slipway.stack.plugins.plugin_utils.description.mounted_files import collect
from ansible_collections.slipway.stack.plugins.plugin_utils.description.secret_text import SecretFile
from ansible_collections.slipway.stack.plugins.plugin_utils.rendering import (
    compose,
    edge,
    env_example,
    probes,
    service_manifest,
)

_DOTENV_HEADER = """\
Read by docker compose in this directory; .env.example says what each variable is.
Below, the addresses of the secret files; the secrets are not here.
"""


@dataclass(frozen=True)
class Bundle:
    """What is uploaded to the host.

    ``files``: text by path in the release's directory. ``mounted``: text by ``SHA256/NAME`` below ``files/``, and by
    ``SHA256/NAME/PATH`` for the files of a directory; ``executable``: which of them are executable.
    ``services``: by name, the manifest's entries (see ``service_manifest``). ``secret_files``: the secret store's files
    as :class:`SecretFile` dictionaries. ``sources``: the sources of the secrets, which may contain values.
    ``networks``, ``volumes``: Compose's keys of each, by name. ``upstreams``: ``{service, port}`` for each place that
    the edge sends requests to. ``assets``: ``{service, path, directory, required}`` for files of an image that are kept
    for pages of earlier releases. Not uploaded: ``documents``, the Compose documents as data, for the policy, and
    ``notes``, for the person who deploys.
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
    tls: Mapping[str, Any] = field(default_factory=dict)
    documents: tuple[Mapping[str, Any], ...] = field(default=(), repr=False)
    executable: tuple[str, ...] = ()
    notes: Mapping[str, list[str]] = field(default_factory=dict)

    def variables(self) -> dict[str, Mapping[str, Any]]:
        """Return the environment variables of each service; a release job has those of its service."""
        variables: dict[str, Mapping[str, Any]] = {}
        for name, spec in self.services.items():
            variables[name] = spec["settings"]["environment"]
            if spec["release"]:
                variables[spec["release"]] = variables[name]
        return variables

    def content(self) -> dict[str, Any]:
        """Return everything except the secrets, ready for JSON."""
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
            "tls": dict(self.tls),
        }

    def secrets(self) -> dict[str, dict[str, Any]]:
        """Return the sources of the secrets, ready for JSON. Never show them."""
        return {name: secret.source() for name, secret in self.sources.items()}


def bundle(stack: Stack, given_probes: object) -> Bundle:
    """Return the bundle for *stack*.

    :param given_probes: ``stack_probes`` as written; see :func:`probes.probes`.
    :raises ValueError: for an invalid probe, a variable that no env file can hold, or data in the release's directory.
    """
    data_paths.check(stack)
    found_probes = probes.probes(stack, given_probes)
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
    variables = _dotenv_variables(stack)
    files[".env"] = dotenv.dump(variables, _DOTENV_HEADER)
    files[".env.example"] = env_example.dump(
        variables, [*(file for _service, file in compose.secret_files(stack)), *found_probes.files]
    )
    content: dict[str, Any] = {
        "files": files,
        "mounted": mounted.texts,
        "services": service_manifest.entries(stack, base["services"], mounted.paths),
        **{section: {**base.get(section, {}), **overlay.get(section, {})} for section in SHARED_SECTIONS},
        "secret_files": [*secret_files(stack), *map(_uploaded, found_probes.files)],
        "probes": found_probes.entries,
        "upstreams": edge.upstreams(stack),
        "assets": edge.assets(stack),
        # Only where there is some, so that the release of a stack without it has the same digest as before.
        **({"tls": edge.tls(stack)} if edge.tls(stack) else {}),
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
        sources={**stack.secrets, **found_probes.sources},
        probes=tuple(content["probes"]),
        upstreams=tuple(content["upstreams"]),
        assets=tuple(content["assets"]),
        tls=content.get("tls", {}),
        documents=(base, overlay),
        executable=mounted.executable,
        notes=_notes(stack),
    )


def _notes(stack: Stack) -> dict[str, list[str]]:
    """Return the notes about the services of Compose files, with one on each version that nobody can check."""
    notes = {name: list(lines) for name, lines in stack.notes.items()}
    for service in stack.services.values():
        if service.kind.plain and database_files.unknown_version(service.image):
            line = f"the tag of {service.image} does not say its major version, so its data is not compared with it"
            notes.setdefault(service.name, []).append(line)
    return notes


def env_files(stack: Stack) -> dict[str, str]:
    """Return the env files of the services, by path in the release's directory.

    :raises ValueError: for a variable that no env file can hold.
    """
    files = {}
    for service in stack.services.values():
        try:
            text = compose.env_file(service)
        except ValueError as error:
            raise ValueError(f"service {service.name!r}: key 'environment': {error}") from None
        if text:
            files[f"env/{service.name}.env"] = text
    return files


def _digest(content: object) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def _dotenv_variables(stack: Stack) -> dict[str, str]:
    """Return the variables of ``.env`` without those of secrets, which the host adds."""
    names = [compose.BASE, compose.overlay_name(stack), compose.IMAGES]
    return {"COMPOSE_PROJECT_NAME": stack.name, "COMPOSE_FILE": ":".join(names), "COMPOSE_PATH_SEPARATOR": ":"}


def secret_files(stack: Stack) -> list[dict[str, Any]]:
    """Return the secret files of all services, as the host's secret store expects them, sorted by variable."""
    found = {file.variable: _uploaded(file) for _service, file in compose.secret_files(stack)}
    return [found[variable] for variable in sorted(found)]


def _uploaded(file: SecretFile) -> dict[str, Any]:
    return {**asdict(file), "parts": list(file.parts), "variable": file.variable}

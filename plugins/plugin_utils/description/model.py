"""The stack as plain values: what the inventory says, completed by the kinds, with every cross-reference checked.

Place in the pipeline: describe -> kinds -> model -> compose. Pure; every complaint is a ``ValueError`` whose message
names the service and the key.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.slipway.stack.plugins.plugin_utils.description.development import Development
from ansible_collections.slipway.stack.plugins.plugin_utils.description.kinds import Kind
from ansible_collections.slipway.stack.plugins.plugin_utils.description.schema import Field
from ansible_collections.slipway.stack.plugins.plugin_utils.description.secret_text import SecretFile

NAME = re.compile(r"[a-z0-9][a-z0-9_-]*")

SERVICE_FIELDS: dict[str, Field] = {
    "kind": Field("str", "what the service is, such as fastapi or postgres", required=True),
    "like": Field("str", "service whose image, build, needs, environment, secrets, files, volumes and user it shares"),
    "only_in": Field("list", "environments that have it; all of them where empty", default=[]),
    "image": Field("str", "image reference with its tag"),
    "build": Field("dict", "how the image is built: context, and as wanted dockerfile, target, args, platforms"),
    "development": Field("dict", "how it is developed, where its kind does not say it right", default={}),
    "class": Field("str", "how it may be replaced", choices=("rolling", "drain", "singleton", "stateful", "oneshot")),
    "replicas": Field("int", "number of containers", default=1),
    "needs": Field("list", "services it connects to: names, or {service, prefix, url}", default=[]),
    "environment": Field("dict", "environment variables, taken literally", default={}),
    "secrets": Field("list", "secrets it reads: names, or {name, target} or {name, env}", default=[]),
    "files": Field("dict", "files mounted into it, by path in the container: {content} or {src}", default={}),
    "volumes": Field("list", "volumes in Compose's short notation", default=[]),
    "command": Field("command", "command in place of the image's, taken literally"),
    "port": Field("port", "port it listens on inside"),
    "publish": Field("list", "ports published on the host, in Compose's short notation", default=[]),
    "user": Field("str", "numeric uid[:gid] that it runs as"),
    "health": Field("any", "path that answers 200, or a Compose healthcheck"),
    "assets": Field("dict", "files named by their content, kept for pages of earlier releases; {} for none"),
    "stop_grace": Field("duration", "time between SIGTERM and SIGKILL"),
    "memory": Field("memory", "memory limit"),
    "cpus": Field("cpus", "processor limit"),
    "release": Field("command", "one-shot command from the new image, run to its end before anything switches"),
    "release_once": Field(
        "bool", "run it on the first host only; by default where no database that it needs is on the host itself"
    ),
    "release_check": Field(
        "command", "command that fails where the image does not know the database as it is; alembic has a default"
    ),
    "compose": Field("dict", "any further Compose keys, in Compose's notation", default={}),
    "environments": Field(
        "dict", "Compose keys of the overlay, by environment; null takes one of the base away", default={}
    ),
}

#: What a service takes over from the one that it is `like`.
SHARED_FIELDS = ("image", "build", "needs", "environment", "secrets", "files", "volumes", "user")

BUILD_FIELDS: dict[str, Field] = {
    "context": Field("str", "directory that it is built from, relative to the inventory", required=True),
    "dockerfile": Field("str", "the Dockerfile, relative to the context", default="Dockerfile"),
    "target": Field("str", "stage of the Dockerfile; the last where not given"),
    "args": Field("dict", "arguments beside APP_VERSION and GIT_COMMIT; null leaves one of these out", default={}),
    "platforms": Field("list", "platforms such as linux/arm64; the builder's own where empty", default=[]),
}

SECRET_FIELDS: dict[str, Field] = {
    "value": Field("str", "the secret itself, from a vault"),
    "generate": Field("int", "length of a random secret made on the host once and kept there"),
}


@dataclass(frozen=True)
class Need:
    """A service's dependency on another: which, how its variables begin, and the variable that gets a URL."""

    service: str
    prefix: str | None = None
    url: str | None = None


@dataclass(frozen=True)
class Secret:
    """A secret's source: a value that the controller knows, or the length of one that the host makes."""

    name: str
    value: str | None = field(default=None, repr=False)
    generate: int | None = None


@dataclass(frozen=True)
class SecretMount:
    """A secret file and where a service sees it."""

    file: SecretFile
    target: str


@dataclass(frozen=True)
class Build:
    """How a service's image is built. ``context`` as written; an argument that is ``None`` is not to be passed."""

    context: str
    dockerfile: str
    target: str | None
    args: Mapping[str, str | None]
    platforms: tuple[str, ...]


@dataclass(frozen=True)
class Route:
    """A path prefix of the edge and what answers it: the service ``to``, or files of the edge's own image.

    ``timeout`` in seconds. ``static`` is the files' directory; in ``immutable`` below it are those that never change.
    """

    path: str
    to: str | None
    port: int
    timeout: float
    static: str | None = None
    immutable: str = ""


@dataclass(frozen=True)
class Assets:
    """Files of an image that are named by their content, and that pages of earlier releases still ask for.

    ``path``: what they are asked for below, with a slash at both ends. ``required``: said for the service itself, not
    only for its kind.
    """

    path: str
    directory: str
    required: bool


@dataclass(frozen=True)
class Directory:
    """A directory that is mounted: texts by path in it."""

    files: Mapping[str, str]


@dataclass(frozen=True)
class Service:
    """One service, complete. Mappings are in the order in which they will be written.

    ``files``: by path in the container. ``executable``: those paths, and paths below, that may be run.
    """

    name: str
    kind: Kind
    service_class: str
    image: str
    build: Build | None
    development: Development | None
    replicas: int
    port: int | None
    user: str | None
    command: list[str] | str | None
    environment: Mapping[str, str]
    needs: tuple[Need, ...]
    depends_on: tuple[str, ...]
    networks: tuple[str, ...]
    secret_mounts: tuple[SecretMount, ...]
    secret_env: SecretFile | None
    files: Mapping[str, str | Directory]
    executable: frozenset[str]
    volumes: tuple[str, ...]
    ports: tuple[str, ...]
    data_version: Mapping[str, Any] | None
    health: Mapping[str, Any]
    stop_grace: str
    memory: str | None
    cpus: float | None
    release: list[str] | str | None
    release_once: bool
    release_check: list[str] | None
    routes: tuple[Route, ...]
    assets: Assets | None
    options: Mapping[str, Any]
    compose: Mapping[str, Any]
    overlay: Mapping[str, Any]


@dataclass(frozen=True)
class Stack:
    """A whole stack for one environment.

    ``home`` is its directory on the host. ``addressed``: whether secret files are named for their content as well.
    ``top``: what a team's own Compose files say of networks and volumes, by these two words. ``notes``: by service,
    what was decided about it for want of a word from anybody.
    """

    name: str
    environment: str
    domain: str
    home: str
    services: Mapping[str, Service]
    secrets: Mapping[str, Secret]
    addressed: bool = True
    top: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    notes: Mapping[str, list[str]] = field(default_factory=dict)

    def secret_path(self, file: SecretFile) -> str:
        """Return where one of the secret files is, with Compose's interpolation for the address."""
        path = f"{self.home}/secrets/{file.uid}/{file.name}"
        return f"{path}.${{{file.variable}}}" if self.addressed else path

    @property
    def edge(self) -> Service | None:
        """The service that publishes the stack, if it has one."""
        return next((service for service in self.services.values() if service.kind.edge), None)

    def in_order(self) -> list[Service]:
        """The services, each after those it depends on; otherwise in the order of the description."""
        done: dict[str, Service] = {}

        def visit(service: Service) -> None:
            if service.name not in done:
                for name in service.depends_on:
                    visit(self.services[name])
                done[service.name] = service

        for service in self.services.values():
            visit(service)
        return list(done.values())

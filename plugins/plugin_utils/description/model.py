"""The model of a stack: plain values, completed by the kinds, every reference resolved.

Place in the pipeline: what ``description`` returns and every later step reads. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.slipway.stack.plugins.plugin_utils.description.rates import Rate
from ansible_collections.slipway.stack.plugins.plugin_utils.description.scheduled import Scheduled
from ansible_collections.slipway.stack.plugins.plugin_utils.description.schema import Field
from ansible_collections.slipway.stack.plugins.plugin_utils.description.secret_text import Part, SecretFile

NAME = re.compile(r"[a-z0-9][a-z0-9_-]*")
#: The networks that a stack has of its own: ``data`` has no way out of the host.
NETWORKS = ("app", "data")


@dataclass(frozen=True)
class Kind:
    """A kind as its file has it. Values of ``body`` may hold Jinja expressions, see :func:`kinds.render`."""

    name: str
    service_class: str
    edge: str | None
    options: Mapping[str, Field]
    body: Mapping[str, Any] = field(repr=False)
    plain: bool = False


@dataclass(frozen=True)
class Need:
    """A dependency on a service. ``prefix``: of the variables. ``url``: that of a URL, which begins with ``scheme``."""

    service: str
    prefix: str | None = None
    url: str | None = None
    scheme: str | None = None


@dataclass(frozen=True)
class Secret:
    """A secret's source: a value that the controller has, or the length of a secret that the host generates.

    ``previous``: the secret whose value before the last rotation it is. The host has it.
    """

    name: str
    value: str | None = field(default=None, repr=False)
    generate: int | None = None
    previous: str | None = None

    def source(self) -> dict[str, Any]:
        """Return the source as the secret store on the host reads it. Never show it."""
        more = {"previous": self.previous} if self.previous else {}
        return {"value": self.value, "generate": self.generate, **more}


@dataclass(frozen=True)
class SecretMount:
    """A secret file, and its path in the container."""

    file: SecretFile
    target: str


@dataclass(frozen=True)
class Build:
    """How a service's image is built. ``context``: as written. An argument that is ``None`` is not passed."""

    context: str
    dockerfile: str
    target: str | None
    args: Mapping[str, str | None]
    platforms: tuple[str, ...]


@dataclass(frozen=True)
class Source:
    """A build context in a checkout: its path as a Compose file there writes it, and the names of its entries."""

    path: str
    entries: frozenset[str]


@dataclass(frozen=True)
class Development:
    """How a service is developed, see :data:`development.FIELDS`. ``mount`` and ``rebuild`` name existing files."""

    source: Source
    target: str | None
    path: str
    mount: tuple[str, ...]
    sync: str
    rebuild: tuple[str, ...]
    ignore: tuple[str, ...]
    dockerfile: str
    tools: bool
    debug: int | None
    volumes: tuple[str, ...]
    compose: Mapping[str, Any]


@dataclass(frozen=True)
class InnerEdge:
    """The edge of a host that takes requests for its services from the edges of other hosts.

    ``address``: the private one of the host.
    """

    host: str
    address: str
    port: int


@dataclass(frozen=True)
class Route:
    """A path prefix of the edge and what answers it: the service ``to``, or static files of the edge's own image.

    ``timeout``, ``connect_timeout``: in seconds. ``static``: the directory of the files. ``immutable``: the directory
    below it whose files never change, because they are named by their content. ``headers``: of the edge and of the
    route, by name; empty for one that the edge does not add. ``rate_limit``: of one client address. ``max_body``: in
    bytes, 0 for no limit. ``allow``: the networks of clients, everybody if empty. ``basic_auth``: the name of the
    secret with names and hashes of passwords. ``strip_prefix``: whether the service gets the path without the prefix.
    ``protocol``: what the service speaks, ``http`` or ``grpc``. ``hosts``: the host names that it is for, in lower
    case, empty for all of the edge. ``through``: the inner edges that take its requests if the service is on other
    hosts.
    """

    path: str
    to: str | None
    port: int
    timeout: float
    static: str | None = None
    immutable: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    rate_limit: Rate | None = None
    max_body: int = 0
    connect_timeout: float = 3.0
    allow: tuple[str, ...] = ()
    basic_auth: str | None = None
    strip_prefix: bool = False
    protocol: str = "http"
    hosts: tuple[str, ...] = ()
    through: tuple[InnerEdge, ...] = ()

    @property
    def prefix(self) -> str:
        """The path without a slash at its end."""
        return self.path.rstrip("/")


@dataclass(frozen=True)
class Assets:
    """Files of an image that are named by their content, and that open pages of earlier releases still request.

    ``path``: their prefix in URLs, with a slash at both ends. ``required``: the service itself describes them, not just
    its kind.
    """

    path: str
    directory: str
    required: bool


@dataclass(frozen=True)
class Directory:
    """A mounted directory: texts by path in it."""

    files: Mapping[str, str]


@dataclass(frozen=True)
class PrivateFile:
    """A mounted file that is a secret: the name of the secret, its text, and its path in the container.

    ``owner``, ``mode``: ``uid:gid`` and its mode if the description sets them, ``None`` for those of the service.
    """

    secret: str
    text: str = field(repr=False)
    target: str
    owner: str | None = None
    mode: int | None = None


@dataclass(frozen=True)
class Service:
    """One service, complete. Mappings keep the order in which they are rendered.

    ``files``: by path in the container. ``mount_options``: further keys of their mounts, by the same path.
    ``executable``: the paths, and paths below them, that are executable. ``follows``: the services that it must be
    replaced with, each with the Compose keys that name it. ``hosts``: the pattern of its hosts, empty for all.
    ``reaches``: by service that it needs on another host, the address and the port. ``is_inner``: whether it is an
    :class:`InnerEdge`. ``backup``: how its data is saved, see ``backups.method``. ``unsaved``: its volumes that no
    backup has.
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
    volumes: tuple[str | Mapping[str, Any], ...]
    ports: tuple[str | Mapping[str, Any], ...]
    backup: Mapping[str, Any] | None
    unsaved: tuple[str, ...]
    data_version: Mapping[str, Any] | None
    health: Mapping[str, Any]
    min_uptime: str
    stop_grace: str
    memory: str | None
    cpus: float | None
    release: list[str] | str | None
    release_once: bool
    release_check: list[str] | None
    job_timeout: str
    routes: tuple[Route, ...]
    assets: Assets | None
    options: Mapping[str, Any]
    compose: Mapping[str, Any]
    overlay: Mapping[str, Any]
    follows: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    mount_options: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    #: How its passwords are rotated, by the secret. :data:`logins`: variables with a login, by the secret for it.
    rotation: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    logins: Mapping[str, str] = field(default_factory=dict)
    hosts: str = ""
    reaches: Mapping[str, tuple[str, int]] = field(default_factory=dict)
    is_inner: bool = False
    swarm: Scheduled | None = None
    #: The variables that hold a secret, as the parts of their text.
    secret_variables: Mapping[str, tuple[Part, ...]] = field(default_factory=dict)

    @property
    def starts_after(self) -> tuple[str, ...]:
        """The services that start before it: those that it needs, and those that it follows."""
        return tuple(dict.fromkeys([*self.depends_on, *self.follows]))


@dataclass(frozen=True)
class Stack:
    """A whole stack for one environment.

    ``home``: its directory on the host. ``addressed``: whether the names of secret files contain an address of their
    content. ``top``: Compose keys of networks and volumes, by these two words. ``notes``: by service, what the
    translation of a team's own Compose files decided. ``known_secrets``: also those that no service uses.
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
    known_secrets: Mapping[str, Secret] = field(default_factory=dict, repr=False)

    def secret_path(self, file: SecretFile) -> str:
        """Return the path of a secret file on the host, with a Compose variable for its address."""
        path = f"{self.home}/secrets/{file.uid}/{file.name}"
        return f"{path}.${{{file.variable}}}" if self.addressed else path

    @property
    def edge(self) -> Service | None:
        """The service that publishes the stack, ``None`` if there is none."""
        return next((service for service in self.services.values() if service.kind.edge), None)

    def in_order(self) -> list[Service]:
        """Return the services, each after those it depends on, else in the order of the description."""
        done: dict[str, Service] = {}

        def visit(service: Service) -> None:
            if service.name not in done:
                for name in service.starts_after:
                    visit(self.services[name])
                done[service.name] = service

        for service in self.services.values():
            visit(service)
        return list(done.values())

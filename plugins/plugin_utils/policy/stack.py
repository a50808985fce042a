"""The resolved stack as rules see it: services with their images, ports, mounts and commands read, in one shape each.

Pure. Made from a :class:`reading.Document`, or from documents that are data already. Whatever has a type that Compose
does not allow counts as absent.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from . import interpolation, merging, notation, vocabulary
from .marked import Map, Seq
from .parts import Image, Mount, Port, image, mounts, number, ports

if TYPE_CHECKING:
    from .reading import Document

#: Characters of a command that are looked at; some patterns take quadratic time.
LONGEST = 4000


@dataclass(frozen=True)
class Service:
    """One service. ``keys`` in Compose's long notation; ``told`` is ``environment`` over what its env files say."""

    name: str
    keys: Map
    image: Image | None
    ports: tuple[Port, ...]
    mounts: tuple[Mount, ...]
    environment: Map
    told: Mapping[str, str]
    untold: bool
    command: str
    words: tuple[str, ...]
    replicas: int
    labels: Map

    def mapping(self, *path: str) -> Map:
        """Return the mapping at *path*, an empty one where there is none."""
        value: Any = self.keys
        for key in path:
            value = value.get(key) if isinstance(value, dict) else None
        return value if isinstance(value, Map) else Map(value if isinstance(value, dict) else {})

    def items(self, key: str) -> list[Any]:
        """Return the list under *key*, an empty one where there is none."""
        value = self.keys.get(key)
        return value if isinstance(value, list) else [value] if isinstance(value, str) else []

    def text(self, key: str) -> str:
        """Return the text or number under *key*, an empty text where there is none."""
        value = self.keys.get(key)
        return str(value) if isinstance(value, (str, int, float)) and not isinstance(value, bool) else ""

    @property
    def base(self) -> str:
        """The last part of its image's name; empty where it has no image."""
        return self.image.base if self.image else ""

    @property
    def holds_data(self) -> bool:
        """Whether its image is that of a datastore, and what it runs is not a client from that image."""
        return self.base in vocabulary.DATASTORES and not vocabulary.CLIENTS.match(self.command)

    @property
    def in_front(self) -> bool:
        """Whether it is a proxy, which is there to be published."""
        return self.base in vocabulary.PROXIES or self.labels.get("slipway.kind") in ("nginx", "traefik")


@dataclass(frozen=True)
class Stack:
    """All services of one environment. ``pinned``: whoever deploys it puts digests in place of the tags.

    ``finishing``: services that others wait for until they have ended. ``has_front``: a proxy with a published port
    stands before the others. ``joined``: services whose network others are in. ``elsewhere``: services that
    some environments only are meant to have. ``own``: those with images of the application itself, at any version.
    """

    services: Mapping[str, Service]
    top: Map
    files: tuple[str, ...]
    marks: Mapping[str, Any] = field(default_factory=dict)
    registries: tuple[str, ...] = ()
    pinned: bool = False
    finishing: frozenset[str] = frozenset()
    has_front: bool = False
    joined: frozenset[str] = frozenset()
    elsewhere: frozenset[str] = frozenset()
    own: frozenset[str] = frozenset()

    def one_shot(self, service: Service) -> bool:
        """Whether a service runs to its end: somebody waits for that, or it looks like a migration."""
        if service.labels.get("slipway.class") == "oneshot" or service.name in self.finishing:
            return True
        if service.labels.get("slipway.class") is not None:
            return False
        restart = service.text("restart")
        if restart == "no" and not service.ports and not service.mapping("healthcheck").get("test"):
            return True
        named = vocabulary.ONE_SHOT_NAMES.fullmatch(service.name) or service.base in vocabulary.ONE_SHOT_IMAGES
        return bool(vocabulary.MIGRATIONS.search(service.command) or (named and restart in ("", "no", "on-failure")))


def from_document(document: Document, registries: Iterable[str] = ()) -> Stack:
    """Return the stack that *document* describes."""
    return _stack(
        document.services, document.top, tuple(document.files), document.told, document.untold, tuple(registries), False
    )


def from_data(
    documents: Iterable[Mapping[str, Any]],
    told: Mapping[str, Mapping[str, Any]],
    files: Iterable[str],
    registries: Iterable[str] = (),
) -> Stack:
    """Return the stack of Compose documents that are data and will be deployed by digest.

    :param told: by service, the variables that it is told, but for those with a secret in them, which the file of a
        secret store has; every other file, ``env/NAME.env``, is among them.
    """
    services = Map()
    top = Map()
    for content in documents:
        read = interpolation.resolve(_marked(content), {})
        for name, raw in (read.get("services") or {}).items():
            service = notation.service(raw)
            services[name] = merging.services(services[name], service) if name in services else service
        top = merging.mappings(top, Map({key: value for key, value in read.items() if key != "services"}, {}))
    for name, values in told.items():
        if name in services:
            services[name]["environment"] = Map(values, {})
    untold = {name for name, keys in services.items() if _more_than(f"env/{name}.env", keys.get("env_file"))}
    return _stack(services, top, tuple(files), {}, untold, tuple(registries), True)


def _more_than(known: str, files: Any) -> bool:
    return any(file != known for file in (files if isinstance(files, list) else [files] if files else []))


def _marked(value: Any) -> Any:
    if isinstance(value, Mapping):
        return Map({key: _marked(item) for key, item in value.items()}, {})
    return Seq([_marked(item) for item in value], []) if isinstance(value, list) else value


def _stack(
    services: Map, top: Map, files: tuple[str, ...], told: Mapping[str, Map], untold: set[str], *rest: Any
) -> Stack:
    registries, pinned = rest
    read = {
        name: _service(name, keys, told.get(name, Map()), name in untold)
        for name, keys in services.items()
        if isinstance(keys, Map)
    }
    finishing = {
        name
        for service in read.values()
        for name, need in service.mapping("depends_on").items()
        if isinstance(need, dict) and need.get("condition") == "service_completed_successfully"
    }
    has_front = any(service.in_front and service.ports for service in read.values())
    modes = (service.text("network_mode") for service in read.values())
    joined = frozenset(mode.removeprefix("service:") for mode in modes if mode.startswith("service:"))
    return Stack(read, top, files, services.marks, registries, pinned, frozenset(finishing), has_front, joined)


def _service(name: str, keys: Map, told: Map, untold: bool) -> Service:
    environment = keys.get("environment")
    environment = environment if isinstance(environment, Map) else Map()
    words = _words(keys.get("entrypoint")) + _words(keys.get("command"))
    own = {key: spelled(value) for key, value in environment.items() if value is not None}
    labels = keys.get("labels")
    return Service(
        name=name,
        keys=keys,
        image=image(keys["image"]) if isinstance(keys.get("image"), str) else None,
        ports=tuple(ports(keys)),
        mounts=tuple(mounts(keys)),
        environment=environment,
        told={**{key: spelled(value) for key, value in told.items()}, **own},
        untold=untold or None in environment.values(),
        command=" ".join(words)[:LONGEST],
        words=tuple(words),
        replicas=_replicas(keys),
        labels=labels if isinstance(labels, Map) else Map(),
    )


def spelled(value: Any) -> str:
    """Return a value as the container sees it."""
    return str(value).lower() if isinstance(value, bool) else "" if value is None else str(value)


def _words(value: Any) -> list[str]:
    if isinstance(value, list):
        return [str(item) for item in value if isinstance(item, (str, int, float))]
    if not isinstance(value, str):
        return []
    try:
        return shlex.split(value)
    except ValueError:
        return value.split()


def _replicas(keys: Map) -> int:
    deploy = keys.get("deploy")
    given = number(deploy.get("replicas")) if isinstance(deploy, dict) else None
    scale = number(keys.get("scale"))
    return given if given is not None else scale if scale is not None else 1

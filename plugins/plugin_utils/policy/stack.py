"""The resolved stack that the rules check: services with their images, ports, mounts and commands in one shape.

Place in the pipeline: check, after the files are read and before the rules. Pure. A stack is made from a
:class:`reading.Document`, or from rendered documents. A value of a type that Compose does not allow counts as missing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ..compose_reader import image_reference, interpolation, long_syntax, merging
from ..compose_reader.image_reference import Image
from ..compose_reader.mounts import Mount, mounts
from ..compose_reader.published_ports import Port, ports
from ..compose_reader.scalars import scalar_text
from ..compose_reader.source_positions import Map, Seq
from ..compose_reader.units import integer
from . import datastore_command, known_datastores, known_software, processes, simple_commands

if TYPE_CHECKING:
    from ..compose_reader.reading import Document

#: How many characters of one text the rules read. Some patterns take quadratic time.
MAX_SCANNED = 4000


@dataclass(frozen=True)
class Service:
    """One service.

    ``keys``: the keys of the service in long syntax.
    ``environment``: the key ``environment`` alone.
    ``variables``: what the container gets, ``environment`` over the variables of the env files.
    ``variables_incomplete``: some variables of the container are not known.
    ``command``: entrypoint and command as one text; ``arguments``: the same as a list.
    ``datastore``: the known datastore that it runs; empty if it runs none, or a client from the image of one.
    """

    name: str
    keys: Map
    image: Image | None
    ports: tuple[Port, ...]
    mounts: tuple[Mount, ...]
    environment: Map
    variables: Mapping[str, str]
    variables_incomplete: bool
    command: str
    arguments: tuple[str, ...]
    replicas: int
    labels: Map
    datastore: str = ""

    def mapping(self, *path: str) -> Map:
        """Return the mapping at *path*, an empty one if there is none."""
        value: Any = self.keys
        for key in path:
            value = value.get(key) if isinstance(value, dict) else None
        return value if isinstance(value, Map) else Map(value if isinstance(value, dict) else {})

    def items(self, key: str) -> list[Any]:
        """Return the list under *key*, an empty one if there is none. A text counts as a list of one item."""
        value = self.keys.get(key)
        return value if isinstance(value, list) else [value] if isinstance(value, str) else []

    def text(self, key: str) -> str:
        """Return the text or number under *key* as text, an empty text if there is none."""
        value = self.keys.get(key)
        return str(value) if isinstance(value, (str, int, float)) and not isinstance(value, bool) else ""

    @property
    def restart(self) -> str:
        """The restart policy in the words of ``restart``, empty without one.

        ``deploy.restart_policy`` counts if there is no ``restart``, as in Compose.
        """
        condition = str(self.mapping("deploy", "restart_policy").get("condition") or "")
        return self.text("restart") or {"none": "no", "any": "always"}.get(condition, condition)

    @property
    def base(self) -> str:
        """The last part of the image name, empty without an image."""
        return self.image.base if self.image else ""

    @property
    def is_datastore(self) -> bool:
        """Whether it runs a datastore: it has the image of one, and its command is not a client from that image."""
        return bool(self.datastore)

    @property
    def process(self) -> str:
        """What its process does over time, one of the constants of ``processes``; empty if nothing says it."""
        if self.is_proxy or (self.is_datastore and "--single" not in self.arguments):
            return processes.SERVER
        return processes.of_process(self.arguments, self.name, self.restart)

    @property
    def is_proxy(self) -> bool:
        """Whether it runs a proxy, which is meant to be published."""
        return self.base in known_software.PROXIES or self.labels.get("slipway.kind") in ("nginx", "traefik")


@dataclass(frozen=True)
class Stack:
    """All services of one environment.

    ``pinned``: the deploy replaces tags with digests.
    ``completion_awaited``: services with a dependent that waits until they have completed.
    ``has_published_proxy``: one of the services is a proxy with a published port.
    ``network_owners``: services whose network other services join.
    ``only_in_some_environments``: services that are meant to be in some environments only.
    ``private_addresses``: addresses of the host at which only hosts of the same stack reach it, as the inventory says.
    ``own_images``: services with an image of the application itself, which may have another version elsewhere.
    ``variables``: the variables for interpolation. ``placeholder_secrets``: by name, the secrets of the inventory that
    are placeholders.
    """

    services: Mapping[str, Service]
    top: Map
    files: tuple[str, ...]
    marks: Mapping[str, Any] = field(default_factory=dict)
    registries: tuple[str, ...] = ()
    pinned: bool = False
    completion_awaited: frozenset[str] = frozenset()
    has_published_proxy: bool = False
    network_owners: frozenset[str] = frozenset()
    only_in_some_environments: frozenset[str] = frozenset()
    private_addresses: frozenset[str] = frozenset()
    own_images: frozenset[str] = frozenset()
    variables: Mapping[str, str] = field(default_factory=dict, repr=False)
    placeholder_secrets: Mapping[str, str] = field(default_factory=dict)

    def is_one_off(self, service: Service) -> bool:
        """Return whether a service runs once and ends: a dependent waits for that, or its command or name says so."""
        if service.labels.get("slipway.class") == "oneshot" or service.name in self.completion_awaited:
            return True
        if service.labels.get("slipway.class") is not None:
            return False
        if known_software.MIGRATIONS.search(service.command):
            return True
        if (
            service.restart not in ("", "no", "on-failure")
            or service.ports
            or service.process not in ("", processes.JOB)
        ):
            return False
        if service.base in known_software.ONE_OFF_IMAGES or known_software.ONE_OFF_NAMES.fullmatch(service.name):
            return True
        is_checked = bool(service.mapping("healthcheck").get("test"))
        return (service.restart == "no" or service.process == processes.JOB) and not is_checked


def from_document(document: Document, registries: Iterable[str] = ()) -> Stack:
    """Return the stack of Compose files that were read. :param registries: the registries that the settings allow."""
    return _stack(
        document.services,
        document.top,
        files=tuple(document.files),
        env_file_variables=document.env_file_variables,
        variables_incomplete=document.missing_env_files,
        registries=tuple(registries),
        pinned=False,
        variables=document.variables,
    )


def from_data(
    documents: Iterable[Mapping[str, Any]],
    variables: Mapping[str, Mapping[str, Any]],
    files: Iterable[str],
    registries: Iterable[str] = (),
) -> Stack:
    """Return the stack of rendered Compose documents, which the deploy pins by digest.

    :param documents: base and overlay, in the order in which Compose merges them.
    :param variables: the variables in ``env/NAME.env``, by service. Variables with a secret are not among them; they
        are in a file of the secret store.
    :param files: names for the documents, for findings.
    """
    services = Map()
    top = Map()
    for content in documents:
        read = interpolation.resolve(_with_marks(content), {})
        for name, raw in (read.get("services") or {}).items():
            service = long_syntax.service(raw)
            services[name] = merging.services(services[name], service) if name in services else service
        top = merging.mappings(top, Map({key: value for key, value in read.items() if key != "services"}, {}))
    for name, values in variables.items():
        if name in services:
            services[name]["environment"] = Map(values, {})
    incomplete = {name for name, keys in services.items() if _has_other_file(f"env/{name}.env", keys.get("env_file"))}
    return _stack(
        services,
        top,
        files=tuple(files),
        env_file_variables={},
        variables_incomplete=incomplete,
        registries=tuple(registries),
        pinned=True,
    )


def _has_other_file(known: str, files: Any) -> bool:
    return any(file != known for file in (files if isinstance(files, list) else [files] if files else []))


def _with_marks(value: Any) -> Any:
    if isinstance(value, Mapping):
        return Map({key: _with_marks(item) for key, item in value.items()}, {})
    return Seq([_with_marks(item) for item in value], []) if isinstance(value, list) else value


def _stack(
    services: Map,
    top: Map,
    *,
    files: tuple[str, ...],
    env_file_variables: Mapping[str, Map],
    variables_incomplete: set[str],
    registries: tuple[str, ...],
    pinned: bool,
    variables: Mapping[str, str] | None = None,
) -> Stack:
    read = {
        name: _service(name, keys, env_file_variables.get(name, Map()), name in variables_incomplete)
        for name, keys in services.items()
        if isinstance(keys, Map)
    }
    completion_awaited = {
        name
        for service in read.values()
        for name, dependency in service.mapping("depends_on").items()
        if isinstance(dependency, dict) and dependency.get("condition") == "service_completed_successfully"
    }
    modes = (service.text("network_mode") for service in read.values())
    return Stack(
        services=read,
        top=top,
        files=files,
        marks=services.marks,
        registries=registries,
        pinned=pinned,
        variables=variables or {},
        completion_awaited=frozenset(completion_awaited),
        has_published_proxy=any(service.is_proxy and service.ports for service in read.values()),
        network_owners=frozenset(mode.removeprefix("service:") for mode in modes if mode.startswith("service:")),
    )


def _service(name: str, keys: Map, env_file_variables: Map, incomplete: bool) -> Service:
    environment = keys.get("environment")
    environment = environment if isinstance(environment, Map) else Map()
    arguments = simple_commands.arguments(keys.get("entrypoint")) + simple_commands.arguments(keys.get("command"))
    variables = {key: scalar_text(value) for key, value in env_file_variables.items()}
    variables |= {key: scalar_text(value) for key, value in environment.items() if value is not None}
    labels = keys.get("labels")
    image = image_reference.parse(keys["image"]) if isinstance(keys.get("image"), str) else None
    datastore = known_datastores.name_of(image)
    scanned = [argument[:MAX_SCANNED] for argument in arguments]
    return Service(
        name=name,
        keys=keys,
        image=image,
        ports=tuple(ports(keys)),
        mounts=tuple(mounts(keys)),
        environment=environment,
        variables=variables,
        variables_incomplete=incomplete or None in environment.values(),
        command=" ".join(arguments)[:MAX_SCANNED],
        arguments=tuple(arguments),
        replicas=_replicas(keys),
        labels=labels if isinstance(labels, Map) else Map(),
        datastore=datastore if datastore and datastore_command.starts_server(scanned) else "",
    )


def _replicas(keys: Map) -> int:
    deploy = keys.get("deploy")
    replicas = integer(deploy.get("replicas")) if isinstance(deploy, dict) else None
    scale = integer(keys.get("scale"))
    return replicas if replicas is not None else scale if scale is not None else 1

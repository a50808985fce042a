"""Volumes: data is not deleted with its container, and no sensitive path of the host is mounted."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from ...compose_reader.mounts import Mount
from ..host_paths import engine_addresses, has_socket, host_paths, is_socket, normal
from ..known_datastores import POSTGRES, REDIS, data_paths
from ..rule_registry import Problem, StackProblem, service_rule, stack_rule
from ..stack import Service, Stack

_REFERENCE = "Compose specification, services, volumes"
#: The engine over TCP without TLS, at an address of the host. A name is that of a container, such as a socket proxy.
_ENGINE_OF_HOST = re.compile(
    r"(?:tcp|https?)://(?:(?:host|gateway)\.docker\.internal|(?!127\.)[\d.]+|\[[0-9a-f:]+\]):(?!2376)"
)
_SENSITIVE = re.compile(
    r"/(?:etc|proc|sys|dev|boot|root|run|var|var/run|var/lib|usr|bin|sbin|lib|lib64|home|var/lib/docker|var/lib/containerd"
    r"|var/log)?"
    r"|/(?:etc|root|boot|var/lib/docker|var/lib/containerd|proc|sys|lib)/.+|/(?:var/)?run/(?:docker|dbus|systemd)(?:/.+)?"
    r"|(?:~|/home/[^/]+|\$\{HOME\})"
    r"(?:/\.(?:ssh|aws|kube|docker|gnupg|config)(?:/.*)?)?"
)
_HARMLESS = re.compile(
    r"/etc/(?:localtime|timezone|ssl/certs.*|ca-certificates.*|pki/ca-trust.*|letsencrypt.*|hostname|resolv\.conf"
    r"|machine-id|os-release)|/var/log|/lib/modules"
)
_CODE_TARGET = re.compile(
    r"/(?:app|code|src|source|workspace|workdir|work|var/www|srv|usr/src|opt/app|project|backend|frontend|api|web)(?:/.*)?"
)
_DATA_TARGET = re.compile(
    r"(?:^|/)(?:data|media|uploads?|static|staticfiles|storage|logs?|backups?|cache|config|conf|certs?|tmp|db|models"
    r"|plugins|exports?|files|public)(?:/|$)"
)
_FILE = re.compile(r"\.[A-Za-z0-9]{1,10}$")


#: Variables and options with the directory for the data.
_DATA_VARIABLE = re.compile(
    r"(?:.*[_.-])?(?:data|db|database|storage|persist\w*|log|bolt|engine|mnesia|snapshots?|minio)_?"
    r"(?:data|storage)?_?(?:dirs?|directory|directories|paths?|folder|base|location|volumes?|home)(?:_\w+)?|SURREAL_PATH",
    re.IGNORECASE,
)


def _data_paths(service: Service) -> tuple[str, ...]:
    """Return the directories where a datastore keeps its data, the usual one first; none for other services."""
    paths = data_paths(service.datastore, service.image)
    if not paths:
        return ()
    own = [service.variables["PGDATA"]] if service.base in POSTGRES and service.variables.get("PGDATA") else []
    told = [value for name, value in service.variables.items() if _DATA_VARIABLE.fullmatch(name)]
    # A directory that the command names, such as `minio server /export`, is where the data is.
    named = re.findall(r"(?:^|[\s=:,])(/[\w./-]+)", " ".join([*told, service.command]))
    named = [path for path in map(normal, named[:_MAX_NAMED]) if not _NO_DATA.match(path)]
    return (*paths, *own, *named)


#: How many paths of a command and its variables are compared with the mounts.
_MAX_NAMED = 50
#: Directories of programs and their configuration, which a command often names.
_NO_DATA = re.compile(r"/(?:usr|bin|sbin|opt/[^/]+/(?:bin|scripts)|etc|run|tmp|dev|proc|docker-entrypoint\S*)?(?:/|$)")


def _data_mounts(service: Service) -> list[Mount]:
    """Return the mounts that have the data of a datastore."""
    paths = _data_paths(service)
    return [mount for mount in service.mounts if _is_at(paths, mount.target) and not _FILE.search(mount.target)]


def _is_at(paths: Iterable[str], target: str) -> bool:
    """Return whether *target* is one of *paths*, or contains one, or is inside of one."""
    return any(target == path or target.startswith(f"{path}/") or path.startswith(f"{target}/") for path in paths)


def _is_cache(service: Service) -> bool:
    """Return whether a Redis is configured to keep nothing on disk, or to delete keys when it is full."""
    text = service.command
    return service.base in REDIS and bool(
        re.search(r"--save\s+(?:\"\"|''|(?=--|$))|--maxmemory-policy\s+(?:allkeys|volatile)", text)
    )


@service_rule(
    "iiee",
    id="SLP060",
    title="A datastore has a volume at its data path",
    reason="Without a volume the data is in the container, and is deleted with it at the next change of the image.",
    fix="Mount a named volume at the path where the image keeps its data.",
    reference=_REFERENCE,
)
def no_volume(service: Service, stack: Stack) -> Iterator[Problem]:
    """Find datastores without a mount at their data path."""
    paths = _data_paths(service)
    if not paths or stack.is_one_off(service) or _is_cache(service):
        return
    if _data_mounts(service):
        return
    if any(_is_at(paths, str(item).split(":", 1)[0].rstrip("/")) for item in service.items("tmpfs")):
        return
    yield f"keeps its data in the container; nothing is mounted at {paths[0]}", ("volumes",)


@service_rule(
    "iwww",
    id="SLP061",
    title="A volume has a name",
    reason="Every new container gets a new anonymous volume. The data stays in the old one, which nobody can identify.",
    fix="Give the volume a name, and declare it in the top-level `volumes`.",
    reference=_REFERENCE,
)
def anonymous(service: Service, stack: Stack) -> Iterator[Problem]:
    """Find volumes without a source."""
    for mount in service.mounts:
        if mount.type == "volume" and not mount.source:
            yield f"has an anonymous volume at {mount.target}", mount.path


@service_rule(
    "-iww",
    id="SLP062",
    title="The data of a datastore is on a named volume",
    reason="A directory of the host belongs to users of the host, `git clean` can delete it, and it is easy to forget "
    "when the stack moves.",
    fix="Use a named volume. If the disk matters, use a volume with the driver `local` and a `device`.",
    reference=_REFERENCE,
)
def on_bind_mount(service: Service, stack: Stack) -> Iterator[Problem]:
    """Find datastores whose data path is a directory of the host."""
    for mount in _data_mounts(service):
        if mount.type == "bind":
            yield f"keeps its data in the host directory {mount.source}", mount.path


def _is_source_code(service: Service, mount: Mount) -> bool:
    source = mount.source or ""
    if mount.type != "bind" or not source.startswith((".", "${PWD}")) or service.is_datastore:
        return False
    if _FILE.search(source.rstrip("/").rpartition("/")[2].lstrip(".")):
        return False
    whole_project = source.rstrip("/") in (".", "..", "${PWD}") or (
        source.startswith("..") and source.strip("./") == ""
    )
    return whole_project or bool(_CODE_TARGET.fullmatch(mount.target) and not _DATA_TARGET.search(mount.target))


@service_rule(
    "--ee",
    id="SLP063",
    title="No source code is mounted",
    reason="The server then runs the files on its disk, not the image that was tested. The container can change them, "
    "too.",
    fix="Copy the code into the image. Keep the mount in a development file, such as compose.override.yaml.",
    reference="Docker documentation, Compose in production",
)
def source_code(service: Service, stack: Stack) -> Iterator[Problem]:
    """Find directories of the project that are mounted where the code is."""
    for mount in service.mounts:
        if _is_source_code(service, mount):
            yield f"mounts {mount.source} as its code at {mount.target}", mount.path


@service_rule(
    "wwee",
    "compose-lint:CL-0001 compose-auditor:SEC003",
    id="SLP064",
    title="The Docker socket is not mounted",
    reason="Everybody who reaches the socket is root on the host. `:ro` protects the file, not the API behind it.",
    fix="Use a socket proxy that allows only the requests that are needed, or a file provider.",
    reference="OWASP Docker Security Cheat Sheet, rule 1; CIS Docker Benchmark 5.32",
)
def docker_socket(service: Service, stack: Stack) -> Iterator[Problem]:
    """Find every way to the socket of an engine: mounts of it and of its directory, `use_api_socket`, TCP."""
    if service.keys.get("use_api_socket") is True:
        yield "gets the engine's socket by use_api_socket", ("use_api_socket",)
    addresses = list(engine_addresses(service))
    sockets = {normal(address.partition("://")[2]) for address, _path in addresses if address.startswith("unix://")}
    for found in host_paths(service, stack):
        if is_socket(found.source) or is_socket(found.target) or found.target in sockets:
            yield f"mounts the engine's socket, {found.shown}", found.path
        elif has_socket(found.source):
            yield f"mounts {found.shown}, which has the engine's socket in it", found.path
    if service.variables.get("DOCKER_TLS_VERIFY"):
        return
    for address, path in addresses:
        if _ENGINE_OF_HOST.match(address):
            yield f"controls the engine of the host at {address[:80]}", path


@service_rule(
    "wwee",
    "compose-lint:CL-0001 compose-lint:CL-0013 compose-lint:CL-0025 compose-auditor:SEC003 compose-auditor:SEC004",
    id="SLP065",
    title="No system directory is mounted",
    reason="`/`, `/etc` and `/proc` show the secrets of the host. With write access, the container is root on the "
    "host.",
    fix="Mount only the file that is needed, read-only, or copy it into the image.",
    reference="CIS Docker Benchmark 5.6",
)
def system_path(service: Service, stack: Stack) -> Iterator[Problem]:
    """Find bind mounts of system directories, and of directories with keys of users."""
    for found in host_paths(service, stack):
        if found.path[0] != "volumes" or is_socket(found.source):
            continue
        harmless = _HARMLESS.fullmatch(found.source) and found.read_only
        if _SENSITIVE.fullmatch(found.source) and not harmless:
            yield f"mounts {found.shown} of the host", found.path


@service_rule(
    "--ii",
    "compose-auditor:VOL001",
    id="SLP066",
    title="Configuration is mounted read-only",
    reason="An intruder can change a writable configuration, and the change stays after every restart.",
    fix="Append `:ro`, or use the top-level `configs`.",
    reference=_REFERENCE,
)
def writable_configuration(service: Service, stack: Stack) -> Iterator[Problem]:
    """Find configuration files and directories that are mounted writable."""
    for mount in service.mounts:
        source = mount.source or ""
        if mount.type != "bind" or mount.read_only or not source.startswith((".", "/")):
            continue
        if is_socket(normal(source)):
            continue
        is_configuration = mount.target.startswith(("/etc/", "/docker-entrypoint-initdb.d"))
        if is_configuration or re.search(
            r"\.(?:conf|cnf|ya?ml|toml|ini|json|sql|sh|template|cfg|xml|properties)$", source
        ):
            yield f"can write to {source}", mount.path


@service_rule(
    "wwww",
    "compose-lint:CL-0017",
    id="SLP067",
    title="A container does not share mounts with the host",
    reason="With shared propagation, a container can mount over directories of the host.",
    fix="Remove `propagation`, or use `rslave`.",
    reference="CIS Docker Benchmark 5.20",
)
def shared(service: Service, stack: Stack) -> Iterator[Problem]:
    """Find shared mount propagation."""
    for mount in service.mounts:
        if mount.propagation in ("shared", "rshared"):
            yield f"shares its mounts at {mount.target} with the host", mount.path


@stack_rule(
    "eeee",
    id="SLP068",
    title="Two datastores do not share a volume",
    reason="Two servers that write the same files destroy them, because neither sees the locks of the other.",
    fix="Give each datastore its own volume.",
    reference=_REFERENCE,
)
def shared_data(stack: Stack) -> Iterator[StackProblem]:
    """Find a volume that is the data path of two services, or of a service with two replicas."""
    owners: dict[str, str] = {}
    for service in stack.services.values():
        for mount in _data_mounts(service):
            if not mount.source or mount.read_only or stack.is_one_off(service):
                continue
            if mount.source in owners and owners[mount.source] != service.name:
                yield service.name, f"writes to the same data as {owners[mount.source]!r}: {mount.source}", mount.path
            elif service.replicas > 1 and "${" not in mount.source:
                yield service.name, f"has {service.replicas} replicas on the same data: {mount.source}", mount.path
            owners.setdefault(mount.source, service.name)

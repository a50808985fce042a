"""Volumes: data that outlives its container, and nothing of the host inside that has no business there."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ..parts import Mount
from ..registry import Problem, StackProblem, service_rule, stack_rule
from ..stack import Service, Stack
from ..vocabulary import DATASTORES, POSTGRES, REDIS

_REFERENCE = "Compose specification, services, volumes"
_SOCKETS = re.compile(r"(?:/var)?/run/(?:docker|podman/podman|containerd/containerd|crio/crio)\.sock")
_SENSITIVE = re.compile(
    r"/(?:etc|proc|sys|dev|boot|root|run|var/run|usr|bin|sbin|lib|lib64|home|var/lib/docker|var/lib/containerd|var/log)?"
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


def _data_path(service: Service) -> str:
    return DATASTORES[service.base] if service.holds_data else ""


def _holds(service: Service, mount: Mount) -> bool:
    """Return whether a mount is where the image of a datastore keeps its data."""
    return _is_place(service, mount.target) and not _FILE.search(mount.target)


def _is_place(service: Service, target: str) -> bool:
    """Return whether the data of a datastore is at *target*, above or below it."""
    own = service.told.get("PGDATA", "") if service.base in POSTGRES else ""
    return any(
        place and (target == place or target.startswith(f"{place}/") or place.startswith(f"{target}/"))
        for place in (_data_path(service), own)
    )


def _is_cache(service: Service) -> bool:
    """Return whether a Redis says that it keeps nothing on disk, or throws keys away when it is full."""
    text = service.command
    return service.base in REDIS and bool(
        re.search(r"--save\s+(?:\"\"|''|(?=--|$))|--maxmemory-policy\s+(?:allkeys|volatile)", text)
    )


@service_rule(
    "iiee",
    id="SLP060",
    title="A datastore has a volume where its data is",
    reason="Without one the data is in the container, and goes with it at the next change of the image.",
    fix="Mount a named volume at the path where the image keeps its data.",
    reference=_REFERENCE,
)
def no_volume(service: Service, stack: Stack) -> Iterator[Problem]:
    """Find datastores whose data path has no mount."""
    if not _data_path(service) or stack.one_shot(service) or _is_cache(service):
        return
    if any(_holds(service, mount) for mount in service.mounts):
        return
    if any(_is_place(service, str(item).split(":", 1)[0].rstrip("/")) for item in service.items("tmpfs")):
        return
    yield f"keeps its data in the container; nothing is mounted at {_data_path(service)}", ("volumes",)


@service_rule(
    "iwww",
    id="SLP061",
    title="A volume has a name",
    reason="An anonymous volume is a new one for every new container: the data is left behind, and nobody knows where.",
    fix="Give it a name, declared under the top-level `volumes`.",
    reference=_REFERENCE,
)
def anonymous(service: Service, stack: Stack) -> Iterator[Problem]:
    """Find mounts of the type volume without a source."""
    for mount in service.mounts:
        if mount.type == "volume" and not mount.source:
            yield f"has an anonymous volume at {mount.target}", mount.path


@service_rule(
    "-iww",
    id="SLP062",
    title="A datastore's data is on a named volume",
    reason="A directory of the host has the host's owners, is in reach of every `git clean`, and moves with nobody.",
    fix="Use a named volume; where the disk matters, one with the driver `local` and its `device`.",
    reference=_REFERENCE,
)
def on_bind_mount(service: Service, stack: Stack) -> Iterator[Problem]:
    """Find datastores whose data path is a directory of the host."""
    for mount in service.mounts:
        if mount.type == "bind" and _data_path(service) and _holds(service, mount):
            yield f"keeps its data in the host's {mount.source}", mount.path


def _is_source(service: Service, mount: Mount) -> bool:
    source = mount.source or ""
    if mount.type != "bind" or not source.startswith((".", "${PWD}")) or service.holds_data:
        return False
    if _FILE.search(source.rstrip("/").rpartition("/")[2].lstrip(".")):
        return False
    whole = source.rstrip("/") in (".", "..", "${PWD}") or (source.startswith("..") and source.strip("./") == "")
    return whole or bool(_CODE_TARGET.fullmatch(mount.target) and not _DATA_TARGET.search(mount.target))


@service_rule(
    "--ee",
    id="SLP063",
    title="No source code is mounted",
    reason="What runs is then whatever lies on that disk, not the image that was tested; and it can be written to.",
    fix="Copy the code into the image; keep the mount in a file for development, such as compose.override.yaml.",
    reference="Docker documentation, Compose in production",
)
def source_code(service: Service, stack: Stack) -> Iterator[Problem]:
    """Find directories of the project mounted over the place of the code."""
    for mount in service.mounts:
        if _is_source(service, mount):
            yield f"has {mount.source} mounted as its code at {mount.target}", mount.path


@service_rule(
    "wwee",
    "compose-lint:CL-0001 compose-auditor:SEC003",
    id="SLP064",
    title="The Docker socket is not mounted",
    reason="Whoever reaches it is root on the host; `:ro` concerns the file, not what is asked through it.",
    fix="Put a socket proxy in between that lets through what is needed, or use a file provider.",
    reference="OWASP Docker Security Cheat Sheet, rule 1; CIS Docker Benchmark 5.32",
)
def docker_socket(service: Service, stack: Stack) -> Iterator[Problem]:
    """Find the socket of an engine among the mounts."""
    for mount in service.mounts:
        if mount.source and _SOCKETS.fullmatch(mount.source):
            yield f"has the engine's socket, {mount.source}", mount.path


@service_rule(
    "wwee",
    "compose-lint:CL-0001 compose-lint:CL-0013 compose-lint:CL-0025 compose-auditor:SEC003 compose-auditor:SEC004",
    id="SLP065",
    title="No directory of the system is mounted",
    reason="`/`, `/etc` and `/proc` show every secret of the host, and writing to them is being root there.",
    fix="Mount the one file that is needed, read-only, or copy it into the image.",
    reference="CIS Docker Benchmark 5.6",
)
def system_path(service: Service, stack: Stack) -> Iterator[Problem]:
    """Find bind mounts of the host's system directories and of people's keys."""
    for mount in service.mounts:
        source = (mount.source or "").rstrip("/") or ("/" if mount.source else "")
        if mount.type != "bind" or not source or _SOCKETS.fullmatch(source):
            continue
        harmless = _HARMLESS.fullmatch(source) and mount.read_only
        if _SENSITIVE.fullmatch(source) and not harmless:
            yield f"has the host's {mount.source} mounted", mount.path


@service_rule(
    "--ii",
    "compose-auditor:VOL001",
    id="SLP066",
    title="Configuration is mounted read-only",
    reason="A service that can write its own configuration keeps what an intruder wrote, across every restart.",
    fix="Append `:ro`, or use the top-level `configs`.",
    reference=_REFERENCE,
)
def writable_configuration(service: Service, stack: Stack) -> Iterator[Problem]:
    """Find single files, and directories of configuration, that can be written to."""
    for mount in service.mounts:
        source = mount.source or ""
        if mount.type != "bind" or mount.read_only or not source.startswith((".", "/")) or _SOCKETS.fullmatch(source):
            continue
        configured = mount.target.startswith(("/etc/", "/docker-entrypoint-initdb.d"))
        if configured or re.search(r"\.(?:conf|cnf|ya?ml|toml|ini|json|sql|sh|template|cfg|xml|properties)$", source):
            yield f"may write to {source}", mount.path


@service_rule(
    "wwww",
    "compose-lint:CL-0017",
    id="SLP067",
    title="Mounts made inside a container stay there",
    reason="With shared propagation a container mounts over directories of the host.",
    fix="Leave `propagation` off, or use `rslave`.",
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
    title="Two datastores do not share one volume",
    reason="Two servers that write the same files destroy them; they do not know of each other's locks.",
    fix="Give each a volume of its own.",
    reference=_REFERENCE,
)
def shared_data(stack: Stack) -> Iterator[StackProblem]:
    """Find a volume that is the data path of two services, or of a service with two replicas."""
    owners: dict[str, str] = {}
    for service in stack.services.values():
        for mount in service.mounts:
            if not mount.source or not _holds(service, mount) or mount.read_only or stack.one_shot(service):
                continue
            if mount.source in owners and owners[mount.source] != service.name:
                yield service.name, f"writes to the same data as {owners[mount.source]!r}: {mount.source}", mount.path
            elif service.replicas > 1 and "${" not in mount.source:
                yield service.name, f"has {service.replicas} replicas on the same data: {mount.source}", mount.path
            owners.setdefault(mount.source, service.name)

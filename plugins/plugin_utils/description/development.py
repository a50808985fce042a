"""A service whose source is at hand, in a developer's checkout: built there, and told of every file that is saved.

Place in the pipeline: describe -> model -> compose, for a checkout only; what a server gets has none of it. Pure.
Compose's side of it: Compose Develop Specification, ``develop.watch``. Before 2.32 it watches no path below a bind
mount of the same service, not for a rebuild either; so single directories are mounted, never the whole context.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ansible_collections.slipway.stack.plugins.plugin_utils.description import overrides
from ansible_collections.slipway.stack.plugins.plugin_utils.description.schema import Field, read

if TYPE_CHECKING:
    from ansible_collections.slipway.stack.plugins.plugin_utils.description.model import Build, Service, Stack

FIELDS: dict[str, Field] = {
    "target": Field("str", "stage of the Dockerfile; that of `build` where not given"),
    "path": Field("str", "directory of the container that the build context is copied to", default="/app"),
    "mount": Field(
        "list", "directories of the context that it sees read-only as they are on disk, reloading by itself", default=[]
    ),
    "sync": Field(
        "str",
        "what a saved file of the context does where nothing is mounted: copied in, or copied in and restarted",
        default="none",
        choices=("none", "sync", "sync+restart"),
    ),
    "rebuild": Field(
        "list", "files of the context that build the image anew, lists of dependencies mostly", default=[]
    ),
    "ignore": Field("list", "what of the context is no source, in the notation of .dockerignore", default=[]),
    "dockerfile": Field(
        "str",
        "which Dockerfile the workspace writes into a context that has none",
        default="",
        choices=("", "python", "vite", "nextjs"),
    ),
    "tools": Field(
        "bool", "whether it sees /opt/slipway, which has serve.py, a quicker `uvicorn --reload`", default=False
    ),
    "debug": Field("port", "port in the container that a debugger listens on while DEBUGPY is set"),
    "volumes": Field("list", "named volumes over what it writes for itself, in Compose's short notation", default=[]),
    "compose": Field("dict", "further Compose keys", default={}),
}
#: As above before its expressions are evaluated, when only the names of the keys can be looked at.
UNEVALUATED = {name: Field("any", field.description) for name, field in FIELDS.items()}

#: What tools leave in a working copy, whatever the language.
_NO_SOURCE = ("**/.git", "**/.venv", "**/node_modules", "**/__pycache__", "**/.*_cache", "**/dist", "**/.next")
_FIRST_DEBUG_PORT = 5678
LOOPBACK = "127.0.0.1"
#: Where a container sees what the checkout brings for it.
TOOLS = "/opt/slipway"


@dataclass(frozen=True)
class Source:
    """A build context in a checkout: its path as a Compose file there writes it, and the names of what is in it."""

    path: str
    entries: frozenset[str]


@dataclass(frozen=True)
class Development:
    """How a service is developed; see :data:`FIELDS`. ``mount`` and ``rebuild`` name only what is there."""

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


def development(
    service: str, kinds: Mapping[str, Any], given: Mapping[str, Any], build: Build, source: Source
) -> Development:
    """Return how a service is developed.

    :param kinds: what its kind says under ``development``, its expressions evaluated.
    :param given: what the description says there; each key replaces the kind's.
    :raises ValueError: for a key that is none, or a directory to mount that the context does not have.
    """
    where = f"service {service!r}, key 'development'"
    own = read(given, FIELDS, where)
    values = read({**{key: value for key, value in kinds.items() if value is not None}, **given}, FIELDS, where)
    missing = [str(name) for name in own["mount"] if _top(name) not in source.entries]
    if missing:
        raise ValueError(f"{where}: key 'mount': {source.path} has no directory {missing[0]!r}")
    # A kind names what its services usually have; what a person names has been looked at above.
    mount = tuple(str(name) for name in values["mount"] if _top(name) in source.entries)
    return Development(
        source=source,
        target=values["target"] or build.target,
        path=values["path"].rstrip("/"),
        mount=mount,
        sync="none" if mount else values["sync"],
        # The Dockerfile may be about to be written.
        rebuild=tuple(
            str(name) for name in values["rebuild"] if _top(name) in source.entries or str(name) == build.dockerfile
        ),
        ignore=(*_NO_SOURCE, *map(str, values["ignore"])),
        dockerfile=values["dockerfile"],
        tools=values["tools"],
        debug=values["debug"],
        volumes=tuple(map(str, values["volumes"])),
        compose=overrides.check(service, "development.compose", values["compose"]),
    )


def _top(path: object) -> str:
    return str(path).removeprefix("./").split("/")[0]


def image(stack: Stack, service: Service) -> str:
    """Return what a service's image is called in the checkout, never as a registry calls it; twins share theirs."""
    first = next(one.name for one in stack.services.values() if one.development and one.image == service.image)
    return f"{stack.name}-{first}:{stack.environment}"


def debug_ports(stack: Stack) -> dict[str, int]:
    """Return the loopback port of each service's debugger by the service's name."""
    names = [service.name for service in stack.services.values() if service.development and service.development.debug]
    return {name: _FIRST_DEBUG_PORT + number for number, name in enumerate(names)}


def keys(stack: Stack, service: Service) -> dict[str, Any]:
    """Return the Compose keys of a service's overlay: how it is developed, and over that what is its overlay anyway."""
    form = service.development
    if form is None:
        return dict(service.overlay)
    result = overrides.lay_over(
        {**_built(stack, service), **_rights(form, service.user), **form.compose}, service.overlay
    )
    ports = list(service.overlay.get("ports") or [])
    if form.debug:
        ports.append(f"{LOOPBACK}:{debug_ports(stack)[service.name]}:{form.debug}")
    if ports:
        result["ports"] = ports
    tools = [f"{stack.home}/tools:{TOOLS}:ro"] if form.tools else []
    mounted = [*_mounts(form), *tools, *form.volumes, *(service.overlay.get("volumes") or [])]
    if mounted:
        result["volumes"] = mounted
    watched = _watched(form)
    if watched:
        result["develop"] = {"watch": watched}
    return result


def volumes(service: Service) -> tuple[str, ...]:
    """Return the volumes that a service has while it is developed, in Compose's short notation."""
    return service.development.volumes if service.development else ()


def job_keys(stack: Stack, service: Service) -> dict[str, Any]:
    """Return the Compose keys of the overlay of a service's release job, which every start runs to its end first."""
    assert service.development is not None
    result = {**_built(stack, service), "profiles": None}
    mounts = _mounts(service.development)
    return {**result, "volumes": mounts} if mounts else result


def _built(stack: Stack, service: Service) -> dict[str, Any]:
    form, build = service.development, service.build
    assert form is not None
    assert build is not None
    entry: dict[str, Any] = {"context": form.source.path, "dockerfile": build.dockerfile}
    if form.target:
        entry["target"] = form.target
    args = {name: value.replace("$", "$$") for name, value in build.args.items() if value is not None}
    if args:
        entry["args"] = args
    return {
        "image": image(stack, service),
        "build": entry,
        # At each start, from the cache where nothing changed: what was saved while nobody watched is in it too.
        "pull_policy": "build",
        "init": True,
        # Compilers and debuggers take what they need, and a developer's machine may have few processors.
        "deploy": {"resources": None},
    }


def _rights(form: Development, user: str | None) -> dict[str, Any]:
    if form.sync == "none":
        return {}
    # What is copied in has to be written somewhere. And the engine copies nothing in for a user written as UID:GID
    # (docker/compose#12569); the group of a uid alone is that of the image's own user.
    rights: dict[str, Any] = {"read_only": None}
    return {**rights, "user": user.split(":")[0]} if user else rights


def _mounts(form: Development) -> list[str]:
    return [f"{form.source.path}/{name}:{form.path}/{name}:ro".replace("$", "$$") for name in form.mount]


def _watched(form: Development) -> list[dict[str, Any]]:
    watched: list[dict[str, Any]] = [
        {"action": "rebuild", "path": f"{form.source.path}/{name}"} for name in form.rebuild
    ]
    if form.sync != "none":
        ignore = [*form.ignore, *form.rebuild]
        watched.append({"action": form.sync, "path": form.source.path, "target": form.path, "ignore": ignore})
    return watched

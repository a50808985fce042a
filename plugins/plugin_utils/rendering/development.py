"""The Compose keys of a service that is developed in a checkout: build, mounts, watched files, debugger.

Place in the pipeline: rendering, for a checkout only; a server gets none of these keys. Pure. Source: Compose Develop
Specification, ``develop.watch``. Before 2.32, Compose watches no path below a bind mount of the same service, not even
for a rebuild. So single directories are mounted, never the whole context.
"""

from __future__ import annotations

from typing import Any

from ansible_collections.slipway.stack.plugins.plugin_utils.description import overrides
from ansible_collections.slipway.stack.plugins.plugin_utils.description.model import Development, Service, Stack

LOOPBACK = "127.0.0.1"
#: The path in a container at which the tools of the checkout are mounted.
TOOLS = "/opt/slipway"
_FIRST_DEBUG_PORT = 5678


def image(stack: Stack, service: Service) -> str:
    """Return the name of a service's image in the checkout. It is not a name of a registry; services can share it."""
    first = next(other.name for other in stack.services.values() if other.development and other.image == service.image)
    return f"{stack.name}-{first}:{stack.environment}"


def debug_ports(stack: Stack) -> dict[str, int]:
    """Return the loopback port of each debugger, by service."""
    names = [service.name for service in stack.services.values() if service.development and service.development.debug]
    return {name: _FIRST_DEBUG_PORT + number for number, name in enumerate(names)}


def keys(stack: Stack, service: Service) -> dict[str, Any]:
    """Return the overlay of a service: its development keys, with the overlay of the description merged into them."""
    development = service.development
    if development is None:
        return dict(service.overlay)
    result = overrides.lay_over(
        {**_build_keys(stack, service), **_sync_keys(development, service.user), **development.compose}, service.overlay
    )
    ports = list(service.overlay.get("ports") or [])
    if development.debug:
        ports.append(f"{LOOPBACK}:{debug_ports(stack)[service.name]}:{development.debug}")
    if ports:
        result["ports"] = ports
    tools = [f"{stack.home}/tools:{TOOLS}:ro"] if development.tools else []
    mounted = [*_mounts(development), *tools, *development.volumes, *(service.overlay.get("volumes") or [])]
    if mounted:
        result["volumes"] = mounted
    watched = _watched(development)
    if watched:
        result["develop"] = {"watch": watched}
    return result


def volumes(service: Service) -> tuple[str, ...]:
    """Return the volumes that a service has only during development, in Compose's short notation."""
    return service.development.volumes if service.development else ()


def job_keys(stack: Stack, service: Service) -> dict[str, Any]:
    """Return the overlay of a service's release job, which runs before every start of the service."""
    result = {**_build_keys(stack, service), "profiles": None}
    mounts = _mounts(service.development) if service.development else []
    return {**result, "volumes": mounts} if mounts else result


def _build_keys(stack: Stack, service: Service) -> dict[str, Any]:
    development, build = service.development, service.build
    if development is None or build is None:
        raise AssertionError(f"service {service.name!r} is not developed, or has no build")
    entry: dict[str, Any] = {"context": development.source.path, "dockerfile": build.dockerfile}
    if development.target:
        entry["target"] = development.target
    args = {name: value.replace("$", "$$") for name, value in build.args.items() if value is not None}
    if args:
        entry["args"] = args
    return {
        "image": image(stack, service),
        "build": entry,
        # Build at each start, so that files saved in the meantime are included; unchanged layers come from the cache.
        "pull_policy": "build",
        "init": True,
        # Compilers and debuggers need more than the limits, and a developer's machine may have few processors.
        "deploy": {"resources": None},
    }


def _sync_keys(development: Development, user: str | None) -> dict[str, Any]:
    """Return the keys that let Compose copy files into the container."""
    if development.sync == "none":
        return {}
    # A read-only container cannot take files. And the engine copies no files in for a user written as UID:GID
    # (docker/compose#12569); the group of a uid alone is that of the image's own user.
    keys: dict[str, Any] = {"read_only": None}
    return {**keys, "user": user.split(":")[0]} if user else keys


def _mounts(development: Development) -> list[str]:
    source, target = development.source.path, development.path
    return [f"{source}/{name}:{target}/{name}:ro".replace("$", "$$") for name in development.mount]


def _watched(development: Development) -> list[dict[str, Any]]:
    watched: list[dict[str, Any]] = [
        {"action": "rebuild", "path": f"{development.source.path}/{name}"} for name in development.rebuild
    ]
    if development.sync != "none":
        ignore = [*development.ignore, *development.rebuild]
        entry = {"action": development.sync, "path": development.source.path, "target": development.path}
        watched.append({**entry, "ignore": ignore})
    return watched

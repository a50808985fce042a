"""The Compose keys of a service that is developed in a checkout: its build, mounts, what Compose watches, debugger.

Place in the pipeline: rendering, for a checkout only; a server gets none of it. Pure. Source: Compose Develop
Specification, ``develop.watch``. Before 2.32, Compose watches no path below a bind mount of the same service, not even
for a rebuild. So single directories are mounted, never the whole context.
"""

from __future__ import annotations

from typing import Any

from ansible_collections.slipway.stack.plugins.plugin_utils.description import overrides
from ansible_collections.slipway.stack.plugins.plugin_utils.description.model import Development, Service, Stack

LOOPBACK = "127.0.0.1"
#: The path in a container of the tools that the checkout has for it.
TOOLS = "/opt/slipway"
_FIRST_DEBUG_PORT = 5678


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
    result = {**_built(stack, service), "profiles": None}
    mounts = _mounts(_form(service))
    return {**result, "volumes": mounts} if mounts else result


def _built(stack: Stack, service: Service) -> dict[str, Any]:
    form, build = _form(service), service.build
    if build is None:
        raise AssertionError(f"service {service.name!r} is developed and has no build")
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


def _form(service: Service) -> Development:
    if service.development is None:
        raise AssertionError(f"service {service.name!r} is not developed")
    return service.development


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

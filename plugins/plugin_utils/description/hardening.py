"""The protections of a service of kind ``compose`` with the option ``hardening``: which Compose keys it gets.

Place in the pipeline: description; the rendering and the notes on a team's Compose files use it. Pure. What a service
says itself is kept, so that one key switches off one protection. Source: OWASP Docker Security Cheat Sheet, rules 3, 4
and 8.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ansible_collections.slipway.stack.plugins.plugin_utils.compose_reader import image_reference
from ansible_collections.slipway.stack.plugins.plugin_utils.policy import known_datastores

#: Processes and threads of a service that says nothing else.
PIDS = 512
_TEMPORARY = "/tmp"
#: What an image needs that starts as root, gives its data to a user of its own, and goes on as that user.
_CHANGES_USER = ("CHOWN", "DAC_OVERRIDE", "FOWNER", "SETGID", "SETUID")
#: Proxies that do the same; and one whose program has a capability of its own, without which it does not start.
_OF_PROXIES = {"nginx": _CHANGES_USER, "httpd": _CHANGES_USER, "caddy": ("NET_BIND_SERVICE",)}
#: Directories of known images, besides /tmp, that are not data and that they write to.
_WRITABLE = {
    **dict.fromkeys(known_datastores.POSTGRES, ("/run/postgresql",)),
    **dict.fromkeys(known_datastores.MYSQL, ("/run/mysqld",)),
    "nginx": ("/run", "/var/cache/nginx"),
    "httpd": ("/usr/local/apache2/logs",),
}
_NO_NEW_PRIVILEGES = "no-new-privileges"


def keys(image: str, user: object, own: Mapping[str, Any], mounted: Iterator[str]) -> dict[str, Any]:
    """Return the Compose keys that harden a service, with their whole values.

    :param image: its image reference. :param user: its user, by name or by number; nothing if the image decides.
    :param own: its Compose keys. One that is there counts, also without a value.
    :param mounted: the paths in the container at which something is mounted.
    """
    result: dict[str, Any] = {}
    reference = image_reference.parse(image)
    options = own.get("security_opt", [])
    if isinstance(options, list) and not any(str(one).startswith(_NO_NEW_PRIVILEGES) for one in options):
        result["security_opt"] = [*options, f"{_NO_NEW_PRIVILEGES}:true"]
    if "cap_drop" not in own and own.get("privileged") is not True:
        result["cap_drop"] = ["ALL"]
        added = own.get("cap_add", [])
        needed = _capabilities(reference, user) if isinstance(added, list) else ()
        has = {str(name).upper().removeprefix("CAP_") for name in added or ()}
        if set(needed) - has:
            result["cap_add"] = [*added, *(name for name in needed if name not in has)]
    if "read_only" not in own:
        result["read_only"] = True
        taken = {_real(path) for path in mounted}
        paths = [path for path in (_TEMPORARY, *_WRITABLE.get(reference.base, ())) if path not in taken]
        if paths:
            result["tmpfs"] = [*_tmpfs(own), *paths]
    limits = ((own.get("deploy") or {}).get("resources") or {}).get("limits") or {}
    if "pids_limit" not in own and "pids" not in limits:
        # Compose refuses a `pids_limit` next to limits of `deploy` without the same number.
        deploy = {"deploy": {"resources": {"limits": {"pids": PIDS}}}}
        result |= deploy if limits else {"pids_limit": PIDS}
    return result


def note(found: Mapping[str, Any], own: Mapping[str, Any]) -> str:
    """Return the result of :func:`keys` for a service with its *own* keys as one sentence for the plan."""
    words = []
    if "security_opt" in found:
        words.append("no-new-privileges")
    if "cap_drop" in found:
        added = [str(name) for name in found.get("cap_add") or own.get("cap_add") or ()]
        words.append(f"no capabilities but {', '.join(added)}" if added else "no capabilities")
    if "read_only" in found:
        words.append("a read-only root" + (f" with {', '.join(found['tmpfs'])} in memory" if "tmpfs" in found else ""))
    if "pids_limit" in found or "deploy" in found:
        words.append(f"{PIDS} processes at most")
    return f"is hardened: {'; '.join(words)}" if words else "is hardened by its own keys"


def mounted_paths(volumes: object, own: Mapping[str, Any], *further: str) -> Iterator[str]:
    """Yield the paths in the container at which a service has a volume or a tmpfs, and those of *further*.

    :param volumes: its volumes in either notation.
    """
    yield from further
    for volume in volumes if isinstance(volumes, (list, tuple)) else ():
        if isinstance(volume, Mapping):
            yield str(volume.get("target") or "")
        else:
            parts = str(volume).split(":")
            yield parts[1] if len(parts) > 1 else parts[0]
    for entry in _tmpfs(own):
        yield entry.partition(":")[0]


def _tmpfs(own: Mapping[str, Any]) -> list[str]:
    value = own.get("tmpfs") or []
    return [str(entry) for entry in (value if isinstance(value, list) else [value])]


def _real(path: str) -> str:
    """Return a path without a slash at its end, and below /run, to which /var/run is a link in every image."""
    path = path.rstrip("/") or "/"
    return path.removeprefix("/var") if path == "/var/run" or path.startswith("/var/run/") else path


def _capabilities(image: image_reference.Image, user: object) -> tuple[str, ...]:
    if image.base in _OF_PROXIES:
        needed = _OF_PROXIES[image.base]
        return needed if needed != _CHANGES_USER or _is_root(user) else ()
    datastore = known_datastores.name_of(image)
    changes = bool(datastore) and datastore not in known_datastores.RUN_AS_ROOT
    return _CHANGES_USER if changes and _is_root(user) else ()


def _is_root(user: object) -> bool:
    """Return whether a container starts as root, as the images of :data:`_CHANGES_USER` do on their own."""
    return str(user or "root").partition(":")[0] in ("root", "0")

"""Where the data of a Postgres is, and which version of it the image reads: for any service that runs one.

Place in the pipeline: description, for the manifest. Pure. A kind may say the same with ``data_version``.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Mapping
from typing import Any

from ansible_collections.slipway.stack.plugins.plugin_utils.compose_reader import image_reference
from ansible_collections.slipway.stack.plugins.plugin_utils.description import versions
from ansible_collections.slipway.stack.plugins.plugin_utils.description.model import Service
from ansible_collections.slipway.stack.plugins.plugin_utils.policy import known_datastores, postgres_tags

_FILE = "PG_VERSION"
#: From this version on, the images keep the data in a directory with the name of the version.
_OWN_DIRECTORY = 18
#: Where data of another version may be in the same volume.
_OTHER_FILES = (_FILE, f"data/{_FILE}", f"*/docker/{_FILE}")


def data_version(
    service: Service, image: str, mounts: Iterable[Any], environment: Mapping[str, Any]
) -> Mapping[str, Any] | None:
    """Return ``is``, ``volume`` and ``files`` as a kind's ``data_version`` has them; ``None`` if no version is known.

    :param image: the reference that the service runs. :param mounts: its volumes in Compose's short or long notation.
    :param environment: its variables. ``PGDATA`` is where the data is.
    :raises ValueError: if the image is of another version than the service says.
    """
    found = postgres_tags.major_of_image(image)
    declared = service.data_version
    if declared:
        of_image = found or versions.number_of_image(image)
        if of_image and not versions.is_part_of(declared["is"], of_image) and service.build is None:
            raise ValueError(
                f"service {service.name!r}: key 'version': {declared['is']!r}, but the image {image} is of version "
                f"{of_image}; remove the key, or write the same version"
            )
        return declared
    if not found or service.service_class == "oneshot":
        return None
    path = posixpath.normpath(str(environment.get("PGDATA") or _usual_path(image, found)))
    place = _place(mounts, path)
    if place is None:
        return None
    files = list(dict.fromkeys([posixpath.join(place[1], _FILE), *_OTHER_FILES]))
    return {"is": found, "volume": place[0], "files": files}


def unknown_version(image: str) -> bool:
    """Return whether *image* is a Postgres of which nobody knows the version of its data."""
    base = image_reference.parse(image).base
    return base in known_datastores.POSTGRES and not postgres_tags.major_of_image(image)


def _usual_path(image: str, major: str) -> str:
    if image_reference.parse(image).base == "timescaledb-ha":
        return "/home/postgres/pgdata/data"
    return f"/var/lib/postgresql/{major}/docker" if float(major) >= _OWN_DIRECTORY else "/var/lib/postgresql/data"


def _place(mounts: Iterable[Any], path: str) -> tuple[str, str] | None:
    """Return the source of the mount that *path* is in, and the rest of the path; ``None`` without a named source."""
    found, longest = None, ""
    for mount in mounts:
        if isinstance(mount, Mapping):
            source, target = str(mount.get("source") or ""), str(mount.get("target") or "")
            inside = str((mount.get("volume") or {}).get("subpath") or "")
        else:
            source, separator, rest = str(mount).partition(":")
            target, inside = rest.partition(":")[0] if separator else "", ""
        target = posixpath.normpath(target or "/nowhere")
        below = path[len(target) :].lstrip("/")
        if (
            source
            and (path == target or path.startswith(f"{target}/"))
            and (found is None or len(target) > len(longest))
        ):
            found, longest = (source, posixpath.join(inside, below) if below else inside), target
    return found

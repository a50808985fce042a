"""Paths of data on the host: never inside the directory of a release, which is deleted with the release.

Place in the pipeline: description, before rendering. Pure. In a developer's checkout such a path is part of the
checkout.
"""

from __future__ import annotations

from collections.abc import Mapping

from ansible_collections.slipway.stack.plugins.plugin_utils.description.model import Stack


def check(stack: Stack) -> None:
    """Check the mounts of every service. Those of a team's own Compose files were checked before.

    :raises ValueError: for a source on the host that is not an absolute path.
    """
    for service in stack.services.values():
        if service.kind.plain:
            continue
        for key, volumes in (
            ("volumes", service.volumes),
            ("compose.volumes", service.compose.get("volumes")),
            (f"environments.{stack.environment}.volumes", service.overlay.get("volumes")),
        ):
            for volume in volumes or ():
                if _source(volume).startswith((".", "~")):
                    raise ValueError(
                        f"service {service.name!r}: key {key!r}: {_source(volume)!r} would be in the directory of one "
                        f"release: empty in the next release, and deleted with this one; use a named volume, such as "
                        f"{service.name}-data, or an absolute path, or mount a file of the repository with 'files' "
                        f"and 'src'"
                    )


def _source(volume: object) -> str:
    if isinstance(volume, Mapping):
        return str(volume.get("source") or "")
    source, separator, _target = str(volume).partition(":")
    return source if separator else ""

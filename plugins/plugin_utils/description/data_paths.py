"""Where services put their data on the host: never into a release's own directory, which goes with the release.

Place in the pipeline: compose -> bundle. Pure. In a developer's checkout such a path is the checkout's, and stays.
"""

from __future__ import annotations

from collections.abc import Mapping

from ansible_collections.slipway.stack.plugins.plugin_utils.description.model import Stack


def check(stack: Stack) -> None:
    """Look at what every service mounts. The services of a team's own Compose files have been asked about already.

    :raises ValueError: for a source on the host that is not absolute.
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
                        f"release, empty in the next and deleted in the end; name a volume, such as "
                        f"{service.name}-data, or an absolute path, or mount what is in the repository by 'files' "
                        f"with its 'src'"
                    )


def _source(volume: object) -> str:
    if isinstance(volume, Mapping):
        return str(volume.get("source") or "")
    source, separator, _ = str(volume).partition(":")
    return source if separator else ""

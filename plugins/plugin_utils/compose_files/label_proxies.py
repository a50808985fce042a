"""Services that a team's Traefik finds by their labels: it learns late which container is leaving.

Place in the pipeline: compose_files, for the notes of the plan. Pure. Such a Traefik sends requests to a container
until the engine says that the container has stopped. A container that ends its work on a signal refuses them before.
"""

from __future__ import annotations

import re
from collections.abc import Collection

from ansible_collections.slipway.stack.plugins.plugin_utils.compose_files.locations import mapping
from ansible_collections.slipway.stack.plugins.plugin_utils.compose_files.reading import Project
from ansible_collections.slipway.stack.plugins.plugin_utils.compose_reader.scalars import scalar_text
from ansible_collections.slipway.stack.plugins.plugin_utils.compose_reader.source_positions import mark_of
from ansible_collections.slipway.stack.plugins.plugin_utils.policy.stack import Service

_ROUTED = re.compile(r"traefik\.(?:http|tcp|udp)\..+", re.IGNORECASE)
_ENABLED = "traefik.enable"


def traefik_note(project: Project, name: str, replaced: Collection[str]) -> str | None:
    """Return the note for a service that rolls and that a Traefik finds by its labels; ``None`` if none does.

    :param replaced: services of the files that the inventory replaces or leaves out.
    """
    service = project.stack.services[name]
    label = _label(service)
    owner = label and _owner(project, service, replaced)
    # A team with both has a way to say that a container leaves.
    if not owner or (service.items("pre_stop") and service.mapping("healthcheck").get("test")):
        return None
    keys = project.document.services[name]
    position = project.problems().position(mark_of(service.labels, label) or mark_of(keys, "labels"))
    return (
        f"is served by {owner} by its labels ({position}label {label}), which sends requests to a container until it "
        "has stopped: some fail when the service is replaced. Put an edge between them, or let it leave first "
        "(docs/compose_files.md#a-traefik-that-finds-services-by-labels)"
    )


def _label(service: Service) -> str | None:
    """Return the label by which a Traefik finds a service, ``None`` if there is none."""
    labels = {str(key).lower(): key for key in service.labels}
    enabled = scalar_text(service.labels.get(labels.get(_ENABLED, ""), "")).lower()
    if enabled in ("false", "0", "f"):
        return None
    return next((key for key in service.labels if _ROUTED.fullmatch(str(key))), labels.get(_ENABLED))


def _owner(project: Project, service: Service, replaced: Collection[str]) -> str | None:
    """Return how a sentence names the Traefik that serves a service, ``None`` if there is none."""
    others = (other for other in project.stack.services.values() if other.base == "traefik")
    own = next((other.name for other in others if other.name not in (service.name, *replaced)), None)
    if own:
        return f"the Traefik of service {own!r}"
    networks = mapping(project.document.top.get("networks"))
    for network in service.mapping("networks"):
        if mapping(networks.get(network)).get("external"):
            return f"a Traefik on the network {network!r}"
    return None

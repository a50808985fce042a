"""Optional dependencies, ``required: false``, on services of which no profile is active: Compose ignores them.

Place in the pipeline: compose_files, in the checks and at the start of the translation. Pure. ``references`` checks all
other dependencies.
"""

from __future__ import annotations

from ansible_collections.slipway.stack.plugins.plugin_utils.compose_files.locations import (
    Problems,
    mapping,
    service_key,
)
from ansible_collections.slipway.stack.plugins.plugin_utils.compose_files.reading import Project
from ansible_collections.slipway.stack.plugins.plugin_utils.description.schema import suggestion
from ansible_collections.slipway.stack.plugins.plugin_utils.policy.source_positions import Map, mark_of


def check(project: Project, problems: Problems, name: str, service: Map) -> None:
    """Add each optional dependency on a service that the files do not have to *problems*: Compose refuses it."""
    services = [*project.document.services, *project.dropped]
    needs = mapping(service.get("depends_on"))
    for other in _optional(service):
        if other not in services:
            message = f"there is no service {other!r}{suggestion(other, [one for one in services if one != name])}"
            problems.add(
                mark_of(needs, other) or mark_of(service, "depends_on"), service_key(name, "depends_on"), message
            )


def without_inactive(project: Project, service: Map, notes: list[str]) -> Map:
    """Return a service without its optional dependencies on services of which no profile is active.

    :param notes: gets a note for each of them.
    """
    ignored = [other for other in _optional(service) if other in project.dropped]
    if not ignored:
        return service
    needs = mapping(service["depends_on"])
    kept = Map({other: need for other, need in needs.items() if other not in ignored}, needs.marks)
    notes.extend(f"does not wait for {other}, which has no active profile: 'depends_on.{other}'" for other in ignored)
    return Map({**service, "depends_on": kept}, service.marks)


def _optional(service: Map) -> list[str]:
    needs = mapping(service.get("depends_on"))
    return [other for other, need in needs.items() if mapping(need).get("required") is False]

"""The door of the edge: the file of its configuration that says to whom it is closed, from the record on the host.

Place in the pipeline: target, under ``configuration``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.slipway.stack.plugins.module_utils.edge.endpoint import EdgeError, edge_of
from ansible_collections.slipway.stack.plugins.module_utils.edge.proxies import proxy
from ansible_collections.slipway.stack.plugins.module_utils.state import drain, maintenance
from ansible_collections.slipway.stack.plugins.module_utils.state.foreign_file import text_or_none
from ansible_collections.slipway.stack.plugins.module_utils.state.layout import Home


def files(home: Home, manifest: Mapping[str, Any]) -> dict[str, str]:
    """Return the file that says to whom the edge is closed. :raises EdgeError: if the release cannot be closed."""
    found, drained = maintenance.read(home), drain.read(home)
    if found.problem or drained.problem:
        raise EdgeError(found.problem or drained.problem)
    if not can_be_closed(manifest):
        if found.value is not None:
            raise EdgeError(
                f"release {manifest['release']} is of a version of this collection before maintenance, so it would "
                "open the edge; end the maintenance first: playbooks/maintenance.yml -e maintenance=off"
            )
        return {}
    balancers = manifest["services"][str(edge_of(manifest))]["balancers"]
    return proxy(manifest).door(balancers, found.value, drained.value is not None)


def can_be_closed(manifest: Mapping[str, Any]) -> bool:
    """Return whether the edge of a release can be closed for maintenance."""
    return "balancers" in manifest["services"][str(edge_of(manifest))]


def is_current(home: Home, manifest: Mapping[str, Any]) -> bool:
    """Return whether the live configuration is open or closed as the host has it on record.

    With a damaged record it is not: the status names the file.
    """
    live = home.edge / "current"
    try:
        return all(text_or_none(live, path) == text for path, text in files(home, manifest).items())
    except EdgeError:
        return False

"""The rules, in groups of what they look at. Importing this registers them all, in the order of their ids."""

from __future__ import annotations

from . import (
    datastores,
    dependencies,
    development,
    health,
    images,
    networks,
    notation_traps,
    parity,
    ports,
    privileges,
    resources,
    secrets,
    shutdown,
    volumes,
)

GROUPS = (
    health,
    dependencies,
    resources,
    images,
    secrets,
    volumes,
    networks,
    ports,
    privileges,
    development,
    shutdown,
    datastores,
    notation_traps,
    parity,
)

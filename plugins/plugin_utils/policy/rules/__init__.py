"""The rules, one module for each group. Importing this package registers all rules, in the order of their ids."""

from __future__ import annotations

from ..rule_registry import RULES
from . import (
    datastores,
    dependencies,
    development,
    health,
    images,
    networks,
    parity,
    placeholders,
    ports,
    privileges,
    resources,
    secrets,
    shutdown,
    syntax,
    volumes,
)

#: The order of the groups in docs/policy.md.
GROUPS = (
    health,
    dependencies,
    resources,
    images,
    secrets,
    placeholders,
    volumes,
    networks,
    ports,
    privileges,
    development,
    shutdown,
    datastores,
    syntax,
    parity,
)

# Each module registers its own rules, so the order so far is that of the imports.
for _rule in sorted(RULES.values(), key=lambda rule: rule.id):
    RULES[_rule.id] = RULES.pop(_rule.id)

"""The option that allows data services to be down."""

from __future__ import annotations


class ModuleDocFragment:
    """Documentation fragment ``slipway.stack.downtime``."""

    DOCUMENTATION = r"""
options:
  allow_downtime:
    description:
      - Names of data services that may be down while they are replaced.
      - A change to any other data service is refused. Its image stays at the digest that it has.
    type: list
    elements: str
    default: []
"""

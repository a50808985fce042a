"""Options for a stack's secrets and for the requests that prove a release."""

from __future__ import annotations


class ModuleDocFragment:
    """Documentation fragment ``slipway.stack.secrets``."""

    DOCUMENTATION = r"""
options:
  secrets:
    description:
      - The secrets by name.
      - "The value of a secret is a text, or C({generate: LENGTH}). A secret with C(generate) is made once and kept."
    type: dict
    default: {}
"""

    PROBES = r"""
options:
  probes:
    description:
      - Requests that M(slipway.stack.verify) makes. If this is empty, it makes one for each route of the edge.
    type: list
    elements: dict
    default: []
"""

"""Options that describe a stack without its secrets, for the modules that look at its images only."""

from __future__ import annotations


class ModuleDocFragment:
    """Documentation fragment ``slipway.stack.services``."""

    DOCUMENTATION = r"""
options:
  environment:
    description: Name of the environment, which chooses the overlay.
    type: str
    required: true
  domain:
    description: Name that the public reaches the stack by; any where empty.
    type: str
    default: ""
  services:
    description: The services by name. Their keys are in C(docs/services.md).
    type: dict
    required: true
  kinds_paths:
    description: Directories on the controller with further kinds; a kind there replaces a shipped one of its name.
    type: list
    elements: path
    default: []
"""

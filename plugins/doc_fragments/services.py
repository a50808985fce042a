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
    default: {}
  compose_files:
    description: Compose files of your own, in their order, relative to the inventory; see C(docs/compose_files.md).
    type: list
    elements: str
    default: []
  compose_profiles:
    description: Profiles of these files that are active; those that C(COMPOSE_PROFILES) in their C(.env) names where
      empty.
    type: list
    elements: str
    default: []
  compose_variables:
    description: Variables of these files, before those in their C(.env).
    type: dict
    default: {}
  compose_host_paths:
    description: Paths of the server that services of these files may mount, as the files write them.
    type: list
    elements: str
    default: []
  kinds_paths:
    description: Directories on the controller with further kinds; a kind there replaces a shipped one of its name.
    type: list
    elements: path
    default: []
"""

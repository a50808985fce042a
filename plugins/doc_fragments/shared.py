"""Options for what a stack's services share: networks and volumes."""

from __future__ import annotations


class ModuleDocFragment:
    """Documentation fragment ``slipway.stack.shared``."""

    DOCUMENTATION = r"""
options:
  networks:
    description:
      - Settings of networks that services share, by name of the network. The keys are those of Compose.
      - They take precedence over the settings in your own Compose files.
    type: dict
    default: {}
  volumes:
    description:
      - Settings of volumes, by name of the volume. The keys are those of Compose.
      - They take precedence over the settings in your own Compose files.
    type: dict
    default: {}
"""

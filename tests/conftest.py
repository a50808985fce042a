"""Make `ansible_collections.slipway.stack` importable in the same way as Ansible does."""

from __future__ import annotations

from pathlib import Path

from ansible.plugins.loader import init_plugin_loader

init_plugin_loader([str(Path(__file__).resolve().parent.parent / ".collections")])

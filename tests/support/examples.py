"""The example stacks in each of their environments, as releases."""

from __future__ import annotations

import functools

from ansible_collections.slipway.stack.plugins.plugin_utils.rendering.bundle import Bundle

from tests.support import inventories

FOLDER = inventories.ROOT / "examples/stacks"
ENVIRONMENTS = ["development", "test", "staging", "production"]
STACKS = sorted({path.parents[1].name for path in FOLDER.glob("*/*/hosts.yml")})
#: Variables that a user gives with -e, and those of a vault.
VERSION = {"app_version": "1.4.2", "vault_telegram_token": "1:token"}


@functools.cache
def release(stack: str, environment: str) -> Bundle:
    """Return the release of an example stack in an environment."""
    return inventories.parcel(FOLDER / stack / environment, VERSION)

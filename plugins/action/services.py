# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Report which services a host has; documented in ``plugins/modules/services.py``."""

from __future__ import annotations

from ansible_collections.slipway.stack.plugins.plugin_utils.controller.module_call import OneCall


class ActionModule(OneCall):
    """``slipway.stack.services``."""

    MODULE = "slipway.stack.services"

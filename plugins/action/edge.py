# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Keep the edge's live configuration true; documented in ``plugins/modules/edge.py``."""

from __future__ import annotations

from ansible_collections.slipway.stack.plugins.plugin_utils.controller.module_call import OneCall


class ActionModule(OneCall):
    """``slipway.stack.edge``."""

    MODULE = "slipway.stack.edge"

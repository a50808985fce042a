# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Give a stack the data of a masked snapshot and show the steps; documented in ``plugins/modules/refresh.py``."""

from __future__ import annotations

from ansible_collections.slipway.stack.plugins.plugin_utils.controller.followed_work import FollowedAction


class ActionModule(FollowedAction):
    """``slipway.stack.refresh``."""

    module = "refresh"

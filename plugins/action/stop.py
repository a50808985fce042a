# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Stop a stack, or start it, and show the steps; documented in ``plugins/modules/stop.py``."""

from __future__ import annotations

from ansible_collections.slipway.stack.plugins.plugin_utils.controller.followed_work import FollowedAction


class ActionModule(FollowedAction):
    """``slipway.stack.stop``."""

    module = "stop"
    first_only = ("closed",)

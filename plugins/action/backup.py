# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Save, check or restore the data of a stack and show the steps; documented in ``plugins/modules/backup.py``."""

from __future__ import annotations

from ansible_collections.slipway.stack.plugins.plugin_utils.controller.followed_work import FollowedAction


class ActionModule(FollowedAction):
    """``slipway.stack.backup``."""

    module = "backup"

#!/usr/bin/python
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Save, check and restore the data of a stack: an adapter over ``module_utils/backup/work.py``."""

from __future__ import annotations

DOCUMENTATION = r"""
module: backup
short_description: Save, check and restore the data of a stack
version_added: 0.3.0
description:
  - Saves the data of the services of the live release as their kinds say, or restores what was saved.
  - The work is a process of its own on the host. It goes on if the connection is lost.
  - A restore loads the data next to what is there, compares it with the record of the backup, and swaps it while the
    containers that use it are stopped. If anything fails, the stack has the data that it had before.
extends_documentation_fragment:
  - slipway.stack.stack
  - slipway.stack.stack.host
  - slipway.stack.followed
  - slipway.stack.attributes
  - slipway.stack.attributes.action
  - slipway.stack.attributes.action_group
options:
  verb:
    description:
      - V(take) saves the data.
      - V(drill) restores a backup into throwaway copies of the services without a network, and compares them.
      - V(restore) saves what is there, and restores a backup in place. What was there is kept until the next restore.
      - V(revert) gives the stack the data back that it had before the last restore.
    type: str
    choices: [take, drill, restore, revert]
    default: take
  backup:
    description: Id of the backup for O(verb=drill) and O(verb=restore). Empty for the newest.
    type: str
    default: ""
  only:
    description: Services of a restore or a drill. Empty for all services of the backup.
    type: list
    elements: str
    default: []
  suffix:
    description:
      - With O(verb=restore), load the databases of the backup under another name, the old one with C(_) and this
        suffix, and change nothing else. A person removes them.
    type: str
    default: ""
  of_release:
    description:
      - With O(verb=drill), the id of the release whose services are copied, such as one that was uploaded and has
        another version of a database. Empty for the live one.
    type: str
    default: ""
  moment:
    description:
      - With O(verb=restore), restore the services that are saved continuously to what they had at this time, such as
        V(2026-11-26 08:15:00+00). The time zone is required.
      - Services that are not saved continuously keep their data.
    type: str
    default: ""
  keep:
    description: Number of backups to keep on the host.
    type: int
    default: 7
  continuous_days:
    description: Days for which a service that is saved continuously can be restored to any second.
    type: int
    default: 7
  continuous_full_every:
    description: How many base backups there are for each full one. The others save what has changed.
    type: int
    default: 7
attributes:
  check_mode:
    support: full
  diff_mode:
    support: none
seealso:
  - module: slipway.stack.status
"""

EXAMPLES = r"""
- name: Save the data
  slipway.stack.backup:
    name: shop

- name: Restore the newest backup into copies, and compare them
  slipway.stack.backup:
    name: shop
    verb: drill
"""

RETURN = r"""
records:
  description: The steps, as in the journal on the host.
  type: list
  elements: dict
  returned: success
"""

import re
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.slipway.stack.plugins.module_utils.backup import work
from ansible_collections.slipway.stack.plugins.module_utils.backup.settings import Settings
from ansible_collections.slipway.stack.plugins.module_utils.rollout import module_work
from ansible_collections.slipway.stack.plugins.module_utils.rollout.following import follow
from ansible_collections.slipway.stack.plugins.module_utils.state.layout import Home

_SUFFIX = re.compile(r"[a-z0-9_]{0,20}")


def _begin(home: Home, params: dict[str, Any]) -> tuple[str, int]:
    """Start the work in a detached process, and return its name and where its records start in the journal."""
    wanted = work.Work(
        verb=params["verb"],
        owner=params["owner"],
        backup=params["backup"],
        services=tuple(params["only"]),
        suffix=params["suffix"],
        release=params["of_release"],
        moment=params["moment"],
        settings=Settings(
            keep=params["keep"],
            archive_timeout=float(params["archive_timeout"]),
            continuous_days=params["continuous_days"],
            continuous_full_every=params["continuous_full_every"],
        ),
    )
    return module_work.start(home, work.begin(home, wanted))


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec={
            "name": {"type": "str"},
            "root": {"type": "path", "default": "/opt/stacks"},
            "verb": {"type": "str", "choices": list(work.VERBS), "default": "take"},
            "backup": {"type": "str", "default": ""},
            "only": {"type": "list", "elements": "str", "default": []},
            "suffix": {"type": "str", "default": ""},
            "of_release": {"type": "str", "default": ""},
            "moment": {"type": "str", "default": ""},
            "keep": {"type": "int", "default": 7},
            "continuous_days": {"type": "int", "default": 7},
            "continuous_full_every": {"type": "int", "default": 7},
            **module_work.OPTIONS,
        },
        supports_check_mode=True,
    )
    params = module.params
    home = Home(f"{params['root']}/{params['name']}")
    name, offset = params["release"], params["offset"]
    if module.check_mode:
        module.exit_json(changed=params["verb"] != "drill", records=[])
    if not _SUFFIX.fullmatch(params["suffix"]):
        wrong = f"suffix {params['suffix']!r} must consist of at most 20 letters a to z, digits and _"
        module.fail_json(msg=f"stack '{params['name']}': {wrong}")
    with module_work.failures_answered(module, "nothing was started"):
        if offset is None:
            name, offset = _begin(home, params)
        lease = home.backup_lease if params["verb"] == "drill" else home.lease
        records, offset = follow(home, name, offset, home.backup_journal, lease)
    module.exit_json(changed=params["verb"] != "drill", records=records, offset=offset, release=name)


if __name__ == "__main__":
    main()

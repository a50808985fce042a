#!/usr/bin/python
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Give a stack the data of a masked snapshot: an adapter over ``module_utils/refresh/work.py``."""

from __future__ import annotations

DOCUMENTATION = r"""
module: refresh
short_description: Give a stack the data of a masked snapshot
version_added: 0.3.0
description:
  - Loads a masked snapshot into a new database next to the live one, checks it, and swaps both while the application is
    stopped. The release jobs of the live release run on the new data.
  - A stack is never refreshed if a release of the environment C(production) is on the host, or if it is the source.
  - The work is a process of its own on the host. It goes on if the connection is lost. If anything fails, the stack has
    the data that it had before.
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
      - V(load) loads a snapshot.
      - V(revert) gives the stack the data back that it had before the last refresh.
      - V(check) changes nothing, and fails if the stack cannot be refreshed. V(load) checks the same.
      - V(prepare) checks the same, and makes an empty file on the host that the snapshot is uploaded to.
    type: str
    choices: [load, revert, check, prepare]
    default: load
  snapshot:
    description: File of the snapshot on the host. Required for O(verb=load).
    type: path
  service:
    description: Postgres service whose database is replaced.
    type: str
    default: db
  own:
    description:
      - Rows of this stack that survive, as a condition in SQL by table.
      - They replace rows of the snapshot that match the condition or have one of their unique values.
    type: dict
    default: {}
  after:
    description: Statements of SQL that run on the loaded data, such as those that remove tokens and queued mails.
    type: list
    elements: str
    default: []
  empty:
    description: Redis services that are emptied.
    type: list
    elements: str
    default: []
attributes:
  check_mode:
    support: full
  diff_mode:
    support: none
seealso:
  - module: slipway.stack.backup
"""

EXAMPLES = r"""
- name: Load a snapshot
  slipway.stack.refresh:
    name: shop
    snapshot: /opt/stacks/shop/snapshots/20261127T120000Z.tar
    own:
      public.settings: key LIKE 'smtp%'
    after:
      - DELETE FROM public.webhooks
"""

RETURN = r"""
records:
  description: The steps, as in the journal on the host.
  type: list
  elements: dict
  returned: for O(verb=load) and O(verb=revert)
upload:
  description: The file that the snapshot is uploaded to. Only root may read it.
  type: str
  returned: for O(verb=prepare)
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.slipway.stack.plugins.module_utils.refresh import destination, loading, work
from ansible_collections.slipway.stack.plugins.module_utils.refresh.settings import Settings
from ansible_collections.slipway.stack.plugins.module_utils.rollout import module_work, release_jobs
from ansible_collections.slipway.stack.plugins.module_utils.rollout.following import follow
from ansible_collections.slipway.stack.plugins.module_utils.state.journal import Journal
from ansible_collections.slipway.stack.plugins.module_utils.state.layout import Home
from ansible_collections.slipway.stack.plugins.module_utils.state.transaction import RolloutOptions

#: What the module does itself. The rest is a process of its own.
_AT_ONCE = ("check", "prepare")


def _begin(home: Home, params: dict[str, Any]) -> tuple[str, int]:
    """Start the work in a detached process, and return its name and where its records start in the journal."""
    settings = Settings(
        service=params["service"],
        own={str(table): str(condition) for table, condition in params["own"].items()},
        after=tuple(params["after"]),
        empty=tuple(params["empty"]),
        timeout=float(params["archive_timeout"]),
    )

    def jobs(manifest: Mapping[str, Any], journal: Journal) -> None:
        release = manifest["release"]
        options = RolloutOptions(release, 1, params["owner"])
        release_jobs.run_jobs(manifest["services"], lambda _name: True, str(home.release(release)), journal, options)

    wanted = work.Work(params["verb"], params["owner"], Path(params["snapshot"] or ""), settings)
    return module_work.start(home, work.begin(home, wanted, jobs))


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec={
            "name": {"type": "str"},
            "root": {"type": "path", "default": "/opt/stacks"},
            "verb": {"type": "str", "choices": [*work.VERBS, *_AT_ONCE], "default": "load"},
            "snapshot": {"type": "path"},
            "service": {"type": "str", "default": "db"},
            "own": {"type": "dict", "default": {}},
            "after": {"type": "list", "elements": "str", "default": []},
            "empty": {"type": "list", "elements": "str", "default": []},
            **module_work.OPTIONS,
        },
        required_if=[("verb", "load", ["snapshot"])],
        supports_check_mode=True,
    )
    params = module.params
    home = Home(f"{params['root']}/{params['name']}")
    name, offset = params["release"], params["offset"]
    if module.check_mode and params["verb"] != "check":
        module.exit_json(changed=True, records=[])
    with module_work.failures_answered(module, "nothing was started"):
        if params["verb"] in _AT_ONCE:
            loading.live_database(destination.live(home), params["service"], params["archive_timeout"])
            made = {"upload": str(work.new_upload(home))} if params["verb"] == "prepare" else {}
            module.exit_json(changed=bool(made), **made)
        if offset is None:
            name, offset = _begin(home, params)
        records, offset = follow(home, name, offset, home.backup_journal, home.lease)
    module.exit_json(changed=True, records=records, offset=offset, release=name)


if __name__ == "__main__":
    main()

#!/usr/bin/python
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Make a masked snapshot of a stack's data: an adapter over ``module_utils/refresh/making_work.py``."""

from __future__ import annotations

DOCUMENTATION = r"""
module: masked_snapshot
short_description: Make a masked snapshot of the data of a stack
version_added: 0.3.0
description:
  - Restores the newest backup of a Postgres service into a copy without network, and reads it masked, as rules say.
  - A column that no rule classifies stops the work and is named. So does what looks like personal data, and each secret
    of the stack.
  - The work is a process of its own on the host. It goes on if the connection is lost. Nothing of the stack is touched.
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
      - V(make) makes a snapshot.
      - V(schema) returns the tables and columns of the live database, for a proposal of rules. No row is read.
      - V(hand_over) copies a snapshot for the user of the connection. Only for the action plugin.
    type: str
    choices: [make, schema, hand_over]
    default: make
  rules_file:
    description: The rules by table and column, a file on the controller. Required for O(verb=make).
    type: path
  locale:
    description: Language and country of the names and addresses that the library Faker makes on the controller.
    type: str
    default: en_US
  proposal:
    description: New file on the controller for O(verb=schema) that gets a first set of rules, to be reviewed.
    type: path
  rules:
    description: The rules as the host reads them. Only for the action plugin.
    type: dict
  lookups:
    description: Lists of names, places and words that masked values are made of. Only for the action plugin.
    type: dict
  key:
    description:
      - Key of the masks, at least 32 characters. With the same key a value is masked in the same way in each snapshot.
      - Empty for a key that is made for this snapshot and forgotten.
    type: str
    default: ""
  service:
    description: Postgres service whose database is read.
    type: str
    default: db
  database:
    description: Its database. Empty for the one that the service is made for.
    type: str
    default: ""
  backup:
    description: Id of the backup. Empty for the newest.
    type: str
    default: ""
  keep:
    description: Number of snapshots to keep on the host.
    type: int
    default: 1
  dest:
    description:
      - Directory on the controller that the snapshot is downloaded to, with a name such as
        C(shop-20261127T120000Z.tar). Without it, nothing leaves the host.
    type: path
  folder:
    description: Directory for O(verb=hand_over). Only for the action plugin.
    type: path
  host:
    description: Name of the host in the inventory, for the manifest of the snapshot. Only for the action plugin.
    type: str
    default: ""
attributes:
  check_mode:
    support: full
  diff_mode:
    support: none
seealso:
  - module: slipway.stack.backup
  - module: slipway.stack.refresh
"""

EXAMPLES = r"""
- name: Make a masked snapshot and download it
  slipway.stack.masked_snapshot:
    name: shop
    rules_file: refresh.yml
    dest: /srv/snapshots

- name: Write a first rules file
  slipway.stack.masked_snapshot:
    name: shop
    verb: schema
    proposal: refresh.yml
"""

RETURN = r"""
records:
  description: The steps, as in the journal on the host.
  type: list
  elements: dict
  returned: for O(verb=make)
snapshot:
  description: File of the snapshot on the host.
  type: str
  returned: for O(verb=make)
dest:
  description: File of the snapshot on the controller.
  type: str
  returned: if O(dest) is given
tables:
  description: The tables with their columns. Empty if they are in a proposal.
  type: list
  elements: dict
  returned: for O(verb=schema)
"""

import hashlib
from pathlib import Path
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.slipway.stack.plugins.module_utils.backup import live_release
from ansible_collections.slipway.stack.plugins.module_utils.refresh import loading, making_work, schema
from ansible_collections.slipway.stack.plugins.module_utils.refresh.making import Wanted
from ansible_collections.slipway.stack.plugins.module_utils.rollout import module_work
from ansible_collections.slipway.stack.plugins.module_utils.rollout.following import follow
from ansible_collections.slipway.stack.plugins.module_utils.state.journal import RolloutFailed
from ansible_collections.slipway.stack.plugins.module_utils.state.layout import Home

_SHORTEST_KEY = 32


def _begin(home: Home, params: dict[str, Any]) -> tuple[str, int]:
    """Start the work in a detached process, and return its name and where its records start in the journal."""
    key = params["key"]
    if key and len(key) < _SHORTEST_KEY:
        raise RolloutFailed(f"key has {len(key)} characters; it must have at least {_SHORTEST_KEY}")
    wanted = Wanted(
        rules=params["rules"],
        lookups=params["lookups"],
        service=params["service"],
        host=params["host"],
        database=params["database"],
        backup=params["backup"],
        key=hashlib.sha256(key.encode()).digest() if key else b"",
        keep=params["keep"],
        timeout=float(params["archive_timeout"]),
    )
    return module_work.start(home, making_work.begin(home, params["owner"], wanted))


def _tables(home: Home, params: dict[str, Any]) -> list[dict[str, Any]]:
    manifest = live_release.manifest(home)
    return schema.as_data(schema.read(loading.live_database(manifest, params["service"], params["archive_timeout"])))


def _answer(home: Home, params: dict[str, Any]) -> dict[str, Any]:
    """Do what one call does, and return its result."""
    if params["verb"] == "schema":
        return {"changed": False, "tables": _tables(home, params)}
    name, offset = params["release"], params["offset"]
    if params["verb"] == "hand_over":
        return {"changed": True, "copy": str(making_work.hand_over(home, name, Path(params["folder"])))}
    if offset is None:
        name, offset = _begin(home, params)
    records, offset = follow(home, name, offset, home.backup_journal, home.backup_lease)
    path = str(making_work.path_of(home, name))
    return {"changed": True, "records": records, "offset": offset, "release": name, "snapshot": path}


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec={
            "name": {"type": "str"},
            "root": {"type": "path", "default": "/opt/stacks"},
            "verb": {"type": "str", "choices": ["make", "schema", "hand_over"], "default": "make"},
            "rules_file": {"type": "path"},
            "locale": {"type": "str", "default": "en_US"},
            "proposal": {"type": "path"},
            "rules": {"type": "dict"},
            "lookups": {"type": "dict"},
            "key": {"type": "str", "default": "", "no_log": True},
            "service": {"type": "str", "default": "db"},
            "database": {"type": "str", "default": ""},
            "backup": {"type": "str", "default": ""},
            "keep": {"type": "int", "default": 1},
            "dest": {"type": "path"},
            "folder": {"type": "path"},
            "host": {"type": "str", "default": ""},
            **module_work.OPTIONS,
        },
        required_if=[("verb", "make", ["rules", "lookups"]), ("verb", "hand_over", ["folder", "release"])],
        supports_check_mode=True,
    )
    params = module.params
    home = Home(f"{params['root']}/{params['name']}")
    if module.check_mode and params["verb"] != "schema":
        module.exit_json(changed=True, records=[])
    with module_work.failures_answered(module, "nothing was started"):
        answer = _answer(home, params)
    module.exit_json(**answer)


if __name__ == "__main__":
    main()

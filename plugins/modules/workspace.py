#!/usr/bin/python
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Documentation of the action plugin ``slipway.stack.workspace``; the code is in ``plugins/action/workspace.py``."""

from __future__ import annotations

DOCUMENTATION = r"""
module: workspace
short_description: Lay a stack out in a developer's checkout
description:
  - Writes into a directory of the machine that Ansible runs on what C(docker compose up --watch) needs there, from the
    same description as a deploy. Services with a C(build) are built at their development stage and reload what is
    saved; every port is published on the loopback address only, at a number that C(.env) can change.
  - Makes each secret once for the checkout, unless its value is given. They are below C(.slipway/secrets), which only
    whoever runs Ansible may look into, and which git ignores.
  - Beside sources that have none it writes a Dockerfile, told by their lock file for uv, Poetry, pip or npm, and a
    C(.dockerignore).
  - Records the digest of each file that it writes in C(.slipway/workspace.json). A file with another digest has been
    changed by somebody, and is kept; the difference is shown.
extends_documentation_fragment: [slipway.stack.stack, slipway.stack.services, slipway.stack.shared]
options:
  secrets:
    description: Secrets by name, as for M(slipway.stack.release).
    type: dict
    default: {}
  path:
    description: Directory that is written into. Every build context has to be in it, or to be it.
    type: path
    required: true
  images:
    description: Base images of Dockerfiles, by C(python), C(node) and C(nginx).
    type: dict
    default: {}
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
"""

EXAMPLES = r"""
- name: Lay the stack out in the checkout
  slipway.stack.workspace:
    name: shop
    environment: development
    services:
      backend:
        kind: fastapi
        image: registry.example.com/shop/backend:development
        build: {context: ../../backend}
    path: "{{ inventory_dir }}/../.."
  run_once: true
  delegate_to: localhost
"""

RETURN = r"""
files:
  description:
    - Each file and what came of it. V(created), V(updated), V(removed), V(unchanged), or V(kept) where it is a person's
      and differs.
  type: list
  elements: dict
  returned: success
  sample:
    - {path: compose.yaml, state: updated}
    - {path: backend/Dockerfile, state: kept}
secrets:
  description: The secret files that were not there yet, in words. Never a value.
  type: list
  elements: str
  returned: success
  sample: [secret db_password for uid 999]
"""

from ansible.module_utils.basic import AnsibleModule


def main() -> None:
    """Refuse: without its action plugin there is nothing to lay out."""
    AnsibleModule(argument_spec={}).fail_json(msg="slipway.stack.workspace runs on the controller, as an action plugin")


if __name__ == "__main__":
    main()

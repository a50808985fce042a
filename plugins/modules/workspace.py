# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Documentation of the action plugin ``slipway.stack.workspace``; the code is in ``plugins/action/workspace.py``."""

from __future__ import annotations

DOCUMENTATION = r"""
module: workspace
short_description: Write the files for development into a developer's checkout
version_added: 0.2.0
description:
  - Writes what C(docker compose up --watch) needs into a directory of the machine that Ansible runs on, from the same
    description as a deploy. Services with a C(build) are built at their development stage and reload when you save a
    file. Every port is published on the loopback address only. You can change its number in C(.env).
  - Generates each secret once for the checkout, unless its value is given. The secrets are in C(.slipway/secrets). Only
    the user who runs Ansible can read them, and git ignores them.
  - Writes a Dockerfile and a C(.dockerignore) next to sources that have none. The lock file of the sources decides
    between uv, Poetry, pip and npm.
  - Records the digest of each file in C(.slipway/workspace.json). If a file has another digest, somebody has changed
    it. The module then keeps it and shows the difference.
extends_documentation_fragment:
  - slipway.stack.stack
  - slipway.stack.services
  - slipway.stack.shared
  - slipway.stack.secrets
  - slipway.stack.attributes
  - slipway.stack.attributes.action
  - slipway.stack.attributes.action_group
options:
  path:
    description: Directory to write into. Every build context has to be this directory or below it.
    type: path
    required: true
  images:
    description: Base images for the Dockerfiles, by the keys C(python), C(node) and C(nginx).
    type: dict
    default: {}
  data:
    description:
      - File of a masked snapshot that is loaded into the checkout's database. Empty to load none. The module starts the
        database with C(docker compose up). What was there before stays as the database C(slipway_before).
    type: path
    default: ""
  data_service:
    description: Postgres service that the snapshot is loaded into.
    type: str
    default: db
requirements:
  - Docker Engine with Compose on the controller, to run the stack there
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
seealso:
  - module: slipway.stack.adopt
  - module: slipway.stack.masked_snapshot
"""

EXAMPLES = r"""
- name: Write the files for development into the checkout
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
    - Each file and its state. V(created), V(updated), V(removed), V(unchanged), or V(kept) if a person has changed it.
  type: list
  elements: dict
  returned: success
  sample:
    - {path: compose.yaml, state: updated}
    - {path: backend/Dockerfile, state: kept}
secrets:
  description: The secret files that were not there yet, in words. Never their values.
  type: list
  elements: str
  returned: success
  sample: [secret db_password for uid 999]
"""

#!/usr/bin/python
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The target's half of ``slipway.stack.monitoring``: an adapter over ``module_utils/monitoring/units.py``."""

from __future__ import annotations

DOCUMENTATION = r"""
module: _monitoring
short_description: "[INTERNAL] Write the units of a stack's monitoring"
description:
  - B(This module is internal to the collection.) M(slipway.stack.monitoring) calls it. Its options can change at any
    time.
extends_documentation_fragment: [slipway.stack.attributes]
options:
  name:
    description: Name of the stack.
    type: str
    required: true
  root:
    description: Directory of the stacks.
    type: path
    required: true
  metrics_directory:
    description: Directory of the metrics, empty for none.
    type: str
    required: true
  metrics_every:
    description: Seconds between two times that the metrics are written.
    type: int
    required: true
  receivers:
    description: Who is told about events, as JSON.
    type: str
    required: true
  program:
    description: The program that the units start, in Base64.
    type: str
    required: true
attributes:
  check_mode:
    support: full
  diff_mode:
    support: none
author:
  - slipway.stack maintainers (@slipway-stack)
seealso:
  - module: slipway.stack.monitoring
"""

EXAMPLES = r"""
- name: Write metrics for node_exporter
  slipway.stack.monitoring:
    name: shop
    metrics_directory: /var/lib/prometheus/node-exporter
"""

RETURN = r"""
written:
  description: Files and units that were changed.
  type: list
  elements: str
  returned: success
"""

import base64
import json

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.slipway.stack.plugins.module_utils.monitoring import receivers
from ansible_collections.slipway.stack.plugins.module_utils.monitoring.settings import Settings
from ansible_collections.slipway.stack.plugins.module_utils.monitoring.units import apply
from ansible_collections.slipway.stack.plugins.module_utils.state import systemd
from ansible_collections.slipway.stack.plugins.module_utils.state.layout import Home
from ansible_collections.slipway.stack.plugins.module_utils.state.systemd import SystemdError


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec={
            "name": {"type": "str", "required": True},
            "root": {"type": "path", "required": True},
            "metrics_directory": {"type": "str", "required": True},
            "metrics_every": {"type": "int", "required": True},
            "receivers": {"type": "str", "required": True, "no_log": True},
            "program": {"type": "str", "required": True},
        },
        supports_check_mode=True,
    )
    params = module.params
    name, program = params["name"], base64.b64decode(params["program"])
    wanted = Settings(
        params["metrics_directory"], params["metrics_every"], tuple(receivers.read(json.loads(params["receivers"])))
    )
    try:
        home = Home(f"{params['root']}/{name}")
        written = apply(home, name, wanted, program, systemd.runner(module), module.check_mode)
    except SystemdError as error:
        module.fail_json(msg=f"stack '{name}': {error}")
    except OSError as error:
        module.fail_json(msg=f"stack '{name}': the units cannot be written: {error}")
    module.exit_json(changed=bool(written), written=written)


if __name__ == "__main__":
    main()

#!/usr/bin/python
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Run a command in a container of its own: an adapter over ``module_utils/operation/one_off.py``."""

from __future__ import annotations

DOCUMENTATION = r"""
module: run
short_description: Run a command in a container of its own, from the live release of a service
version_added: 0.3.0
description:
  - The container has the image of the live release by digest, and the environment, the secrets, the volumes and the
    networks of the service. It publishes no port, starts no other service, and is removed when the command has ended.
  - Shows the output as it comes. Secrets of the stack are masked in it.
  - Fails if the exit code is not 0, and names it.
  - If the connection is lost, the command goes on until its time is over. A process on the host removes the container.
extends_documentation_fragment:
  - slipway.stack.stack
  - slipway.stack.stack.host
  - slipway.stack.attributes
  - slipway.stack.attributes.action
  - slipway.stack.attributes.action_group
options:
  service:
    description: Name of the service.
    type: str
    required: true
  command:
    description:
      - The command, as words or as one text. It comes after the entrypoint of the service. No shell reads it; for one,
        use C(sh -c '...').
    type: raw
    required: true
  run_timeout:
    description: Seconds after which the command is stopped, from 1 to 86400.
    type: int
    default: 600
  everywhere:
    description: Whether it runs on all hosts that have the service. By default it runs on the first of them.
    type: bool
    default: false
  interactive:
    description: Show the command for a terminal of your own, and run nothing.
    type: bool
    default: false
  results:
    description: What M(slipway.stack.services) has returned, by name of the host. Without it, the command runs here.
    type: dict
    default: {}
  container:
    description: The container to follow. Only for the action plugin.
    type: dict
  cursor:
    description: Where to go on reading. Only for the action plugin.
    type: float
attributes:
  check_mode:
    support: full
    details: Shows what it would run.
  diff_mode:
    support: none
seealso:
  - module: slipway.stack.services
  - module: slipway.stack.logs
"""

EXAMPLES = r"""
- name: See at which revision the database is
  slipway.stack.run:
    name: shop
    service: backend
    command: alembic current
"""

RETURN = r"""
code:
  description: Exit code of the command.
  type: int
  returned: if it has run
lines:
  description: Its output, standard output and standard error together.
  type: list
  elements: str
  returned: if it has run
command:
  description: The command line for a terminal of your own.
  type: str
  returned: with O(interactive=true), and in check mode
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.slipway.stack.plugins.module_utils.operation import one_off
from ansible_collections.slipway.stack.plugins.module_utils.rollout import module_work
from ansible_collections.slipway.stack.plugins.module_utils.rollout.detach import detach
from ansible_collections.slipway.stack.plugins.module_utils.state.known_secrets import masking
from ansible_collections.slipway.stack.plugins.module_utils.state.layout import Home


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec={
            "name": {"type": "str"},
            "root": {"type": "path", "default": "/opt/stacks"},
            "service": {"type": "str", "required": True},
            "command": {"type": "raw", "required": True},
            "run_timeout": {"type": "int", "default": 600},
            "everywhere": {"type": "bool", "default": False},
            "interactive": {"type": "bool", "default": False},
            "results": {"type": "dict", "default": {}},
            "container": {"type": "dict"},
            "cursor": {"type": "float"},
        },
        supports_check_mode=True,
    )
    params = module.params
    home = Home(f"{params['root']}/{params['name']}")
    with module_work.failures_answered(module, "the command was not run"):
        if module.check_mode or params["interactive"]:
            manifest = one_off.live(home, params["service"])
            words = ["docker", *one_off.arguments(params["service"], params["command"])]
            module.exit_json(changed=False, words=words, folder=str(home.release(manifest["release"])))
        if params["container"] is None:
            run = one_off.begin(home, params["service"], params["command"], params["run_timeout"])
            detach(lambda: one_off.guard(run), home.log, masking(home))
            cursor = run.began
        else:
            run, cursor = one_off.OneOff(**params["container"]), params["cursor"]
        found = one_off.progress(run, cursor, masking(home))
    why = one_off.limit_sentence(run) if found.timed_out else ""
    module.exit_json(changed=True, container=vars(run), why=why, **vars(found))


if __name__ == "__main__":
    main()

#!/usr/bin/python
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Send requests over an overlay network: an adapter over ``module_utils/swarm/probe.py``."""

from __future__ import annotations

DOCUMENTATION = r"""
module: swarm_probe
short_description: Prove that an overlay network carries requests between all hosts
version_added: 0.3.0
description:
  - An overlay network comes up without an error even if nothing arrives over it, because a port is closed, packets are
    too long, or the kernel has no IPsec for an encrypted one. This module sends requests through it.
  - V(open) starts a container on the network, V(ask) sends requests to those of the other hosts, V(judge) says which
    answers are missing and why, and V(close) removes the container.
  - Does not fail if the network does not work, so that the probes of all hosts can be removed first. Fail with
    RV(problem) afterwards.
  - The container has the programs of the host, mounted read-only, so no image is needed. It runs without privileges,
    and ends after three minutes if nobody removes it.
extends_documentation_fragment:
  - slipway.stack.attributes
  - slipway.stack.attributes.action
requirements:
  - Python 3.9 or later on the host
options:
  verb:
    description: What to do. V(judge) runs on the controller; run it once for all hosts.
    type: str
    choices: [open, ask, judge, close]
    required: true
  network:
    description: Name of the network, which has to be attachable.
    type: str
    required: true
  encrypted:
    description: Whether the network is encrypted, for the message of V(judge).
    type: bool
    default: false
  addresses:
    description: For V(ask), the address of each other host's probe.
    type: dict
    default: {}
  opened:
    description: For V(judge), what V(open) returned on each host.
    type: dict
    default: {}
  answers:
    description: For V(judge), what V(ask) returned on each host.
    type: dict
    default: {}
  timeout:
    description: Number of seconds in which all answers of V(ask) have to arrive.
    type: int
    default: 15
  host:
    description: Name of the host. The action sets it.
    type: str
    default: ""
attributes:
  check_mode:
    support: none
  diff_mode:
    support: none
author:
  - slipway.stack maintainers (@slipway-stack)
seealso:
  - module: slipway.stack.swarm_node
"""

EXAMPLES = r"""
- name: Remove a probe that an interrupted run has left
  slipway.stack.swarm_probe:
    verb: close
    network: shop-mesh
"""

RETURN = r"""
address:
  description: Address of the probe on the network.
  type: str
  returned: for O(verb=open)
answers:
  description: How each host answered, which is V(complete), V(short only), V(silent) or V(another host).
  type: dict
  returned: for O(verb=ask)
problem:
  description:
    - Why the probe could not be started or used; empty if it could. For O(verb=judge), why the network is not proven.
  type: str
  returned: success
again:
  description: Whether a probe could not be started or has ended, so that another try may show more.
  type: bool
  returned: for O(verb=judge)
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.slipway.stack.plugins.module_utils.engine.docker import DockerError
from ansible_collections.slipway.stack.plugins.module_utils.swarm import probe


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec={
            "verb": {"type": "str", "choices": ["open", "ask", "judge", "close"], "required": True},
            "network": {"type": "str", "required": True},
            "encrypted": {"type": "bool", "default": False},
            "addresses": {"type": "dict", "default": {}},
            "opened": {"type": "dict", "default": {}},
            "answers": {"type": "dict", "default": {}},
            "timeout": {"type": "int", "default": 15},
            "host": {"type": "str", "default": ""},
        },
    )
    given = module.params
    result = {"address": "", "answers": {}, "problem": ""}
    # A host that fails would leave the play, and its container would stay: so the sentence goes to the judgement.
    try:
        if given["verb"] == "open":
            result["address"] = probe.open_probe(given["network"], given["host"])
        elif given["verb"] == "ask":
            result["answers"] = probe.ask(given["network"], given["addresses"], given["timeout"])
        else:
            probe.close_probe(given["network"])
    except (DockerError, OSError) as error:
        if given["verb"] == "close":
            module.fail_json(msg=str(error))
        result["problem"] = str(error)
    module.exit_json(changed=False, **result)


if __name__ == "__main__":
    main()

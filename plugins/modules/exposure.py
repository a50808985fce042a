#!/usr/bin/python
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Try the ports of a host from another one: an adapter over ``module_utils/edge/exposure.py``."""

from __future__ import annotations

DOCUMENTATION = r"""
module: exposure
short_description: Prove from another host that nothing but the edge answers
version_added: 0.3.0
description:
  - Connects to the TCP ports of a host of a stack, from the host that the task is delegated to. Ports that Docker
    publishes bypass ufw, so only a try from outside shows what is open.
  - Only the ports that an edge publishes, that of SSH and O(allowed_ports) may answer. For each other one, the module
    fails with a sentence that says which port of which host answers, which service publishes it, and what would be
    right.
  - It also fails if nothing of the host answers, not even with a refusal, because that proves nothing.
  - No byte is sent. Every connection is closed at once.
extends_documentation_fragment:
  - slipway.stack.attributes
  - slipway.stack.attributes.action
author:
  - slipway.stack maintainers (@slipway-stack)
requirements:
  - Python 3.9 or later, on the host that the task is delegated to
options:
  containers:
    description: The ports of the containers on the host of the stack, as M(slipway.stack.verify) returns them.
    type: list
    elements: dict
    required: true
  allowed_ports:
    description: Ports that may answer, besides those of an edge and the one that Ansible uses for SSH.
    type: list
    elements: int
    default: []
  addresses:
    description: Addresses or names of the host to try. If this is empty, C(ansible_host).
    type: list
    elements: str
    default: []
  private_address:
    description:
      - The private address of the host. At this address, the services of a stack may answer that are published there
        for its other hosts. The default is C(stack_address).
    type: str
    default: ""
  public_addresses:
    description:
      - Public addresses of the host, which are tried too, as M(slipway.stack.verify) returns them. A port that is
        published for all addresses answers at the ones of IPv6 as well.
      - It is no error if nothing answers there. Then only known ports are tried.
    type: list
    elements: str
    default: []
  scan:
    description: Try all 65535 ports. Without it, those of the containers and a few that are known for data.
    type: bool
    default: true
  scan_seconds:
    description: Number of seconds after which no further port is tried. If ports are left then, the module fails.
    type: int
    default: 300
  timeout:
    description: Number of seconds that one port has for its answer.
    type: float
    default: 2.0
  parallel:
    description: Number of connections at the same time.
    type: int
    default: 800
  host:
    description: Name of the host in messages. The action sets it.
    type: str
    default: ""
  origin:
    description: Name of the host that ports are tried from, in messages. The action sets it.
    type: str
    default: ""
attributes:
  check_mode:
    support: full
    details:
      - Never changes anything.
  diff_mode:
    support: none
seealso:
  - module: slipway.stack.verify
"""

EXAMPLES = r"""
- name: Verify the live release
  slipway.stack.verify:
    name: shop
  register: verified

- name: Prove from another host that nothing but the edge answers
  slipway.stack.exposure:
    containers: "{{ verified.ports }}"
  delegate_to: monitor1
"""

RETURN = r"""
addresses:
  description:
    - What was heard of each address. C(open) are the ports that accepted a connection, C(refused) and C(silent) the
      numbers of ports that refused one or did not answer, C(untried) the number of those for which there was no time.
  type: list
  elements: dict
  returned: always
  sample: [{address: 192.0.2.10, open: [22, 80], refused: 65533, silent: 0, untried: 0, seconds: 6.1}]
expected:
  description: The ports at which the public is meant to reach an edge.
  type: list
  elements: int
  returned: always
problems:
  description: What is wrong, one sentence each.
  type: list
  elements: str
  returned: always
"""

import time

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.slipway.stack.plugins.module_utils.edge import exposure, port_scan


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec={
            "containers": {"type": "list", "elements": "dict", "required": True},
            "allowed_ports": {"type": "list", "elements": "int", "default": []},
            "addresses": {"type": "list", "elements": "str", "default": []},
            "private_address": {"type": "str", "default": ""},
            "public_addresses": {"type": "list", "elements": "str", "default": []},
            "scan": {"type": "bool", "default": True},
            "scan_seconds": {"type": "int", "default": 300},
            "timeout": {"type": "float", "default": 2.0},
            "parallel": {"type": "int", "default": 800},
            "host": {"type": "str", "default": ""},
            "origin": {"type": "str", "default": ""},
        },
        supports_check_mode=True,
    )
    given = module.params
    containers, allowed = given["containers"], given["allowed_ports"]
    until = time.monotonic() + given["scan_seconds"]
    named, problems = _resolved(given["addresses"], given["origin"])
    heard = []
    for address in dict.fromkeys([*named, *given["public_addresses"]]):
        started = time.monotonic()
        known = exposure.known(containers, allowed)
        answers = port_scan.scan(address, known, given["timeout"], given["parallel"], until)
        if given["scan"] and (address in named or answers.open or answers.refused):
            others = port_scan.scan(address, exposure.others(known), given["timeout"], given["parallel"], until)
            answers = port_scan.together(answers, others)
        tried = exposure.Tried(
            host=given["host"],
            address=address,
            origin=given["origin"],
            answers=answers,
            must_answer=address in named,
            is_private=address == given["private_address"],
        )
        problems += exposure.problems(tried, containers, allowed)
        for warning in exposure.warnings(tried, containers):
            module.warn(warning)
        numbers = {key: getattr(answers, key) for key in ("open", "refused", "silent", "untried")}
        heard.append({"address": address, **numbers, "seconds": round(time.monotonic() - started, 1)})
    result = {"addresses": heard, "expected": sorted(exposure.expected(containers)), "problems": problems}
    if problems:
        module.fail_json(msg="; ".join(problems), **result)
    module.exit_json(changed=False, **result)


def _resolved(names: list[str], origin: str) -> tuple[list[str], list[str]]:
    """Return the addresses of *names*, and a sentence for each name that has none."""
    addresses: list[str] = []
    problems = []
    for name in names:
        try:
            addresses += port_scan.resolve(name)
        except OSError as error:
            problems.append(f"{origin} cannot resolve {name}: {error.strerror or error}")
    return addresses, problems


if __name__ == "__main__":
    main()

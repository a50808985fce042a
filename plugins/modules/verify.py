#!/usr/bin/python
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Verify the live release: an adapter over ``module_utils/edge/verification.py``."""

from __future__ import annotations

DOCUMENTATION = r"""
module: verify
short_description: Verify the services of the live release and its answers at the public port
version_added: 0.2.0
description:
  - Checks that every service of the live release has its number of containers, running and healthy, that oneshot
    services have succeeded, and that the project contains nothing else.
  - Sends each probe through the published port. The live release must answer it. The probes are C(stack_probes), or one
    for each route of the edge.
  - Warns of containers that were restarted since the release went live, and of containers in which a process was killed
    because the memory was used up. This does not fail, because such a container may serve again.
  - Warns if the edge is closed for maintenance. Then it sends the probes from inside of the edge's network, which gets
    through.
  - If a check fails, the message names the service and the reason, and shows the last lines of its log and what its
    health check said.
extends_documentation_fragment:
  - slipway.stack.stack
  - slipway.stack.stack.host
  - slipway.stack.attributes
  - slipway.stack.attributes.action
  - slipway.stack.attributes.action_group
options:
  timeout:
    description:
      - Number of seconds after which a check fails.
      - A health check that has no result yet has the time of a start, if that is longer. A restart of the engine begins
        all health checks anew.
    type: int
    default: 15
  backup_age:
    description:
      - Hours that the newest good backup on this host may be old. If it is older, or the last drill has failed, the
        verification fails. V(0) does not look at backups.
      - Where no backup was ever taken, the time since the first rollout counts. A stack without data needs none.
    type: int
    default: 0
  certificate_margin:
    description:
      - Days that the certificate of an edge with HTTPS has to be valid still. If it is not, or if it is not the one
        that the description wants, the verification fails and says why the last renewal has failed.
    type: int
    default: 14
  ports:
    description: Whether to return what M(slipway.stack.exposure) needs to know of this host.
    type: bool
    default: false
attributes:
  check_mode:
    support: full
    details:
      - Never changes anything. Where nothing is live yet, it succeeds in check mode if M(slipway.stack.release) would
        upload a release in the same play.
  diff_mode:
    support: none
seealso:
  - module: slipway.stack.status
  - module: slipway.stack.exposure
"""

EXAMPLES = r"""
- name: Verify the live release
  slipway.stack.verify:
    name: shop
"""

RETURN = r"""
release:
  description: Id of the live release. Null if there is none.
  type: str
  returned: always
services:
  description: The state of each service, in words.
  type: list
  elements: dict
  returned: always
  sample: [{service: backend, state: up, reason: 2 of 2 healthy}]
problems:
  description: What is wrong, one sentence each.
  type: list
  elements: str
  returned: always
incidents:
  description: Containers that were restarted or lost a process, as in M(slipway.stack.status).
  type: list
  elements: dict
  returned: success
ports:
  description:
    - With O(ports), the TCP ports of all containers on the host, of other stacks too, for M(slipway.stack.exposure).
    - C(port) is the published one, null without one. C(edge) says whether the public is meant to reach it.
  type: list
  elements: dict
  returned: success
  sample:
    - {port: 80, addresses: [0.0.0.0, "::"], inside: 8080, container: shop-edge-pod-1, service: edge-pod, stack: shop,
       edge: true}
addresses:
  description:
    - With O(ports), the public addresses of the host. M(slipway.stack.exposure) tries them, and C(ansible_host).
  type: list
  elements: str
  returned: success
  sample: ["2001:db8::10"]
detail:
  description: Lines that show the cause.
  type: list
  elements: str
  returned: failure
"""

import time
from functools import partial

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.slipway.stack.plugins.module_utils.backup import standing
from ansible_collections.slipway.stack.plugins.module_utils.certificates import standing as certificate_standing
from ansible_collections.slipway.stack.plugins.module_utils.edge import closing, host_addresses
from ansible_collections.slipway.stack.plugins.module_utils.edge.verification import verify
from ansible_collections.slipway.stack.plugins.module_utils.engine import incidents, listening_ports
from ansible_collections.slipway.stack.plugins.module_utils.engine.docker import DockerError
from ansible_collections.slipway.stack.plugins.module_utils.release.leaving import staying
from ansible_collections.slipway.stack.plugins.module_utils.release.status import NOT_LIVE, absence
from ansible_collections.slipway.stack.plugins.module_utils.state import stopped
from ansible_collections.slipway.stack.plugins.module_utils.state.known_secrets import masking
from ansible_collections.slipway.stack.plugins.module_utils.state.layout import Home


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec={
            "name": {"type": "str"},
            "root": {"type": "path", "default": "/opt/stacks"},
            "timeout": {"type": "int", "default": 15},
            "backup_age": {"type": "int", "default": 0},
            "certificate_margin": {"type": "int", "default": 14},
            "ports": {"type": "bool", "default": False},
        },
        supports_check_mode=True,
    )
    name = module.params["name"]
    home = Home(f"{module.params['root']}/{name}")
    problem = home.live_problem()
    if problem:
        module.fail_json(msg=f"stack '{name}': {problem}", services=[], problems=[problem])
    manifest = home.manifest(home.current_id())
    if manifest is None:
        missing = absence(home) or NOT_LIVE
        module.fail_json(msg=f"stack '{name}': {missing}", release=None, services=[], problems=[missing])
    try:
        find = partial(staying, home, name)
        verification = verify(home, manifest, module.params["timeout"], find, starting=True)
        ports = listening_ports.find(manifest) if module.params["ports"] else []
    except DockerError as error:
        module.fail_json(msg=str(error), services=[], problems=[str(error)])
    problems = [*filter(None, [stopped.obstacle(home)]), *verification.problems]
    if module.params["backup_age"]:
        problems += standing.problems(standing.standing(home, manifest, time.time()), module.params["backup_age"])
    certificate = certificate_standing.standing(home, manifest, time.time())
    problems += certificate_standing.problems(certificate, module.params["certificate_margin"])
    result = {
        "release": manifest["release"],
        "services": verification.services,
        "problems": problems,
        "incidents": incidents.find(verification.running, home.live_since()),
    }
    closed = closing.standing(home, manifest)
    if closed:
        module.warn(f"the edge is closed for maintenance by {closed['owner']}; clients get 503")
    for incident in result["incidents"]:
        module.warn(f"service '{incident['service']}': {incident['reason']}")
    if problems:
        # Applications may print their settings.
        mask = masking(home)
        result["problems"] = [mask(problem) for problem in problems]
        detail = [mask(line) for line in verification.detail]
        module.fail_json(msg="; ".join(result["problems"]), detail=detail, **result)
    addresses = host_addresses.public() if module.params["ports"] else []
    module.exit_json(changed=False, ports=ports, addresses=addresses, **result)


if __name__ == "__main__":
    main()

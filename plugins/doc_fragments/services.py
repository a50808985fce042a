"""Options that describe a stack without its secrets."""

from __future__ import annotations


class ModuleDocFragment:
    """Documentation fragment ``slipway.stack.services``."""

    DOCUMENTATION = r"""
options:
  environment:
    description:
      - Name of the environment. It selects the Compose file that is merged over the base file.
      - Required, as this option or as the variable C(stack_environment).
    type: str
  domain:
    description: Host name at which the public reaches the stack. Any host name is accepted if this is empty.
    type: str
    default: ""
  services:
    description: The services by name. C(docs/services.md) lists their keys.
    type: dict
    default: {}
  placement:
    description:
      - Hosts of all services of a kind that name none themselves, by kind, such as C(postgres) with V(db). A pattern as
        in a play; C(docs/placement.md) says more.
    type: dict
    default: {}
  orchestrator:
    description:
      - What runs the services that have no state of their own. With V(swarm) it is the Docker Swarm that the role
        C(swarm) makes of the hosts, see C(docs/swarm.md). The edge and services with data are with Compose always.
    type: str
    choices: [compose, swarm]
    default: compose
  address:
    description:
      - Address of the host in the private network of the stack's hosts. Services of other hosts reach there what they
        need of this one.
    type: str
    default: ""
  compose_files:
    description:
      - Your own Compose files, in the order in which Compose merges them. Paths are relative to the inventory.
      - C(docs/compose_files.md) says what they may contain.
    type: list
    elements: str
    default: []
  compose_profiles:
    description:
      - Active profiles of these files.
      - If this is empty, C(COMPOSE_PROFILES) in their C(.env) names the active profiles.
    type: list
    elements: str
    default: []
  compose_variables:
    description: Variables for these files. They take precedence over those in their C(.env).
    type: dict
    default: {}
  compose_host_paths:
    description: Paths on the server that services of these files may mount, written as in the files.
    type: list
    elements: str
    default: []
  compose_project:
    description:
      - Directory on the controller with everything that these files refer to, relative to the inventory.
      - If this is empty, it is the directory of the first file. A path that leads out of it is refused.
    type: str
    default: ""
  compose_roots:
    description: Further directories on the controller that these files may refer to, relative to the inventory.
    type: list
    elements: str
    default: []
  compose_hardening:
    description:
      - Whether services of these files get C(no-new-privileges), C(cap_drop), C(read_only) with C(tmpfs) and
        C(pids_limit), each where the files do not say otherwise. C(docs/compose_files.md) has the details.
    type: bool
    default: false
  kinds_paths:
    description:
      - Directories on the controller with further kinds. Paths are relative to the inventory.
      - A kind in one of them replaces a shipped kind of the same name.
    type: list
    elements: path
    default: []
"""

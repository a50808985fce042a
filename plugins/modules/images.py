#!/usr/bin/python
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Documentation of the action plugin ``slipway.stack.images``; the code is in ``plugins/action/images.py``."""

from __future__ import annotations

DOCUMENTATION = r"""
module: images
short_description: Build a stack's images on the controller and push them
description:
  - Builds the image of each service that has a C(build), all of them with one C(docker buildx bake), on the machine
    that Ansible runs on. Services that share an image share its build.
  - Each image gets its reference as a tag and, where git knows the last commit that changed something in the build
    context and nothing in there is changed since, a second tag with C(-COMMIT) behind.
  - The build arguments C(APP_VERSION), the image's tag, and C(GIT_COMMIT) are passed to every build; a Dockerfile that
    declares none of them is not bothered. The same two are the image's labels C(org.opencontainers.image.version) and
    C(org.opencontainers.image.revision).
  - Changed is what the registry says - the digest of each tag before and after. An image that is built again from the
    same files keeps its digest as long as the builder has its cache.
  - Where the builder can, images that are pushed get attestations. They hold the time of the build, so that what is
    pushed has another digest each time; where the images in it are the same as before, the tags go back to what they
    stood for, with the attestations that it has.
  - An image whose reference begins with C(localhost/) has no registry. It is not pushed but kept by this machine's own
    engine; M(slipway.stack.send) brings it to the hosts.
  - Builder, logins and cache are those of the C(docker) command of whoever runs Ansible.
extends_documentation_fragment: [slipway.stack.stack, slipway.stack.services]
options:
  push:
    description:
      - Whether images are pushed to their registry.
      - Without it they are kept by this machine's own engine, and changed is what that has.
    type: bool
    default: true
  push_registries:
    description:
      - For registries that this machine reaches by another name than the servers do, the host to push to by the host
        in image references.
    type: dict
    default: {}
  attestations:
    description:
      - What the builder says of images that are pushed - V(provenance), how it was built, and V(sbom), what is in it.
      - The provenance is the short one (C(mode=min)) where a build argument looks like a secret, for the whole one has
        the arguments in it.
      - The engine's own builder can do this only where its images are in containerd's store, BuildKit from 0.11 on.
        What cannot be had is said in one line, and no error.
    type: list
    elements: str
    choices: [provenance, sbom]
    default: [provenance, sbom]
  sbom_generator:
    description: The image that lists what is in an image, which the builder pulls; the builder's own where empty.
    type: str
    default: docker/buildkit-syft-scanner:stable-1
requirements:
  - Docker Engine with buildx 0.10 or later, on the controller
attributes:
  check_mode:
    support: partial
    details:
      - Shows what would be built, and lets bake read it. An image that is in the registry already counts as unchanged;
        only building tells whether it would become another.
  diff_mode:
    support: none
"""

EXAMPLES = r"""
- name: Build the images and push them
  slipway.stack.images:
    name: shop
    environment: production
    services:
      backend:
        kind: fastapi
        image: registry.example.com/shop/backend:1.4.2
        build: {context: ../../backend, target: runtime}
  run_once: true
  delegate_to: localhost
"""

RETURN = r"""
images:
  description:
    - Each image that is built. C(digest) is what its reference stands for now, in the registry or, without O(push), in
      the engine.
  type: list
  elements: dict
  returned: success
  sample:
    - name: backend
      image: registry.example.com/shop/backend:1.4.2
      tags:
        - registry.example.com/shop/backend:1.4.2
        - registry.example.com/shop/backend:1.4.2-0123456789ab
      digest: sha256:1f6d2b5c9a7e4f3081d2c3b4a5968778695a4b3c2d1e0f9e8d7c6b5a49382716
      changed: true
"""

from ansible.module_utils.basic import AnsibleModule


def main() -> None:
    """Refuse: without its action plugin there is nothing to build."""
    AnsibleModule(argument_spec={}).fail_json(msg="slipway.stack.images runs on the controller, as an action plugin")


if __name__ == "__main__":
    main()

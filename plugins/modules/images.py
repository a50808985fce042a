# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Documentation of the action plugin ``slipway.stack.images``; the code is in ``plugins/action/images.py``."""

from __future__ import annotations

DOCUMENTATION = r"""
module: images
short_description: Build a stack's images on the controller and push them
version_added: 0.2.0
description:
  - Builds the image of each service that has a C(build), on the machine that Ansible runs on. One
    C(docker buildx bake) builds all images. Services with the same image share one build.
  - Tags each image with its reference. If git knows the last commit that changed the build context, and the context has
    no later changes, the image gets a second tag that ends in C(-COMMIT).
  - Passes the build arguments C(APP_VERSION), which is the tag of the image, and C(GIT_COMMIT) to every build. A
    Dockerfile that does not declare them ignores them. The labels C(org.opencontainers.image.version) and
    C(org.opencontainers.image.revision) have the same values.
  - Reports an image as changed if the digest of one of its tags in the registry differs before and after. A build from
    the same files gives the same digest as long as the builder has its cache.
  - Adds attestations to images that are pushed, if the builder can make them. Attestations contain the time of the
    build, so every push has a new digest. If the images in it are the same as before, the module sets the tags back to
    what they referred to, with the attestations of that build.
  - Does not push an image whose reference begins with C(localhost/), because no registry has it. The engine of this
    machine keeps it, and M(slipway.stack.send) copies it to the hosts.
  - Uses the builder, the logins and the cache of the user who runs Ansible.
extends_documentation_fragment:
  - slipway.stack.stack
  - slipway.stack.services
  - slipway.stack.attributes
  - slipway.stack.attributes.action
  - slipway.stack.attributes.action_group
options:
  push:
    description:
      - Whether to push the images to their registry.
      - If this is V(false), the engine of this machine keeps the images, and C(changed) compares the images
        that this engine has.
    type: bool
    default: true
  push_registries:
    description:
      - Registries that this machine reaches under another name than the servers.
      - The key is the host in the image references, the value is the host to push to.
    type: dict
    default: {}
  attestations:
    description:
      - Which attestations to add to images that are pushed.
      - V(provenance) records how the image was built. V(sbom) lists what is in it.
      - If a build argument looks like a secret, the module adds only the short provenance (C(mode=min)), because the
        long one contains the arguments.
      - The engine's own builder makes attestations only if it has BuildKit 0.11 or later and stores images in
        containerd. If the builder cannot make an attestation, the module prints one line and goes on.
    type: list
    elements: str
    choices: [provenance, sbom]
    default: [provenance, sbom]
  sbom_generator:
    description:
      - Image that lists what is in an image. The builder pulls it.
      - If this is empty, the builder uses its own default.
    type: str
    default: docker/buildkit-syft-scanner:stable-1
requirements:
  - Docker Engine with buildx 0.10 or later, on the controller
attributes:
  check_mode:
    support: partial
    details:
      - Shows what would be built, and lets bake check it. An image that is in the registry already counts as unchanged,
        because only a build tells whether it would change.
  diff_mode:
    support: none
seealso:
  - module: slipway.stack.send
  - module: slipway.stack.pull
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
    - Each image that is built. C(digest) is what its reference refers to now, in the registry or, without O(push), in
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

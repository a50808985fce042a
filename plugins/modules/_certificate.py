#!/usr/bin/python
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The target's half of ``slipway.stack.certificate``: an adapter over ``module_utils/certificates``."""

from __future__ import annotations

DOCUMENTATION = r"""
module: _certificate
short_description: "[INTERNAL] Get, renew or replace the certificate of the edge"
description:
  - B(This module is internal to the collection.) M(slipway.stack.certificate) calls it. Its options can change at any
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
  release:
    description: See M(slipway.stack.certificate).
    type: str
    required: true
  verb:
    description: See M(slipway.stack.certificate).
    type: str
    required: true
  revoke:
    description: See M(slipway.stack.certificate).
    type: bool
    required: true
  chain:
    description: See M(slipway.stack.certificate).
    type: str
    required: true
  key:
    description: See M(slipway.stack.certificate).
    type: str
    required: true
  account:
    description: E-mail address, server, staging, eab_kid, eab_hmac_key and options of the authority.
    type: dict
    required: true
  required:
    description: See M(slipway.stack.certificate).
    type: bool
    required: true
  timeout:
    description: See M(slipway.stack.certificate).
    type: int
    required: true
  owner:
    description: Who does it.
    type: str
    required: true
  program_digest:
    description: SHA-256 of the program.
    type: str
    required: true
  program:
    description: The program that the timer starts, in Base64. Without it the answer says whether it is needed.
    type: str
    default: ""
attributes:
  check_mode:
    support: full
  diff_mode:
    support: none
author:
  - slipway.stack maintainers (@slipway-stack)
seealso:
  - module: slipway.stack.certificate
"""

EXAMPLES = r"""
- name: Get the certificate of the edge
  slipway.stack.certificate:
    name: shop
"""

RETURN = r"""
missing:
  description: Packages that have to be installed first.
  type: list
  elements: str
  returned: success
needs_program:
  description: Whether to call again with the program.
  type: bool
  returned: success
certificate:
  description: As M(slipway.stack.certificate) returns it.
  type: dict
  returned: success
"""

import base64
import hashlib
import shutil
import time
from collections.abc import Mapping, Sequence
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.slipway.stack.plugins.module_utils.certificates import (
    issuing,
    resolution,
    standing,
    units,
    work,
)
from ansible_collections.slipway.stack.plugins.module_utils.certificates.acme import Account
from ansible_collections.slipway.stack.plugins.module_utils.edge import certificate_files
from ansible_collections.slipway.stack.plugins.module_utils.edge.endpoint import tls_of
from ansible_collections.slipway.stack.plugins.module_utils.engine.docker import DockerError
from ansible_collections.slipway.stack.plugins.module_utils.release.status import NOT_LIVE, absence
from ansible_collections.slipway.stack.plugins.module_utils.state import systemd
from ansible_collections.slipway.stack.plugins.module_utils.state.journal import RolloutFailed
from ansible_collections.slipway.stack.plugins.module_utils.state.known_secrets import masking
from ansible_collections.slipway.stack.plugins.module_utils.state.layout import Home
from ansible_collections.slipway.stack.plugins.module_utils.state.lease import LeaseHeld
from ansible_collections.slipway.stack.plugins.module_utils.state.systemd import SystemdError

_PROGRAMS = {"acme": ("openssl", "certbot"), "files": ("openssl",), "internal": ("openssl",)}


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec={
            "name": {"type": "str", "required": True},
            "root": {"type": "path", "required": True},
            "release": {"type": "str", "required": True},
            "verb": {"type": "str", "required": True},
            "revoke": {"type": "bool", "required": True},
            "chain": {"type": "str", "required": True},
            "key": {"type": "str", "required": True, "no_log": True},
            "account": {"type": "dict", "required": True, "no_log": True},
            "required": {"type": "bool", "required": True},
            "timeout": {"type": "int", "required": True},
            "owner": {"type": "str", "required": True},
            "program_digest": {"type": "str", "required": True},
            "program": {"type": "str", "default": ""},
        },
        supports_check_mode=True,
    )
    home = Home(f"{module.params['root']}/{module.params['name']}")
    manifest = home.manifest(module.params["release"] or home.current_id())
    if manifest is None:
        # The first release is on the host after a real deploy only.
        if module.check_mode:
            module.exit_json(changed=False, **_answer(home, None))
        module.fail_json(msg=f"stack '{module.params['name']}': {absence(home) or NOT_LIVE}")
    source = str(tls_of(manifest).get("source", ""))
    missing = [name for name in _PROGRAMS.get(source, ()) if shutil.which(name) is None]
    if missing:
        module.exit_json(changed=False, **_answer(home, manifest, missing=missing))
    try:
        _run(module, home, manifest, source)
    except SystemdError as error:
        module.fail_json(msg=f"stack '{module.params['name']}': {error}")


def _run(module: AnsibleModule, home: Home, manifest: Mapping[str, Any], source: str) -> None:
    params = module.params
    program = base64.b64decode(params["program"])
    if source in ("acme", "internal") and not program and _digest(home) != params["program_digest"]:
        module.exit_json(changed=False, **_answer(home, manifest, needs_program=True))
    program = program or work.program_of(home).read_bytes() if source in ("acme", "internal") else b""
    account = Account(**{**params["account"], "options": tuple(params["account"]["options"])})
    wanted = work.Wanted(
        params["verb"], params["owner"], params["chain"], params["key"], account, params["timeout"], params["revoke"]
    )
    changed: list[str] = []
    try:
        # A pair that cannot be served is refused before anything is written.
        is_needed = bool(source) and work.is_needed(home, manifest, wanted)
        changed = units.apply(home, params["name"], source, program, systemd.runner(module), module.check_mode)
        if module.check_mode:
            module.exit_json(changed=bool(changed) or is_needed, **_answer(home, manifest))
        if is_needed and source == "acme":
            for sentence in resolution.warnings(tls_of(manifest)["names"]):
                module.warn(sentence)
        is_new = bool(source) and work.apply(home, manifest, wanted)
    except (RolloutFailed, DockerError, LeaseHeld) as error:
        _fail(module, home, manifest, error, bool(changed))
        return
    module.exit_json(changed=bool(changed) or is_new, **_answer(home, manifest))


def _fail(module: AnsibleModule, home: Home, manifest: Mapping[str, Any], error: Exception, changed: bool) -> None:
    """End with a warning if the edge can go on with what there is, and nobody has asked for more."""
    reason = masking(home)(f"stack '{module.params['name']}': {error}")
    detail = [masking(home)(line) for line in getattr(error, "detail", ())]
    if module.params["required"] or tls_of(manifest)["source"] != "acme":
        module.fail_json(msg=reason, detail=detail)
    module.warn(f"{reason}; the deploy goes on with the certificate that there is")
    module.exit_json(changed=changed, detail=detail, **_answer(home, manifest))


def _digest(home: Home) -> str:
    path = work.program_of(home)
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""


def _answer(
    home: Home, manifest: Mapping[str, Any] | None, missing: Sequence[str] = (), needs_program: bool = False
) -> dict[str, Any]:
    found = standing.standing(home, manifest, time.time())
    in_use = certificate_files.current(home)
    more = {"fingerprint": in_use.about.fingerprint if in_use else "", "root": issuing.root(home)}
    certificate = {**found, **more} if found else None
    return {"missing": list(missing), "needs_program": needs_program, "certificate": certificate}


if __name__ == "__main__":
    main()

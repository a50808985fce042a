#!/usr/bin/python
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The documentation of ``slipway.stack.certificate``; the action plugin of the same name does the work."""

from __future__ import annotations

DOCUMENTATION = r"""
module: certificate
short_description: Get, renew or replace the certificate of the edge
version_added: 0.3.0
description:
  - Gets the certificate of an edge with the key C(tls) from the source that this key names, unless the host has one
    that will do. The proxy tests it and reloads it, and the module waits until the published port answers with it. No
    connection ends. If the proxy does not answer with it, the former certificate is in use again.
  - With the source C(acme), certbot gets it from a certification authority, which asks the edge for a proof. So before
    the first deploy nothing is asked, and the edge starts with a certificate that nobody trusts.
  - With the source C(internal), the host issues it from an authority of its own, which it makes if there is none.
  - With the source C(files), it is O(chain) and O(key). They are checked before anything changes.
  - Writes a timer of systemd that renews the certificate without a controller, except for C(files).
extends_documentation_fragment:
  - slipway.stack.stack
  - slipway.stack.stack.host
  - slipway.stack.attributes
  - slipway.stack.attributes.action
  - slipway.stack.attributes.action_group
options:
  release:
    description: Id of a release that was uploaded and is about to be deployed. Empty for the live one.
    type: str
    default: ""
  verb:
    description:
      - V(ensure) gets a certificate if there is none that will do. V(replace) gets another one with a new key.
    type: str
    choices: [ensure, replace]
    default: ensure
  revoke:
    description: With O(verb=replace), whether the authority is told that nobody shall trust the former one any more.
    type: bool
    default: false
  chain:
    description: With the source C(files), the certificates in PEM. That of the host is the first.
    type: str
    default: ""
  key:
    description: With the source C(files), the private key in PEM, without a passphrase.
    type: str
    default: ""
  email:
    description: Address that the authority writes to, such as before an account ends. It may be empty.
    type: str
    default: ""
  server:
    description: URL of the directory of the authority. Empty for Let's Encrypt.
    type: str
    default: ""
  staging:
    description: Whether to ask Let's Encrypt's authority for tests, which has wider limits and which nobody trusts.
    type: bool
    default: false
  eab_kid:
    description: Id of an account that the authority has given (external account binding). Empty for none.
    type: str
    default: ""
  eab_hmac_key:
    description: Its key.
    type: str
    default: ""
  certbot_options:
    description:
      - Lines for certbot's configuration, such as C(dns-rfc2136 = true). With an option of one of its plugins for DNS,
        or another authenticator, the proof is not asked for on port 80.
    type: list
    elements: str
    default: []
  required:
    description:
      - Whether it is a failure if the authority does not issue a certificate. Otherwise it is a warning, and the edge
        goes on with the certificate that it has.
    type: bool
    default: true
  timeout:
    description: Seconds to wait for a rollout or a backup that is under way.
    type: int
    default: 600
attributes:
  check_mode:
    support: full
  diff_mode:
    support: none
seealso:
  - module: slipway.stack.verify
"""

EXAMPLES = r"""
- name: Get the certificate of the edge
  slipway.stack.certificate:
    name: shop
    email: ops@example.com

- name: Replace the certificate and revoke the former one
  slipway.stack.certificate:
    name: shop
    verb: replace
    revoke: true
"""

RETURN = r"""
missing:
  description: Packages that have to be installed first. Then nothing else was done.
  type: list
  elements: str
  returned: success
certificate:
  description:
    - The certificate in use, with C(names), C(issuer), C(source), C(not_after) in seconds of the epoch, C(days) left,
      C(fingerprint) and C(problem), which is why the last try failed. C(root) is the certificate of the stack's own
      authority in PEM. Null without HTTPS.
  type: dict
  returned: success
"""

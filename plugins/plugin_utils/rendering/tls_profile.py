"""Versions, ciphers and groups of TLS, for both proxies: Mozilla's "intermediate" profile, version 5.7.

Place in the pipeline: model -> compose -> bundle. Pure. Every client of the last ten years can connect. The ciphers of
the profile that need parameters for finite-field Diffie-Hellman are left out: no such client needs them.
Source: https://wiki.mozilla.org/Security/Server_Side_TLS
"""

from __future__ import annotations

#: The ciphers of TLS 1.2 by their name in OpenSSL, with their name in Go. Those of TLS 1.3 are not to be chosen.
CIPHERS = {
    "ECDHE-ECDSA-AES128-GCM-SHA256": "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
    "ECDHE-RSA-AES128-GCM-SHA256": "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
    "ECDHE-ECDSA-AES256-GCM-SHA384": "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
    "ECDHE-RSA-AES256-GCM-SHA384": "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
    "ECDHE-ECDSA-CHACHA20-POLY1305": "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256",
    "ECDHE-RSA-CHACHA20-POLY1305": "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256",
}
#: The groups for the exchange of keys by their name in OpenSSL, with their name in Go.
GROUPS = {"X25519": "X25519", "prime256v1": "CurveP256", "secp384r1": "CurveP384"}

"""A certificate whose proof is in DNS, from an authority that wants an account of its own making.

The names are in a real BIND that takes signed updates, as `docs/https.md` says. It comes after ``test_traefik``.
"""

from __future__ import annotations

import base64
import json
import os
import secrets
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.https import SecureStack
from tests.support.long_form import ONLY_LONG
from tests.support.stacks import described, wait_until

Playbook = Callable[..., Any]

pytestmark = ONLY_LONG
INVENTORY = Path(os.environ["MOLECULE_SCENARIO_DIRECTORY"])
NAME = "one.tenants.kiosk.tls.test"
BIND = """
key "updates." {{ algorithm hmac-sha512; secret "{key}"; }};
zone "kiosk.tls.test" {{
  type master;
  file "/var/lib/bind/kiosk.db";
  update-policy {{ grant updates. zonesub txt; }};
}};
"""
ZONE = """$TTL 60
@ IN SOA ns.kiosk.tls.test. ops.kiosk.tls.test. (1 60 60 60 60)
@ IN NS ns.kiosk.tls.test.
ns IN A 127.0.0.1
"""
CREDENTIALS = """dns_rfc2136_server = 127.0.0.1
dns_rfc2136_name = updates.
dns_rfc2136_secret = {key}
dns_rfc2136_algorithm = HMAC-SHA512
"""
OPTIONS = [
    "dns-rfc2136 = true",
    "dns-rfc2136-credentials = /etc/letsencrypt/rfc2136.ini",
    "dns-rfc2136-propagation-seconds = 2",
]


@pytest.fixture(scope="module")
def account(host: Any) -> Iterator[dict[str, str]]:
    """Start a name server, and an authority that asks it and knows one account; return the variables for that."""
    key, mac = (base64.b64encode(secrets.token_bytes(48)).decode() for _ in range(2))
    mac = mac.replace("+", "-").replace("/", "_")
    host.check_output("sudo DEBIAN_FRONTEND=noninteractive apt-get install -qq bind9 python3-certbot-dns-rfc2136")
    _write(host, "/etc/bind/named.conf.local", BIND.format(key=key), "bind")
    _write(host, "/var/lib/bind/kiosk.db", ZONE, "bind")
    _write(host, "/etc/letsencrypt/rfc2136.ini", CREDENTIALS.format(key=key), "root")
    host.check_output("sudo systemctl restart named")
    settings = json.loads(host.check_output("cat /etc/pebble/config.json"))["pebble"]
    settings |= {"listenAddress": "0.0.0.0:14001", "managementListenAddress": "0.0.0.0:15001"}
    settings |= {"externalAccountBindingRequired": True, "externalAccountMACKeys": {"shop-1": mac}}
    _write(host, "/etc/pebble/bound.json", json.dumps({"pebble": settings}), "root")
    start = "systemd-run --unit=pebble-bound --setenv=PEBBLE_VA_NOSLEEP=1 --setenv=PEBBLE_WFE_NONCEREJECT=0"
    host.check_output(f"sudo {start} pebble -config /etc/pebble/bound.json -dnsserver 127.0.0.1:53")
    wait_until(lambda: host.run("ss -ltn | grep -q :14001").rc == 0)
    yield {"certificates_eab_kid": "shop-1", "certificates_eab_hmac_key": mac}
    host.check_output("sudo systemctl stop pebble-bound")


def _write(host: Any, path: str, text: str, owner: str) -> None:
    encoded = base64.b64encode(text.encode()).decode()
    script = f"echo {encoded} | base64 -d >{path} && chown {owner} {path} && chmod 600 {path}"
    host.check_output("sudo sh -c %s", script)


def test_a_wildcard_of_an_account_that_the_authority_has_given(
    kiosk: SecureStack, playbook: Playbook, account: dict[str, str]
) -> None:
    domains = ["www.kiosk.tls.test", "api.kiosk.tls.test", "*.tenants.kiosk.tls.test"]
    services = described(INVENTORY, edge={"kind": "traefik", "domains": domains})
    given = {
        "stack_services": services,
        "certificates_server": "https://acme.tls.test:14001/dir",
        "certificates_certbot_options": OPTIONS,
    }
    before = kiosk.fingerprint()
    run = playbook("deploy", **given)
    assert "the deploy goes on with the certificate that there is" in run.output
    assert "external account binding" in run.output.lower()
    assert kiosk.fingerprint() == before

    wrong = {**account, "certificates_eab_hmac_key": base64.urlsafe_b64encode(b"x" * 48).decode()}
    run = playbook("certificates", **given, **wrong)
    assert run.code == 2
    assert "certbot: " in run.output
    assert kiosk.fingerprint() == before

    run = playbook("deploy", "-vvv", "--diff", **given, **account)
    assert run.code == 0, run.output
    assert account["certificates_eab_hmac_key"] not in run.output
    assert kiosk.fingerprint() == kiosk.fingerprint(NAME) != before
    with kiosk.connect(NAME) as connection:
        certificate = connection.getpeercert(binary_form=True)
    words = ["openssl", "x509", "-inform=der", "-noout", "-checkhost", NAME]
    assert b"does match certificate" in subprocess.run(words, input=certificate, capture_output=True).stdout
    assert kiosk.get("/", name=NAME).body == f"{NAME} https 443\n"
    # The proof was in DNS, and is not there any more.
    log = kiosk.host.check_output("sudo journalctl --unit=named --output=cat")
    assert "adding an RR at '_acme-challenge.tenants.kiosk.tls.test' TXT" in log
    assert "deleting an RR at _acme-challenge.tenants.kiosk.tls.test TXT" in log
    assert playbook("deploy", **given, **account).changed == 0


def test_it_renews_itself_by_dns_too(kiosk: SecureStack, account: dict[str, str]) -> None:
    before = kiosk.fingerprint(NAME)
    kiosk.renew()
    assert kiosk.fingerprint(NAME) != before

"""HTTPS with certificates of a real authority, of the host itself, and from the inventory, with nginx.

The tests depend on their order.
"""

from __future__ import annotations

import os
import socket
import ssl
import subprocess
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from tests.support.https import SecureStack, behaves, has_routes_by_name, over_http
from tests.support.stacks import described

Playbook = Callable[..., Any]
UnderLoad = Callable[..., AbstractContextManager[Callable[[], Any]]]

INVENTORY = Path(os.environ["MOLECULE_SCENARIO_DIRECTORY"])
DOMAINS = ["www.kiosk.tls.test", "api.kiosk.tls.test"]


def _edge(**keys: Any) -> dict[str, Any]:
    return described(INVENTORY, edge=keys)


def _run(playbook: Playbook, name: str, *options: str, **variables: Any) -> Any:
    run = playbook(name, *options, **variables)
    assert run.code == 0, run.output
    return run


def test_the_first_deploy_has_a_certificate_of_the_authority(kiosk: SecureStack, playbook: Playbook) -> None:
    behaves(kiosk, redirect=308)
    # Nobody who has looked the name up asks for another one.
    assert over_http(kiosk, "/", host="other.example.com") == (0, None)
    run = _run(playbook, "status")
    assert "kiosk.tls.test, www.kiosk.tls.test, api.kiosk.tls.test, until 20" in run.output
    assert "issuer CN=Pebble Intermediate CA" in run.output
    key = kiosk.host.check_output("sudo stat --format '%%a %%u' %s/edge/certificates/current/key.pem", kiosk.plain.home)
    assert key == "400 101"


def test_a_further_domain_has_a_route_of_its_own(kiosk: SecureStack) -> None:
    has_routes_by_name(kiosk)


def test_a_second_deploy_changes_nothing(kiosk: SecureStack, playbook: Playbook) -> None:
    assert _run(playbook, "deploy").changed == 0
    assert _run(playbook, "certificates").changed == 0
    assert _run(playbook, "certificates", "--check", certificates_verb="replace").changed == 1


def test_replaced_and_revoked_under_load(kiosk: SecureStack, playbook: Playbook, under_load: UnderLoad) -> None:
    before = kiosk.fingerprint()
    with under_load("nginx, replaced and revoked") as report:
        _run(playbook, "certificates", certificates_verb="replace", certificates_revoke=True)
    assert report().certificates == {before, kiosk.fingerprint()}
    assert before != kiosk.fingerprint()


def test_a_renewal_needs_no_controller(kiosk: SecureStack, playbook: Playbook, under_load: UnderLoad) -> None:
    host, before = kiosk.host, kiosk.fingerprint()
    assert "active" in host.check_output("systemctl is-active slipway-certificate-kiosk.timer")
    # It is not time yet.
    host.check_output("sudo systemctl start slipway-certificate-kiosk.service")
    assert kiosk.fingerprint() == before
    with under_load("nginx, renewed") as report:
        kiosk.renew()
    assert report().certificates == {before, kiosk.fingerprint()}
    assert before != kiosk.fingerprint()
    _run(playbook, "verify")


def test_a_renewal_and_a_deploy_wait_for_each_other(
    kiosk: SecureStack, playbook: Playbook, under_load: UnderLoad
) -> None:
    other = _edge(version="1.30-other")
    with under_load("nginx, renewed while its image is replaced") as report:
        run = kiosk.renewed_during(lambda: playbook("deploy", stack_services=other))
    assert run.code == 0, run.output
    assert "edge roll image" in run.output
    assert kiosk.fingerprint() in report().certificates
    _run(playbook, "verify", stack_services=other)


def test_another_image_under_load(kiosk: SecureStack, playbook: Playbook, under_load: UnderLoad) -> None:
    with under_load("nginx, image replaced"):
        run = _run(playbook, "deploy")
    assert "edge roll image" in run.output


def test_an_authority_that_is_away_stops_no_deploy(kiosk: SecureStack, playbook: Playbook) -> None:
    host, before = kiosk.host, kiosk.fingerprint()
    host.check_output("sudo systemctl kill --signal=STOP pebble")
    host.check_output("sudo iptables -I INPUT -p tcp --dport 14000 -j REJECT --reject-with tcp-reset")
    try:
        more = _edge(domains=[*DOMAINS, "new.kiosk.tls.test"])
        run = playbook("deploy", stack_services=more)
        assert "the deploy goes on with the certificate that there is" in run.output
        # The deploy is done, and its verification says what is missing.
        assert run.code == 2
        assert "the certificate is not for new.kiosk.tls.test; the last try failed: certbot:" in run.output
        assert kiosk.fingerprint() == before
        run = playbook("certificates", stack_services=more, certificates_verb="replace")
        assert run.code == 2
        assert "certbot:" in run.output
    finally:
        host.check_output("sudo iptables -D INPUT -p tcp --dport 14000 -j REJECT --reject-with tcp-reset")
        host.check_output("sudo systemctl kill --signal=CONT pebble")
    _run(playbook, "deploy")


def test_a_margin_is_a_failure(playbook: Playbook) -> None:
    run = playbook("verify", verify_certificate_margin=10_000)
    assert run.code == 2
    assert "days left (until 20" in run.output
    assert "and the margin is 10000" in run.output


def test_one_from_the_inventory(kiosk: SecureStack, playbook: Playbook, tmp_path: Path) -> None:
    before = kiosk.fingerprint()
    names = ",DNS:".join(["kiosk.tls.test", *DOMAINS])
    chain, key = _self_signed(tmp_path, names)
    _other, other_key = _self_signed(tmp_path, names)
    given = {"stack_services": _edge(tls={"source": "files"}), "certificates_chain": chain}
    live = kiosk.plain.live()
    for wrong, sentence in (
        ({"certificates_private_key": other_key}, "the key does not fit the certificate"),
        ({"certificates_private_key": ""}, "set certificates_chain and certificates_private_key"),
        ({"certificates_private_key": key, "certificates_chain": key}, "there is no certificate in PEM in it"),
        (
            {"certificates_private_key": key, "certificates_chain": _self_signed(tmp_path, "x.test")[0]},
            "is for x.test, and not for",
        ),
    ):
        run = playbook("deploy", **{**given, **wrong})
        assert run.code == 2
        assert sentence in run.output
        assert key.splitlines()[1] not in run.output
        assert (kiosk.plain.live(), kiosk.fingerprint()) == (live, before)
    run = _run(playbook, "deploy", "-vvv", **given, certificates_private_key=key)
    assert key.splitlines()[1] not in run.output
    assert ssl.PEM_cert_to_DER_cert(chain) == _der(kiosk)


def test_one_of_the_own_authority(
    kiosk: SecureStack, playbook: Playbook, under_load: UnderLoad, tmp_path: Path
) -> None:
    root = tmp_path / "root.pem"
    given = {"stack_services": _edge(tls={"source": "internal"}), "certificates_export": str(root)}
    _run(playbook, "deploy", **given)
    context = ssl.create_default_context(cafile=str(root))
    with context.wrap_socket(
        socket.create_connection((kiosk.server, 443)), server_hostname="kiosk.tls.test"
    ) as secured:
        assert secured.version() == "TLSv1.3"
    before = kiosk.fingerprint()
    with under_load("nginx, replaced by the own authority"):
        _run(playbook, "certificates", certificates_verb="replace", **given)
    assert kiosk.fingerprint() != before


def _self_signed(folder: Path, names: str) -> tuple[str, str]:
    words = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    words += ["-days", "60", "-subj", "/CN=test", "-addext", f"subjectAltName=DNS:{names}"]
    files = ["-keyout", str(folder / "key.pem"), "-out", str(folder / "chain.pem")]
    subprocess.run([*words, *files], check=True, capture_output=True)
    return (folder / "chain.pem").read_text(), (folder / "key.pem").read_text()


def _der(kiosk: SecureStack) -> bytes:
    with kiosk.connect() as connection:
        return connection.getpeercert(binary_form=True) or b""

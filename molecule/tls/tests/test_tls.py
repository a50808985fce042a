"""HTTPS with certificates of a real authority, of the host itself, and from the inventory, with nginx and Traefik.

The tests depend on their order.
"""

from __future__ import annotations

import os
import socket
import ssl
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.support.https import SecureStack, crowd
from tests.support.stacks import described

Playbook = Callable[..., Any]

LONG = bool(os.environ.get("ROLLOUT_LONG"))
INVENTORY = Path(os.environ["MOLECULE_SCENARIO_DIRECTORY"])
#: Visitors at the same time. Each waits a hundredth of a second between two requests.
CROWD = 8 if LONG else 4


def _edge(**keys: Any) -> dict[str, Any]:
    return described(INVENTORY, edge=keys)


def _run(playbook: Playbook, name: str, *options: str, **variables: Any) -> Any:
    run = playbook(name, *options, **variables)
    assert run.code == 0, run.output
    return run


def _seen(visitors: list[Any]) -> set[Any]:
    return set().union(*(visitor.seen for visitor in visitors))


def _refused(kiosk: SecureStack, **how: Any) -> str:
    try:
        kiosk.connect(**how).close()
    except OSError as error:
        return str(error).lower()
    return "not refused"


def _behaves_as_an_edge_with_https(kiosk: SecureStack) -> None:
    answer = kiosk.get("/shop?a=b")
    assert (answer.status, answer.body) == (200, "kiosk.tls.test https 443\n")
    assert answer.headers["strict-transport-security"] == "max-age=31536000"
    assert answer.headers["x-content-type-options"] == "nosniff"
    with kiosk.connect() as connection:
        assert connection.version() == "TLSv1.3"
    with kiosk.connect(maximum_version=ssl.TLSVersion.TLSv1_2) as connection:
        assert connection.version() == "TLSv1.2"
        assert "ECDHE" in str(connection.cipher())
    # Names without a certificate are refused before anything is said.
    assert "unrecognized name" in _refused(kiosk, name="other.example.com")
    assert kiosk.fingerprint("www.kiosk.tls.test") == kiosk.fingerprint()
    curl = ["curl", "--silent", "--insecure", "--http2", "--resolve", f"kiosk.tls.test:443:{kiosk.server}"]
    done = subprocess.run(
        [*curl, "--write-out", "%{http_version}", "--output", "/dev/null", "https://kiosk.tls.test/"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "2"
    assert _plain(kiosk, "/healthz") == (200, None)
    assert _plain(kiosk, "/shop?a=b") == (kiosk_redirect(kiosk), "https://kiosk.tls.test/shop?a=b")
    assert _plain(kiosk, "/.well-known/acme-challenge/none")[0] in (404, 502)


def kiosk_redirect(kiosk: SecureStack) -> int:
    """Return the status of a redirect: Traefik has 301 for GET, and 308 for the rest."""
    return 301 if "traefik" in kiosk.host.check_output("docker ps --format '{{.Image}}'") else 308


def _plain(kiosk: SecureStack, path: str, host: str = "kiosk.tls.test") -> tuple[int, str | None]:
    url = f"http://{kiosk.server}{path}"
    words = ["curl", "--silent", "--output", "/dev/null", "--write-out", "%{http_code} %{redirect_url}"]
    done = subprocess.run([*words, "--header", f"Host: {host}", url], capture_output=True, text=True)
    status, _space, target = done.stdout.partition(" ")
    return int(status), target or None


def test_the_first_deploy_has_a_certificate_of_the_authority(kiosk: SecureStack, playbook: Playbook) -> None:
    _behaves_as_an_edge_with_https(kiosk)
    # Nobody who has looked the name up asks for another one.
    assert _plain(kiosk, "/", host="other.example.com") == (0, None)
    run = _run(playbook, "status")
    assert "kiosk.tls.test, www.kiosk.tls.test, until 20" in run.output
    assert "issuer CN=Pebble Intermediate CA" in run.output
    key = kiosk.host.check_output("sudo stat --format '%%a %%u' %s/edge/certificates/current/key.pem", kiosk.plain.home)
    assert key == "400 101"


def test_a_second_deploy_changes_nothing(kiosk: SecureStack, playbook: Playbook) -> None:
    assert _run(playbook, "deploy").changed == 0
    assert _run(playbook, "certificates").changed == 0
    assert _run(playbook, "certificates", "--check", certificates_verb="replace").changed == 1


def test_replaced_and_revoked_under_load(kiosk: SecureStack, playbook: Playbook) -> None:
    before = kiosk.fingerprint()
    with crowd(kiosk, CROWD) as visitors:
        _run(playbook, "certificates", certificates_verb="replace", certificates_revoke=True)
    assert _seen(visitors) == {200}
    after = kiosk.fingerprint()
    assert set().union(*(visitor.certificates for visitor in visitors)) == {before, after}
    assert before != after


def test_a_renewal_needs_no_controller(kiosk: SecureStack, playbook: Playbook) -> None:
    host, before = kiosk.host, kiosk.fingerprint()
    assert "active" in host.check_output("systemctl is-active slipway-certificate-kiosk.timer")
    # It is not time yet.
    host.check_output("sudo systemctl start slipway-certificate-kiosk.service")
    assert kiosk.fingerprint() == before
    with crowd(kiosk, CROWD) as visitors:
        host.check_output(
            "sudo certbot renew --quiet --no-random-sleep-on-renew --force-renewal --cert-name slipway-kiosk"
        )
    assert _seen(visitors) == {200}
    assert kiosk.fingerprint() != before
    _run(playbook, "verify")


def test_a_renewal_and_a_deploy_wait_for_each_other(kiosk: SecureStack, playbook: Playbook) -> None:
    before, runs = kiosk.fingerprint(), []
    with crowd(kiosk, CROWD) as visitors:
        deploy = threading.Thread(
            target=lambda: runs.append(playbook("deploy", stack_services=_edge(version="1.30-other")))
        )
        deploy.start()
        renewed = kiosk.host.run(
            "sudo certbot renew --quiet --no-random-sleep-on-renew --force-renewal --cert-name slipway-kiosk"
        )
        deploy.join()
    assert (runs[0].code, renewed.rc) == (0, 0), (runs[0].output, renewed.stderr)
    assert "edge roll image" in runs[0].output
    assert _seen(visitors) == {200}
    assert kiosk.fingerprint() != before
    _run(playbook, "verify", stack_services=_edge(version="1.30-other"))


def test_an_authority_that_is_away_stops_no_deploy(kiosk: SecureStack, playbook: Playbook) -> None:
    host, before = kiosk.host, kiosk.fingerprint()
    host.check_output("sudo systemctl kill --signal=STOP pebble")
    host.check_output("sudo iptables -I INPUT -p tcp --dport 14000 -j REJECT --reject-with tcp-reset")
    try:
        more = _edge(domains=["www.kiosk.tls.test", "new.kiosk.tls.test"])
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
    names = "kiosk.tls.test,DNS:www.kiosk.tls.test"
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


def test_one_of_the_own_authority(kiosk: SecureStack, playbook: Playbook, tmp_path: Path) -> None:
    root = tmp_path / "root.pem"
    given = {"stack_services": _edge(tls={"source": "internal"}), "certificates_export": str(root)}
    _run(playbook, "deploy", **given)
    context = ssl.create_default_context(cafile=str(root))
    with context.wrap_socket(
        socket.create_connection((kiosk.server, 443)), server_hostname="kiosk.tls.test"
    ) as secured:
        assert secured.version() == "TLSv1.3"
    before = kiosk.fingerprint()
    with crowd(kiosk, CROWD) as visitors:
        _run(playbook, "certificates", certificates_verb="replace", **given)
    assert _seen(visitors) == {200}
    assert kiosk.fingerprint() != before


@pytest.mark.parametrize("source", ["acme"])
def test_with_traefik(kiosk: SecureStack, playbook: Playbook, source: str) -> None:
    keys = {**_edge(kind="traefik", tls={"source": source})}
    _run(playbook, "deploy", stack_services=keys, deploy_allow_downtime=True)
    _behaves_as_an_edge_with_https(kiosk)
    assert _plain(kiosk, "/", host="other.example.com") == (421, None)
    before = kiosk.fingerprint()
    with crowd(kiosk, CROWD) as visitors:
        _run(playbook, "certificates", stack_services=keys, certificates_verb="replace", certificates_revoke=True)
    assert _seen(visitors) == {200}
    assert kiosk.fingerprint() != before
    assert _run(playbook, "deploy", stack_services=keys).changed == 0


def _self_signed(folder: Path, names: str) -> tuple[str, str]:
    words = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    words += ["-days", "60", "-subj", "/CN=test", "-addext", f"subjectAltName=DNS:{names}"]
    files = ["-keyout", str(folder / "key.pem"), "-out", str(folder / "chain.pem")]
    subprocess.run([*words, *files], check=True, capture_output=True)
    return (folder / "chain.pem").read_text(), (folder / "key.pem").read_text()


def _der(kiosk: SecureStack) -> bytes:
    with kiosk.connect() as connection:
        return connection.getpeercert(binary_form=True) or b""

"""testssl.sh, a referee for TLS, finds nothing above *low* in a real nginx and a real Traefik. Two minutes for each."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from ansible_collections.slipway.stack.plugins.module_utils.certificates import openssl, pair
from ansible_collections.slipway.stack.plugins.module_utils.certificates.pair import Pair

from testbed import engine, images, shell
from tests.support.real_edge import HOST, Edge, running

REFEREE = "slipway/testssl"
HARMLESS = {"OK", "INFO", "LOW"}
#: What is found and is no fault, with the reason.
EXCEPTIONS = {
    "BREACH": "any compressed answer is found; only an application knows whether one has a secret beside its input",
    "engine_problem": "is about the referee's own openssl",
}
#: Some of what has to be looked at, so that a referee that gave up early is not taken for a content one.
LOOKED_AT = {
    "TLS1_2",
    "TLS1_3",
    "FS",
    "heartbleed",
    "ROBOT",
    "HSTS_time",
    "cert_chain_of_trust",
    "cert_notAfter",
    "LUCKY13",
}


def _certificate() -> tuple[str, Pair]:
    """Return the root of an authority of this test, and a certificate as the authorities of today issue them."""
    root_key, key = openssl.new_key(), openssl.new_key()
    signs = {"basicConstraints": "critical,CA:TRUE", "keyUsage": "critical,keyCertSign,cRLSign"}
    root = openssl.self_signed(root_key, "/O=Test/CN=Root of a test", 3650, signs)
    extensions = {
        "subjectAltName": f"DNS:{HOST}",
        "basicConstraints": "critical,CA:FALSE",
        "keyUsage": "critical,digitalSignature",
        "extendedKeyUsage": "serverAuth",
        "crlDistributionPoints": "URI:http://crl.example.com/1.crl",
    }
    leaf = openssl.signed(key, f"/CN={HOST}", 90, extensions, root, root_key)
    return root, pair.checked(leaf, key, "files", [HOST], is_private=True)


@pytest.fixture(params=["nginx", "traefik"])
def judged(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Edge, str]]:
    """An edge, and the root that its certificate leads to."""
    with shell.locked("images"):
        engine.require()
        images.ensure([REFEREE])
    root, certificate = _certificate()
    with running(request.param, tmp_path, certificate=certificate, tls={"source": "files"}) as edge:
        yield edge, root


def test_nothing_above_low_is_found(judged: tuple[Edge, str], tmp_path: Path) -> None:
    edge, root = judged
    findings = _findings(edge, root, tmp_path)
    wrong = {name: one for name, one in findings.items() if one["severity"] not in HARMLESS and name not in EXCEPTIONS}
    assert wrong == {}
    assert set(findings) >= LOOKED_AT
    assert findings["overall_grade"]["finding"] in ("A", "A+")
    low = {name: one["finding"] for name, one in findings.items() if one["severity"] == "LOW"}
    print(f"{edge.kind}: grade {findings['overall_grade']['finding']}, {len(findings)} findings, low: {low}")


def _findings(edge: Edge, root: str, folder: Path) -> Mapping[str, Mapping[str, str]]:
    """Return what testssl.sh says, by the names of its checks."""
    report = folder / "report"
    report.mkdir(mode=0o777)
    report.chmod(0o777)
    (report / "root.pem").write_text(root)
    where = ["run", "--rm", f"--network={edge.network}", f"--add-host={HOST}:{edge.address}"]
    words = ["--quiet", "--color=0", "--warnings=off", "--nodns=min", f"--ip={edge.address}"]
    words += ["--add-ca=/report/root.pem", "--jsonfile=/report/found.json", f"https://{HOST}:8443/"]
    command = ["docker", *where, f"--volume={report}:/report", REFEREE, *words]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=900)
    assert (report / "found.json").exists(), done.stdout + done.stderr
    return {one["id"]: one for one in json.loads((report / "found.json").read_text())}

"""A stack on a testbed server over HTTPS, for the verifiers."""

from __future__ import annotations

import hashlib
import http.client
import json
import socket
import ssl
import subprocess
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, TypeVar

from tests.support.stacks import Answer, Stack, wait_until

_Run = TypeVar("_Run")


@dataclass(frozen=True)
class SecureStack:
    """The stack `name` on the server of testinfra's `host`, at the server's address. `domain` is its host name."""

    host: Any
    name: str
    server: str
    domain: str

    @property
    def plain(self) -> Stack:
        """The same stack over HTTP."""
        return Stack(self.host, self.name, 80, self.server)

    def connect(self, name: str = "", **options: Any) -> ssl.SSLSocket:
        """Return a new connection. *options* are attributes of the context, such as ``maximum_version``.

        :raises OSError: if there is none, or the server refuses to speak TLS for this name.
        """
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        for option, value in options.items():
            setattr(context, option, value)
        plain = socket.create_connection((self.server, 443), timeout=10)
        return context.wrap_socket(plain, server_hostname=name or self.domain)

    def fingerprint(self, name: str = "") -> str:
        """Return the SHA-256 of the certificate for a name, in hexadecimal digits."""
        with self.connect(name) as connection:
            return hashlib.sha256(connection.getpeercert(binary_form=True) or b"").hexdigest()

    def get(self, path: str = "/", headers: dict[str, str] | None = None, name: str = "") -> Answer:
        """Send a GET request on a new connection. :param name: the host name, if it is not the domain."""
        with self.connect(name) as secured:
            connection = http.client.HTTPConnection(name or self.domain)
            connection.sock = secured
            connection.request("GET", path, headers=headers or {})
            response = connection.getresponse()
            found = {name.lower(): value for name, value in response.getheaders()}
            return Answer(response.status, found, response.read().decode())

    def renew(self) -> None:
        """Have the authority issue another certificate now, without a controller, and wait until it is installed."""
        name = f"--cert-name=slipway-{self.name}"
        self.host.check_output(f"sudo certbot renew --quiet --no-random-sleep-on-renew --force-renewal {name}")

    def renewed_during(self, deploy: Callable[[], _Run]) -> _Run:
        """Deploy, and have a certificate renewed as soon as the rollout has begun; return what *deploy* returns.

        :raises AssertionError: if the renewal did not wait for the rollout.
        """
        rollouts = len(self.journal("journal"))
        with ThreadPoolExecutor(1) as pool:
            run = pool.submit(deploy)
            wait_until(lambda: run.done() or len(self.journal("journal")) > rollouts, 120)
            self.renew()
            result = run.result()
        end = self.journal("journal")[-1]
        assert (end["step"], end["state"]) == ("end", "done"), end
        installed = [one["at"] for one in self.journal("certificate-journal") if one["step"] == "certificate"]
        assert installed[-2] >= end["at"], "the certificate was installed while a rollout was under way"
        return result

    def journal(self, name: str) -> list[dict[str, Any]]:
        """Return the records of ``journal`` or ``certificate-journal``, oldest first."""
        lines = self.host.check_output("sudo cat %s", f"{self.plain.home}/state/{name}.jsonl").splitlines()
        return [json.loads(line) for line in lines]


def behaves(kiosk: SecureStack, redirect: int) -> None:
    """Check what both proxies have in common. :param redirect: the status of a redirect to HTTPS."""
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
    assert "unrecognized name" in _refusal(kiosk, name="other.example.com")
    assert kiosk.fingerprint("www.kiosk.tls.test") == kiosk.fingerprint()
    curl = ["curl", "--silent", "--insecure", "--http2", "--resolve", f"kiosk.tls.test:443:{kiosk.server}"]
    done = subprocess.run(
        [*curl, "--write-out", "%{http_version}", "--output", "/dev/null", "https://kiosk.tls.test/"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "2"
    assert over_http(kiosk, "/healthz") == (200, None)
    assert over_http(kiosk, "/shop?a=b") == (redirect, "https://kiosk.tls.test/shop?a=b")
    assert over_http(kiosk, "/.well-known/acme-challenge/none")[0] in (404, 502)


def has_routes_by_name(kiosk: SecureStack) -> None:
    """Check the route for one name: it answers there, with a certificate for that name, and nowhere else."""
    own, others = "api.kiosk.tls.test", ("kiosk.tls.test", "www.kiosk.tls.test")
    for path in ("/v1/", "/v1/orders?a=b"):
        assert kiosk.get(path, name=own).body == f"api of {own}\n"
        for other in others:
            assert kiosk.get(path, name=other).body == f"{other} https 443\n"
    # All other paths of that name have the route for all names.
    assert kiosk.get("/", name=own).body == f"{own} https 443\n"
    for name in (own, *others):
        with kiosk.connect(name) as connection:
            pem = ssl.DER_cert_to_PEM_cert(connection.getpeercert(binary_form=True) or b"")
        for asked, verdict in ((name, "does match certificate"), ("x.tls.test", "does NOT match certificate")):
            words = ["openssl", "x509", "-noout", "-checkhost", asked]
            assert verdict in subprocess.run(words, input=pem, capture_output=True, text=True).stdout
    # The name in TLS is not the name of the request: that one counts.
    with kiosk.connect() as secured:
        secured.sendall(f"GET /v1/ HTTP/1.1\r\nHost: {own}\r\nConnection: close\r\n\r\n".encode())
        answer = http.client.HTTPResponse(secured)
        answer.begin()
        assert answer.read() == f"api of {own}\n".encode()


def over_http(kiosk: SecureStack, path: str, host: str = "kiosk.tls.test") -> tuple[int, str | None]:
    """Return the status of an answer over HTTP, 0 if there is none, and where it redirects to."""
    url = f"http://{kiosk.server}{path}"
    words = ["curl", "--silent", "--output", "/dev/null", "--write-out", "%{http_code} %{redirect_url}"]
    done = subprocess.run([*words, "--header", f"Host: {host}", url], capture_output=True, text=True)
    status, _space, target = done.stdout.partition(" ")
    return int(status), target or None


def _refusal(kiosk: SecureStack, **how: Any) -> str:
    try:
        kiosk.connect(**how).close()
    except OSError as error:
        return str(error).lower()
    return "not refused"

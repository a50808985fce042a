"""A stack on a testbed server over HTTPS, for the verifiers."""

from __future__ import annotations

import hashlib
import http.client
import socket
import ssl
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

from tests.support.repeated import Repeated
from tests.support.stacks import Answer, Stack


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

    def get(self, path: str = "/", headers: dict[str, str] | None = None) -> Answer:
        """Send a GET request on a new connection."""
        with self.connect() as secured:
            return answer(secured, self.domain, path, headers or {})


def answer(secured: ssl.SSLSocket, domain: str, path: str, headers: dict[str, str]) -> Answer:
    """Send a GET request on a connection, which stays open."""
    connection = http.client.HTTPConnection(domain)
    connection.sock = secured
    connection.request("GET", path, headers=headers)
    response = connection.getresponse()
    found = {name.lower(): value for name, value in response.getheaders()}
    return Answer(response.status, found, response.read().decode())


class SecureVisitor(Repeated):
    """Requests a path again and again: ``seen`` is the set of statuses or errors, ``count`` the number of requests.

    ``certificates``: the fingerprints that it got. *keeps*: how many requests it sends on one connection.
    """

    def __init__(self, stack: SecureStack, keeps: int = 1, pause: float = 0.01) -> None:
        super().__init__(pause)
        self.seen: set[Any] = set()
        self.certificates: set[str] = set()
        self.count = 0
        self._stack = stack
        self._keeps = keeps
        self._open: tuple[ssl.SSLSocket, int] | None = None

    def once(self) -> None:
        """Send one request."""
        self.count += 1
        try:
            secured, used = self._open or (self._connected(), 0)
            found = answer(secured, self._stack.domain, "/", {})
            is_kept = used + 1 < self._keeps and found.headers.get("connection", "").lower() != "close"
            if not is_kept:
                secured.close()
            self._open = (secured, used + 1) if is_kept else None
            self.seen.add(found.status)
        except (OSError, http.client.HTTPException) as error:
            self._open = None
            self.seen.add((type(error).__name__, str(error)))

    def _connected(self) -> ssl.SSLSocket:
        secured = self._stack.connect()
        self.certificates.add(hashlib.sha256(secured.getpeercert(binary_form=True) or b"").hexdigest())
        return secured


@contextmanager
def crowd(stack: SecureStack, size: int) -> Iterator[list[SecureVisitor]]:
    """Run visitors at once. A half of them opens a connection for each request, the others send ten on each."""
    with ExitStack() as exits:
        yield [exits.enter_context(SecureVisitor(stack, keeps=1 if number % 2 else 10)) for number in range(size)]

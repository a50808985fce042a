"""Certificates that are made with the real openssl, each in a moment."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest
from ansible_collections.slipway.stack.plugins.module_utils.certificates import openssl
from ansible_collections.slipway.stack.plugins.module_utils.state.layout import Home


@dataclass(frozen=True)
class Made:
    """A certificate and its key, in PEM."""

    certificate: str
    key: str


class Authority:
    """A root, an authority below it, and what they sign."""

    def __init__(self) -> None:
        self.root = self._root("/CN=root")
        self.below = self._signed("/CN=below", {"basicConstraints": "critical,CA:TRUE"}, self.root, 100)

    def leaf(self, names: str = "shop.example.com", days: int = 60) -> Made:
        """Return a certificate for host names, with commas between them."""
        alternatives = ",".join(f"DNS:{name}" for name in names.split(","))
        return self._signed("/CN=leaf", {"subjectAltName": alternatives}, self.below, days)

    @staticmethod
    def _root(subject: str) -> Made:
        key = openssl.new_key()
        return Made(openssl.self_signed(key, subject, 100, {"basicConstraints": "critical,CA:TRUE"}), key)

    @staticmethod
    def _signed(subject: str, extensions: dict[str, str], by: Made, days: int) -> Made:
        key = openssl.new_key()
        return Made(openssl.signed(key, subject, days, extensions, by.certificate, by.key), key)


@pytest.fixture(scope="session")
def authority() -> Authority:
    return Authority()


@pytest.fixture
def home(tmp_path: Path) -> Home:
    found = Home(str(tmp_path / "shop"))
    found.make_directories()
    found.edge.mkdir()
    return found

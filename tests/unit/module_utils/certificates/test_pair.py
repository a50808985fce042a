"""A chain and a key are checked completely before anything uses them, and each problem is a sentence."""

from __future__ import annotations

import time
from typing import Any

import pytest
from ansible_collections.slipway.stack.plugins.module_utils.certificates import openssl, pair
from ansible_collections.slipway.stack.plugins.module_utils.state.journal import RolloutFailed

from tests.support.own_time import give_time

NAMES = ["shop.example.com"]


def _chain(authority: Any, leaf: Any) -> str:
    return str(leaf.certificate + authority.below.certificate + authority.root.certificate)


def test_a_good_pair_says_what_it_is(authority: Any) -> None:
    leaf = authority.leaf("shop.example.com,www.shop.example.com")
    text = "what people write above\n" + _chain(authority, leaf).replace("\n", "\r\n")
    found = pair.checked(text, leaf.key, "files", NAMES)
    assert found.about.names == ("shop.example.com", "www.shop.example.com")
    assert found.about.issuer == "CN=below"
    assert 59 < (found.about.not_after - time.time()) / 86400 < 61
    assert found.about.fingerprint == openssl.facts(leaf.certificate).fingerprint
    assert not found.about.has_ocsp


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda a, leaf: (leaf.certificate, leaf.key), "the chain ends with CN=leaf, and this host does not know its"),
        (lambda a, leaf: (leaf.certificate + a.root.certificate, leaf.key), "is not in order: CN=leaf was issued by"),
        (lambda a, leaf: (_chain(a, leaf), a.leaf().key), "the key does not fit the certificate"),
        (lambda a, leaf: (_chain(a, leaf), "no key"), "the key cannot be read"),
        (lambda a, leaf: (_chain(a, leaf), leaf.certificate), "the key cannot be read"),
        (lambda a, leaf: ("nothing", leaf.key), "there is no certificate in PEM in it"),
        (
            lambda a, leaf: (a.leaf("other.example.com").certificate, leaf.key),
            "is for other.example.com, and not for shop",
        ),
        (lambda a, leaf: (_chain(a, leaf) * 5, leaf.key), "it has 15 certificates"),
        (lambda a, leaf: ("x" * 200_000, leaf.key), "larger than 128 kB"),
        (lambda a, leaf: (leaf.certificate.replace("M", "N", 3), leaf.key), "the certificate cannot be read"),
    ],
)
def test_what_is_wrong_is_said(authority: Any, change: Any, sentence: str) -> None:
    chain, key = change(authority, authority.leaf())
    with pytest.raises(RolloutFailed) as caught:
        pair.checked(chain, key, "files", NAMES)
    assert sentence in str(caught.value)
    assert "PRIVATE" not in str(caught.value)


def test_a_key_with_a_passphrase_has_a_remedy(authority: Any) -> None:
    leaf = authority.leaf()
    with openssl.files(key=leaf.key) as folder:
        locked = openssl.run("pkey", "-in", str(folder / "key"), "-aes256", "-passout", "pass:1234")
    with pytest.raises(RolloutFailed, match=r"the key has a passphrase, .*openssl pkey -in KEY"):
        pair.checked(_chain(authority, leaf), locked, "files", NAMES)


def test_an_expired_one_is_named(authority: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    leaf = authority.leaf(days=2)
    later = time.time() + 3 * 86400
    give_time(monkeypatch, pair, time=lambda: later)
    with pytest.raises(RolloutFailed, match="the certificate of CN=leaf has expired on 20"):
        pair.checked(_chain(authority, leaf), leaf.key, "files", NAMES)


def test_one_that_is_its_own_issuer_is_accepted(authority: Any) -> None:
    key = openssl.new_key()
    alone = openssl.self_signed(key, "/CN=alone", 30, {"subjectAltName": "DNS:shop.example.com"})
    assert pair.checked(alone, key, "files", NAMES).about.names == ("shop.example.com",)


def test_an_authority_that_nobody_knows_is_accepted_from_certbot(authority: Any) -> None:
    leaf = authority.leaf()
    assert pair.checked(leaf.certificate, leaf.key, "acme", NAMES, is_private=True).about.source == "acme"


@pytest.mark.parametrize(
    ("names", "certificate", "expected"),
    [
        (["a.x"], ("a.x",), []),
        (["a.x", "b.x"], ("a.x",), ["b.x"]),
        (["a.x"], ("*.x",), []),
        (["a.b.x"], ("*.x",), ["a.b.x"]),
        (["x"], ("*.x",), ["x"]),
        (["*.x"], ("*.x",), []),
        (["*.x"], ("a.x",), ["*.x"]),
        (["*.b.x"], ("*.x",), ["*.b.x"]),
    ],
)
def test_a_wildcard_stands_for_one_label(names: list[str], certificate: tuple[str, ...], expected: list[str]) -> None:
    assert pair.uncovered(names, certificate) == expected

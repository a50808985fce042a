"""What certbot is told, and what its failures mean. The scenario `tls` runs it against a real authority."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.slipway.stack.plugins.module_utils.certificates import acme
from ansible_collections.slipway.stack.plugins.module_utils.certificates.acme import Account, Hooks
from ansible_collections.slipway.stack.plugins.module_utils.engine import program
from ansible_collections.slipway.stack.plugins.module_utils.state.journal import RolloutFailed
from ansible_collections.slipway.stack.plugins.module_utils.state.layout import Home

HOOKS = Hooks("install it", "", "")
#: What certbot 4.0 says, as it was seen.
REFUSED = """
Certbot failed to authenticate some domains (authenticator: webroot). The Certificate Authority reported these problems:
  Domain: shop.example.com
  Type:   connection
  Detail: 192.0.2.1: it is closed

Hint: The Certificate Authority failed to download the temporary challenge files created by Certbot.
Some challenges have failed.
Ask for help or search for solutions at https://community.letsencrypt.org.
"""
AWAY = """Saving debug log to /var/log/letsencrypt/letsencrypt.log
An unexpected error occurred:
requests.exceptions.ConnectionError: HTTPSConnectionPool(host='acme.x', port=443): refused
Ask for help or search for solutions at https://community.letsencrypt.org.
"""


@pytest.fixture
def ran(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[str]:
    """Return the words of certbot, and the lines of its configuration."""
    said: list[str] = []

    def run(command: Sequence[str], _timeout: float) -> Any:
        said.extend(command)
        if "--config" in command:
            said.extend(Path(command[command.index("--config") + 1]).read_text().splitlines())
        return subprocess.CompletedProcess(list(command), 0, "", "")

    monkeypatch.setattr(program, "run", run)
    monkeypatch.setattr(acme, "_FOLDER", tmp_path)
    return said


def test_a_proof_is_put_where_the_edge_serves_it(home: Home, ran: list[str]) -> None:
    acme.issue(home, "shop", ["a.x", "b.x"], Account(email="ops@x"), HOOKS, forced=False)
    assert {"domains = a.x,b.x", "email = ops@x", f"webroot-path = {home.edge}/challenges"} <= set(ran)
    assert "deploy-hook = install it" in ran
    assert not any(line.startswith(("staging", "server", "force", "eab", "pre-hook")) for line in ran)


def test_the_key_of_an_account_is_no_argument(home: Home, ran: list[str]) -> None:
    account = Account(server="https://ca.x/dir", eab_kid="me", eab_hmac_key="c2VjcmV0")
    acme.issue(home, "shop", ["a.x"], account, HOOKS, forced=False)
    assert {"server = https://ca.x/dir", "eab-kid = me", "eab-hmac-key = c2VjcmV0"} <= set(ran)
    assert not any("c2VjcmV0" in word for word in ran[: ran.index("--config")])
    assert "register-unsafely-without-email = true" in ran


def test_another_way_to_prove_needs_no_directory(home: Home, ran: list[str]) -> None:
    acme.issue(home, "shop", ["*.x"], Account(options=("dns-rfc2136 = true",)), HOOKS, forced=False)
    assert "dns-rfc2136 = true" in ran
    assert not any(line.startswith("webroot") for line in ran)


@pytest.mark.parametrize(
    ("server", "account", "expected"),
    [
        ("https://acme-v02.api.letsencrypt.org/directory", Account(), False),
        ("https://acme-staging-v02.api.letsencrypt.org/directory", Account(), True),
        ("https://acme-v02.api.letsencrypt.org/directory", Account(staging=True), True),
        ("https://ca.x/dir", Account(), True),
        ("https://ca.x/dir", Account(server="https://ca.x/dir"), False),
        ("", Account(), False),
    ],
)
def test_one_of_another_authority_is_replaced(
    home: Home, ran: list[str], tmp_path: Path, server: str, account: Account, expected: bool
) -> None:
    if server:
        (tmp_path / "renewal").mkdir()
        (tmp_path / "renewal/slipway-shop.conf").write_text(f"[renewalparams]\nserver = {server}\n")
    acme.issue(home, "shop", ["a.x"], account, HOOKS, forced=False)
    assert ("force-renewal = true" in ran) == expected


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        (
            REFUSED,
            "the certification authority did not accept shop.example.com: 192.0.2.1: it is closed (connection)",
        ),
        (
            AWAY,
            "certbot: requests.exceptions.ConnectionError: HTTPSConnectionPool(host='acme.x', port=443): refused",
        ),
        ("", "certbot: no reason given"),
    ],
)
def test_a_failure_says_what_the_authority_said(monkeypatch: pytest.MonkeyPatch, said: str, sentence: str) -> None:
    failed = subprocess.CompletedProcess(["certbot"], 1, "", said)
    monkeypatch.setattr(program, "run", lambda *_words: failed)
    with pytest.raises(RolloutFailed) as caught:
        acme.renew("shop")
    assert str(caught.value) == sentence


def test_without_certbot_there_is_a_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    def run(*_words: Any) -> Any:
        raise FileNotFoundError(2, "No such file or directory")

    monkeypatch.setattr(program, "run", run)
    with pytest.raises(RolloutFailed, match=r"certbot cannot be started: .*; the role certificates installs it"):
        acme.renew("shop")

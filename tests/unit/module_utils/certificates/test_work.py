"""Where a certificate comes from, when it is gotten, and what stays if it is not."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from ansible_collections.slipway.stack.plugins.module_utils.certificates import (
    acme,
    installing,
    issuing,
    openssl,
    standing,
    work,
)
from ansible_collections.slipway.stack.plugins.module_utils.certificates.work import Wanted
from ansible_collections.slipway.stack.plugins.module_utils.edge import certificate_files
from ansible_collections.slipway.stack.plugins.module_utils.state.journal import RolloutFailed
from ansible_collections.slipway.stack.plugins.module_utils.state.layout import Home

from tests.support.own_time import give_time

NAMES = ["shop.example.com"]
_OTHER = "the certificate in use is one of the source 'internal', and not of the source 'acme'"


def _manifest(source: str, names: list[str] | None = None) -> dict[str, Any]:
    edge = {"edge": True, "proxy": "nginx", "settings": {"user": "0:0"}}
    return {
        "stack": "shop",
        "services": {"edge": edge},
        "tls": {"source": source, "names": names or NAMES, "port": 8443},
    }


def _ensure(home: Home, manifest: dict[str, Any], verb: str = "ensure", **more: Any) -> bool:
    return work.apply(home, manifest, Wanted(verb, "me", patience=1.0, **more))


def test_the_own_authority_issues_once(home: Home) -> None:
    manifest = _manifest("internal")
    assert work.is_needed(home, manifest, Wanted("ensure", "me"))
    assert _ensure(home, manifest)
    first = certificate_files.current(home)
    assert first is not None
    assert not work.is_needed(home, manifest, Wanted("ensure", "me"))
    assert not _ensure(home, manifest)
    root = issuing.root(home)
    # Another name, another certificate; the same authority.
    assert _ensure(home, _manifest("internal", ["shop.example.com", "www.shop.example.com"]))
    assert _ensure(home, manifest, verb="replace")
    assert issuing.root(home) == root
    chain, key = certificate_files.pair(home, str(certificate_files.current(home).name))  # type: ignore[union-attr]
    assert openssl.verification_error(openssl.split(chain)[:1], root) == ""
    assert "PRIVATE KEY" in key
    assert (home.path / "certificates/ca.key").stat().st_mode & 0o077 == 0
    assert (home.path / "certificates").stat().st_mode & 0o077 == 0


def test_one_of_the_own_authority_is_renewed_a_month_before_its_end(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    manifest, wanted = _manifest("internal"), Wanted("renew", "timer")
    _ensure(home, manifest)
    now = time.time()
    for days, expected in ((59, False), (61, True)):
        give_time(monkeypatch, work, time=lambda days=days: now + days * 86400)
        assert work.is_needed(home, manifest, wanted) == expected


def test_half_an_authority_is_refused(home: Home) -> None:
    _ensure(home, _manifest("internal"))
    (home.path / "certificates/ca.key").unlink()
    with pytest.raises(RolloutFailed, match=r"has only one of ca\.pem and ca\.key"):
        _ensure(home, _manifest("internal"), verb="replace")
    last = work.last(home)
    assert last is not None
    assert "has only one of" in last.problem


def test_before_the_first_deploy_no_authority_is_asked(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(acme, "_certbot", lambda *_words: pytest.fail("certbot was started"))
    assert not _ensure(home, _manifest("acme"))


def test_the_edge_starts_with_one_that_nobody_trusts(home: Home) -> None:
    manifest = _manifest("acme")
    installing.ensure(home, manifest)
    found = certificate_files.current(home)
    assert found is not None
    assert (found.about.source, found.about.names) == ("moment", ("shop.example.com",))
    # It stays for the next deploy.
    installing.ensure(home, manifest)
    assert certificate_files.current(home) == found
    (problem,) = standing.problems(standing.standing(home, manifest, time.time()), 14)
    assert problem.startswith(
        "the certificate in use is one that nobody trusts, and not of the source 'acme'; playbooks/"
    )


def test_a_stack_without_https_has_none(home: Home) -> None:
    manifest = {**_manifest("acme"), "tls": {}}
    installing.ensure(home, manifest)
    assert certificate_files.current(home) is None
    assert standing.standing(home, manifest, 0.0) is None


def test_another_proxy_can_read_the_key(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    owned = []
    monkeypatch.setattr(certificate_files.os, "chown", lambda path, uid, _gid: owned.append((path.name, uid)))
    manifest = _manifest("acme")
    installing.ensure(home, manifest)
    manifest["services"]["edge"]["settings"]["user"] = "65532:65532"
    installing.ensure(home, manifest)
    assert owned == [("key.pem", 0), ("key.pem", 65532)]


@pytest.mark.parametrize("name", ["chain.pem", "key.pem", "about.json"])
def test_a_damaged_one_is_none(home: Home, name: str) -> None:
    _ensure(home, _manifest("internal"))
    found = certificate_files.current(home)
    assert found is not None
    path = home.edge / "certificates" / found.name / name
    path.unlink()
    if name == "about.json":
        path.write_text("{")
    assert certificate_files.current(home) is None
    assert work.is_needed(home, _manifest("internal"), Wanted("ensure", "me"))


def test_of_many_the_newest_and_the_one_in_use_stay(home: Home) -> None:
    manifest = _manifest("internal")
    _ensure(home, manifest)
    first = certificate_files.current(home)
    assert first is not None
    for _ in range(4):
        _ensure(home, manifest, verb="replace")
    certificate_files.use(home, first.name)
    certificate_files.prune(home, 2)
    folders = [path.name for path in (home.edge / "certificates").iterdir() if path.name != "current"]
    assert len(folders) == 3
    assert first.name in folders


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, []),
        ({"days": 13}, ["the certificate has 13 days left (until 2027-01-15), and the margin is 14"]),
        ({"days": -1}, ["the certificate has expired (until 2027-01-15), and the margin is 14"]),
        (
            {"days": 2, "problem": "away"},
            ["the certificate has 2 days left (until 2027-01-15), and the margin is 14; the last try failed: away"],
        ),
        ({"missing": ["new.x"]}, ["the certificate is not for new.x"]),
        ({"source": ""}, ["the edge has no certificate"]),
        (
            {"source": "internal"},
            [f"{_OTHER}; playbooks/certificates.yml gets it"],
        ),
    ],
)
def test_what_a_verification_says(changes: dict[str, Any], expected: list[str]) -> None:
    state = {"source": "acme", "wanted": "acme", "days": 60, "not_after": 1_800_000_000, "missing": [], "problem": ""}
    assert standing.problems({**state, **changes}, 14) == expected


def test_a_damaged_record_is_none(home: Home) -> None:
    (home.state / "certificate.json").write_text(json.dumps({"at": "x"}))
    assert work.last(home) is None


@pytest.mark.parametrize(
    ("answers", "expected"), [("the one in use", False), ("another one", True), (OSError("refused"), False)]
)
def test_a_certificate_that_is_not_answered_is_installed_again(
    home: Home, monkeypatch: pytest.MonkeyPatch, answers: Any, expected: bool
) -> None:
    """An installation can be killed after it has changed the link."""
    manifest = _manifest("internal")
    _ensure(home, manifest)
    found = certificate_files.current(home)
    assert found is not None

    def answered(*_words: Any) -> str:
        if isinstance(answers, OSError):
            raise answers
        return found.about.fingerprint if answers == "the one in use" else "0" * 64

    monkeypatch.setattr(installing, "certificate_of", answered)
    monkeypatch.setattr(installing, "tls_address", lambda _manifest: ("127.0.0.1", 443))
    monkeypatch.setattr(Home, "current_id", lambda _home: "r1")
    monkeypatch.setattr(Home, "manifest", lambda _home, _id: manifest)
    assert work.is_needed(home, manifest, Wanted("ensure", "me")) == expected

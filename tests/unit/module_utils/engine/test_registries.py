"""With which login a registry is asked: files as ``docker login`` writes them, and helpers that are real programs."""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.slipway.stack.plugins.module_utils.engine.docker import DockerError
from ansible_collections.slipway.stack.plugins.module_utils.engine.registries import remote_digest

from tests.support.fake_engine import Answer

HOST = "registry.example.com:5000"
IMAGE = f"{HOST}/shop/backend:1"
ANSWERS: dict[str, tuple[int, Any]] = {
    "/v1.44/distribution/registry.example.com%3A5000/shop/backend%3A1/json": (200, {"Descriptor": {"digest": "0f"}}),
    "/v1.44/distribution/acme/backend%3A1/json": (200, {"Descriptor": {"digest": "1f"}}),
    "/v1.44/info": (200, {"IndexServerAddress": "https://index.example.com/v1/"}),
}
ADA = base64.b64encode(b"ada:pass:word").decode()

#: Lays down what this host keeps of logins, and has :func:`remote_digest` ask with it: the login that is sent along.
Sent = Callable[..., dict[str, str]]


@pytest.fixture
def sent(answer: Answer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Sent:
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    asked = answer(ANSWERS)

    def ask(kept: object, image: str = IMAGE) -> dict[str, str]:
        (tmp_path / "config.json").write_text(kept if isinstance(kept, str) else json.dumps(kept))
        remote_digest(image)
        login: dict[str, str] = json.loads(base64.urlsafe_b64decode(asked[-1][1]["X-Registry-Auth"]))
        return login

    return ask


@pytest.fixture
def helper(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Have a helper called `shelf` that is this script; the registry it is asked for is in `$server`."""

    def have(script: str) -> None:
        program = tmp_path / "docker-credential-shelf"
        program.write_text(f'#!/bin/sh\ntest "$1" = get || exit 2\nserver=$(cat)\n{script}\n')
        program.chmod(0o755)

    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    return have


def _printf(user: str, secret: str) -> str:
    return f"""printf '{{"ServerURL": "%s", "Username": "{user}", "Secret": "{secret}"}}' "$server" """


def test_the_login_of_that_registry(sent: Sent) -> None:
    kept = {"auths": {HOST: {"auth": ADA}, "elsewhere.example.com": {"auth": "AAAA"}}}
    assert sent(kept) == {"username": "ada", "password": "pass:word", "serveraddress": HOST}
    with pytest.raises(DockerError, match="no such image"):
        sent(kept, "elsewhere.example.com/shop/backend:1")


def test_the_default_registry_has_the_name_that_the_engine_has_for_it(sent: Sent) -> None:
    server = "https://index.example.com/v1/"
    kept = {"auths": {server: {"auth": ADA}}}
    assert sent(kept, "acme/backend:1") == {"username": "ada", "password": "pass:word", "serveraddress": server}
    assert sent(kept) == {}


def test_a_token_in_place_of_a_password(sent: Sent) -> None:
    kept = {"auths": {HOST: {"auth": ADA, "identitytoken": "t0ken"}}}
    assert sent(kept) == {"identitytoken": "t0ken", "serveraddress": HOST}


@pytest.mark.parametrize(
    "kept",
    ["", "{", "[]", {"auths": {}}, {"auths": {HOST: {}}}, {"auths": {HOST: {"auth": "=?"}}}, {"credHelpers": {}}],
)
def test_without_a_login_none_is_sent(sent: Sent, kept: object) -> None:
    assert sent(kept) == {}


@pytest.mark.parametrize("kept", [{"credHelpers": {HOST: "shelf"}}, {"credsStore": "shelf", "auths": {HOST: {}}}])
def test_a_helper_is_asked(sent: Sent, helper: Callable[[str], None], kept: object) -> None:
    helper(_printf("ada", "of $server"))
    assert sent(kept)["username"] == "ada"
    helper(_printf("<token>", "t0ken"))
    assert sent(kept) == {"identitytoken": "t0ken", "serveraddress": HOST}


def test_a_helper_is_told_which_registry(sent: Sent, helper: Callable[[str], None]) -> None:
    helper(f'test "$server" = {HOST} || exit 3; {_printf("ada", "secret")}')
    assert sent({"credsStore": "shelf"}) == {"username": "ada", "password": "secret", "serveraddress": HOST}


def test_what_a_helper_does_not_have_may_be_in_the_file(sent: Sent, helper: Callable[[str], None]) -> None:
    helper("echo credentials not found in native keychain; exit 1")
    assert sent({"credsStore": "shelf"}) == {}
    assert sent({"credsStore": "shelf", "auths": {HOST: {"auth": ADA}}})["username"] == "ada"


@pytest.mark.parametrize(
    ("script", "said"),
    [
        (
            "echo the vault is locked >&2; exit 1",
            f"does not give the login for {HOST}: the vault is locked",
        ),
        ("echo ada", f"answers with something else than the login for {HOST}"),
        ("echo '{}'", f"answers with something else than the login for {HOST}"),
    ],
)
def test_a_helper_that_fails(sent: Sent, helper: Callable[[str], None], script: str, said: str) -> None:
    helper(script)
    with pytest.raises(DockerError, match=f"^docker-credential-shelf {said}$"):
        sent({"credsStore": "shelf"})


def test_a_helper_that_is_not_there(sent: Sent) -> None:
    with pytest.raises(
        DockerError, match=f"^docker-credential-gone, which keeps the login for {HOST}, cannot be asked"
    ):
        sent({"credHelpers": {HOST: "gone"}})

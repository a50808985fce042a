"""The login that is sent to a registry: from files of ``docker login``, and from helpers that are real programs."""

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

#: Writes the login configuration of this host, calls :func:`remote_digest`, and returns the login that was sent.
Sent = Callable[..., dict[str, str]]


@pytest.fixture
def sent(answer: Answer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Sent:
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    requests = answer(ANSWERS)

    def ask(config: object, image: str = IMAGE) -> dict[str, str]:
        (tmp_path / "config.json").write_text(config if isinstance(config, str) else json.dumps(config))
        remote_digest(image)
        login: dict[str, str] = json.loads(base64.urlsafe_b64decode(requests[-1][1]["X-Registry-Auth"]))
        return login

    return ask


@pytest.fixture
def helper(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Install a helper called `shelf` that runs a script. The registry of the request is in `$server`."""

    def install(script: str) -> None:
        program = tmp_path / "docker-credential-shelf"
        program.write_text(f'#!/bin/sh\ntest "$1" = get || exit 2\nserver=$(cat)\n{script}\n')
        program.chmod(0o755)

    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    return install


def _printf(user: str, secret: str) -> str:
    return f"""printf '{{"ServerURL": "%s", "Username": "{user}", "Secret": "{secret}"}}' "$server" """


def test_the_login_of_the_registry_is_sent(sent: Sent) -> None:
    config = {"auths": {HOST: {"auth": ADA}, "elsewhere.example.com": {"auth": "AAAA"}}}
    assert sent(config) == {"username": "ada", "password": "pass:word", "serveraddress": HOST}
    with pytest.raises(DockerError, match="no such image"):
        sent(config, "elsewhere.example.com/shop/backend:1")


def test_the_login_of_the_default_registry_has_the_engines_name_for_it(sent: Sent) -> None:
    server = "https://index.example.com/v1/"
    config = {"auths": {server: {"auth": ADA}}}
    assert sent(config, "acme/backend:1") == {"username": "ada", "password": "pass:word", "serveraddress": server}
    assert sent(config) == {}


def test_a_token_is_sent_instead_of_a_password(sent: Sent) -> None:
    config = {"auths": {HOST: {"auth": ADA, "identitytoken": "t0ken"}}}
    assert sent(config) == {"identitytoken": "t0ken", "serveraddress": HOST}


@pytest.mark.parametrize(
    "config",
    ["", "{", "[]", {"auths": {}}, {"auths": {HOST: {}}}, {"auths": {HOST: {"auth": "=?"}}}, {"credHelpers": {}}],
)
def test_without_a_stored_login_none_is_sent(sent: Sent, config: object) -> None:
    assert sent(config) == {}


@pytest.mark.parametrize("config", [{"credHelpers": {HOST: "shelf"}}, {"credsStore": "shelf", "auths": {HOST: {}}}])
def test_the_login_of_a_helper_is_sent(sent: Sent, helper: Callable[[str], None], config: object) -> None:
    helper(_printf("ada", "of $server"))
    assert sent(config)["username"] == "ada"
    helper(_printf("<token>", "t0ken"))
    assert sent(config) == {"identitytoken": "t0ken", "serveraddress": HOST}


def test_a_helper_gets_the_name_of_the_registry(sent: Sent, helper: Callable[[str], None]) -> None:
    helper(f'test "$server" = {HOST} || exit 3; {_printf("ada", "secret")}')
    assert sent({"credsStore": "shelf"}) == {"username": "ada", "password": "secret", "serveraddress": HOST}


def test_a_login_in_the_file_is_used_if_the_helper_has_none(sent: Sent, helper: Callable[[str], None]) -> None:
    helper("echo credentials not found in native keychain; exit 1")
    assert sent({"credsStore": "shelf"}) == {}
    assert sent({"credsStore": "shelf", "auths": {HOST: {"auth": ADA}}})["username"] == "ada"


@pytest.mark.parametrize(
    ("script", "message"),
    [
        (
            "echo the vault is locked >&2; exit 1",
            f"failed to return the login for {HOST}: the vault is locked",
        ),
        ("echo ada", f"did not return a login for {HOST}: its output is not valid"),
        ("echo '{}'", f"did not return a login for {HOST}: its output is not valid"),
    ],
)
def test_a_failing_helper_is_reported(sent: Sent, helper: Callable[[str], None], script: str, message: str) -> None:
    helper(script)
    with pytest.raises(DockerError, match=f"^docker-credential-shelf {message}$"):
        sent({"credsStore": "shelf"})


def test_a_missing_helper_is_reported(sent: Sent) -> None:
    with pytest.raises(
        DockerError, match=f"^docker-credential-missing, which stores the login for {HOST}, cannot be run"
    ):
        sent({"credHelpers": {HOST: "missing"}})

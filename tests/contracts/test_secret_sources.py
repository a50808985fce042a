"""The sources of secrets in docs/secrets.md: each line as it is there, with the real program behind it.

`pass` and `age` are unpacked from their packages into a directory of the test; nothing is installed.
"""

from __future__ import annotations

import os
import re
import secrets
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.contracts.checkout import ROOT

PAGE = (ROOT / "docs/secrets.md").read_text()
EXAMPLE: dict[str, str] = yaml.safe_load(
    re.search(r"## Values from elsewhere.*?```yaml\n(.*?)```", PAGE, re.DOTALL)[1]  # type: ignore[index]
)["stack_secrets"]


@pytest.fixture(scope="module")
def programs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The directory of the programs `pass` and `age`, from the packages of the distribution."""
    folder = tmp_path_factory.mktemp("programs")
    for package in ("pass", "age"):
        done = subprocess.run(["apt-get", "download", package], cwd=folder, capture_output=True, text=True)
        if done.returncode:
            pytest.skip(f"{package} cannot be downloaded here: {done.stderr.strip()[-200:]}")
    for archive in folder.glob("*.deb"):
        subprocess.run(["dpkg-deb", "--extract", str(archive), str(folder)], check=True)
    return folder / "usr/bin"


def _run(*argv: str, environment: Mapping[str, str], stdin: str = "") -> str:
    done = subprocess.run(argv, input=stdin, capture_output=True, text=True, env=dict(environment))
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


class Controller:
    """A controller with these secrets, and a directory in place of the host."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.stacks = folder, folder / "stacks"
        self.environment = {**os.environ, "ANSIBLE_NOCOLOR": "1", "HOME": str(folder)}
        (folder / "play.yml").write_text(
            yaml.safe_dump([{"hosts": "stack", "gather_facts": False, "tasks": [{"slipway.stack.secrets": {}}]}])
        )

    def write(self, name: str, value: str, **vault: Any) -> tuple[int, str]:
        """Write the secret *name* of the page to the host, and return the exit code and the output."""
        service = {"kind": "custom", "image": "app:1", "secrets": [name], "health": {"test": ["CMD", "true"]}}
        variables = {
            "ansible_connection": "local",
            "ansible_python_interpreter": sys.executable,
            "stack_name": "shop",
            "stack_root": str(self.stacks),
            "stack_environment": "test",
            "stack_services": {"app": service},
            "stack_secrets": {name: EXAMPLE[name]},
            **vault,
        }
        (self.folder / "hosts.yml").write_text(yaml.safe_dump({"stack": {"hosts": {"here": variables}}}))
        options = ["-e", f"@{self.folder}/vault.yml", "--vault-password-file", str(self.folder / "password")]
        done = subprocess.run(
            ["ansible-playbook", "-vvv", "-i", str(self.folder / "hosts.yml"), *options, str(self.folder / "play.yml")],
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
        )
        output = done.stdout + done.stderr
        assert value not in output
        return done.returncode, output

    def stored(self, name: str) -> str:
        """Return what a container would read."""
        [path] = (self.stacks / "shop/secrets").glob(f"[0-9]*/{name}.*")
        return path.read_text()


@pytest.fixture
def controller(tmp_path: Path) -> Controller:
    (tmp_path / "password").write_text(secrets.token_hex())
    (tmp_path / "vault.yml").write_text("{}\n")
    return Controller(tmp_path)


def test_every_line_of_the_page_has_a_test() -> None:
    assert sorted(EXAMPLE) == ["api_key", "licence", "oauth_secret", "sentry_dsn", "smtp_password"]


def test_ansible_vault(controller: Controller) -> None:
    value = secrets.token_hex(16)
    argv = ("ansible-vault", "encrypt_string", "--vault-password-file", str(controller.folder / "password"))
    text = _run(*argv, "--stdin-name=vault_smtp_password", environment=controller.environment, stdin=value)
    (controller.folder / "vault.yml").write_text(text)
    code, output = controller.write("smtp_password", value)
    assert code == 0, output
    assert controller.stored("smtp_password") == value


def test_a_variable_of_the_environment(controller: Controller) -> None:
    value = controller.environment["SHOP_API_KEY"] = secrets.token_hex(16)
    code, output = controller.write("api_key", value)
    assert code == 0, output
    assert controller.stored("api_key") == value


def test_a_variable_that_is_not_set_is_refused(controller: Controller) -> None:
    code, output = controller.write("api_key", secrets.token_hex(16))
    assert code == 2
    assert "stack_secrets, secret 'api_key': the value is empty" in output
    assert not controller.stacks.exists()


def test_a_file(controller: Controller) -> None:
    value = secrets.token_hex(16)
    (controller.folder / "licence.key").write_text(f"{value}\n")
    code, output = controller.write("licence", value)
    assert code == 0, output
    assert controller.stored("licence") == value


def test_the_password_store(controller: Controller, programs: Path) -> None:
    if not shutil.which("gpg"):
        pytest.skip("pass needs gpg")
    value = secrets.token_hex(16)
    # A short path, because the agent of gpg makes a socket in it.
    home = Path(f"/tmp/gpg-{secrets.token_hex(4)}")
    home.mkdir(mode=0o700)
    environment = controller.environment
    environment |= {"PATH": f"{programs}:{environment['PATH']}", "GNUPGHOME": str(home)}
    try:
        key = ("--batch", "--passphrase", "", "--quick-generate-key", "shop@example.com", "default", "default", "never")
        _run("gpg", *key, environment=environment)
        _run("pass", "init", "shop@example.com", environment=environment)
        _run("pass", "insert", "--multiline", "shop/sentry_dsn", environment=environment, stdin=value)
        code, output = controller.write("sentry_dsn", value)
        assert code == 0, output
        assert controller.stored("sentry_dsn") == value
    finally:
        subprocess.run(["gpgconf", "--kill", "all"], env=environment, capture_output=True)
        shutil.rmtree(home)


def test_age(controller: Controller, programs: Path) -> None:
    value = secrets.token_hex(16)
    environment = controller.environment
    environment["PATH"] = f"{programs}:{environment['PATH']}"
    key = controller.folder / ".config/age/key.txt"
    key.parent.mkdir(parents=True)
    _run("age-keygen", "--output", str(key), environment=environment)
    recipient = _run("age-keygen", "-y", str(key), environment=environment).strip()
    target = str(controller.folder / "oauth_secret.age")
    _run("age", "--encrypt", "--recipient", recipient, "--output", target, environment=environment, stdin=value)
    code, output = controller.write("oauth_secret", value)
    assert code == 0, output
    assert controller.stored("oauth_secret") == value


def test_a_program_that_fails_ends_the_deploy_before_anything_changes(controller: Controller) -> None:
    code, output = controller.write("sentry_dsn", secrets.token_hex(16))
    assert code == 2, output
    assert "stack_secrets" in output
    assert not controller.stacks.exists()

"""The stack of this scenario, and secrets from a vault."""

from __future__ import annotations

import secrets
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.support.stacks import Stack


@pytest.fixture
def strongbox(host: Any) -> Stack:
    return Stack(host, "strongbox", 0)


@pytest.fixture(scope="session")
def vaulted(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], list[str]]:
    """Return a function that encrypts a value for `api_token`, and returns the options of ansible-playbook for it."""
    folder = tmp_path_factory.mktemp("vault")
    password = folder / "password"
    password.write_text(secrets.token_hex())

    def encrypt(value: str) -> list[str]:
        argv = ["ansible-vault", "encrypt_string", f"--vault-password-file={password}"]
        done = subprocess.run(argv, input=value, capture_output=True, text=True, check=True)
        variables = Path(folder / f"{secrets.token_hex(4)}.yml")
        indented = "".join(f"      {line}\n" for line in done.stdout.strip().splitlines())
        variables.write_text(f"stack_secrets:\n  session_key: {{generate: 40}}\n  api_token:\n{indented}")
        return ["--extra-vars", f"@{variables}", "--vault-password-file", str(password)]

    return encrypt

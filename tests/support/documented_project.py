"""The project of docs/projects.md as files in a directory, with the collection installed from its artefact."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ansible.parsing.vault import VaultLib, VaultSecret

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs/projects.md").read_text()
PASSWORD = "a password for this test"
_VAULT = "inventories/production/group_vars/stack/vault.yml"


@dataclass(frozen=True)
class Project:
    """The project in *folder*; *environment* has variables beside those of this process."""

    folder: Path
    environment: Mapping[str, str]

    @property
    def here(self) -> dict[str, Any]:
        """Variables for this machine in place of the server, with a port and a directory that are free here."""
        return {
            "ansible_connection": "local",
            "ansible_become": False,
            "app_http_port": 48237,
            "stack_root": str(self.folder / "stacks"),
            "stack_min_free": "1m",
        }

    def run(self, *argv: str, **environment: str) -> tuple[int, str]:
        """Return the exit code of a command in the project, and what it printed, each run of blanks as one."""
        variables = {**os.environ, "ANSIBLE_NOCOLOR": "1", **self.environment, **environment}
        # Neither the settings nor the collection of the checkout.
        for name in ("ANSIBLE_CONFIG", "ANSIBLE_COLLECTIONS_PATH"):
            variables.pop(name, None)
        done = subprocess.run(argv, cwd=self.folder, env=variables, capture_output=True, text=True, check=False)
        return done.returncode, re.sub(r"\s+", " ", done.stdout + done.stderr)

    def playbook(self, *options: str, inventory: str = "inventories/production", vault: bool = True) -> tuple[int, str]:
        """Run ansible-playbook, by default with the vault's password."""
        password = ["--vault-password-file", "password"] if vault else []
        return self.run("ansible-playbook", "-i", inventory, *password, *options)


def files() -> dict[str, str]:
    """Return the text of each file of the page, by the path in its first line."""
    found = re.findall(r"```\w+\n(# (\S+)\n.*?)```", PAGE, re.DOTALL)
    return {path: text for text, path in found}


def names() -> set[str]:
    """Return the files of the project that the page names, and the directory of an inventory of its own."""
    return {*files(), *(name for _, name in _links()), _VAULT, "inventories/shared"}


def _links() -> list[tuple[str, str]]:
    """Return the links that the page has its reader make, target and name of each."""
    return re.findall(r"^ {4}ln -s (\S+) (\S+)$", PAGE, re.MULTILINE)


def commands() -> list[str]:
    """Return the commands of the page that run a playbook."""
    return re.findall(r"^(?: +|`)(ansible-playbook [^`\n]+)", PAGE, re.MULTILINE)


def write(folder: Path, artefact: Path, environment: Mapping[str, str]) -> Project:
    """Write the project into *folder*, as a reader of the page would, and install the collection from *artefact*."""
    for name, text in files().items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    for name in ("plan", "images", "verify"):
        text = files()["deploy.yml"]
        (folder / f"{name}.yml").write_text(text.replace("slipway.stack.deploy", f"slipway.stack.{name}"))
    for target, name in _links():
        (folder / name).symlink_to(target)
    (folder / "password").write_text(PASSWORD)
    (folder / _VAULT).write_text(encrypted("vault_smtp_password", "from the vault"))
    (folder / "backend").mkdir()
    (folder / "backend/Dockerfile").write_text("FROM scratch\n")
    shutil.copytree(folder / "inventories/production", folder / "inventories/staging", symlinks=True)
    project = Project(folder, environment)
    requirements = f"collections: [{{name: {artefact}, type: file}}]\n"
    (folder / "requirements.yml").write_text(requirements)
    code, text = project.run("ansible-galaxy", "collection", "install", "--no-deps", "-r", "requirements.yml")
    assert code == 0, text
    return project


def encrypted(name: str, value: str) -> str:
    """Return a line of YAML with a single value encrypted, as `ansible-vault encrypt_string` writes it."""
    vault = VaultLib([("default", VaultSecret(PASSWORD.encode()))])
    text = vault.encrypt(value).decode()
    return f"{name}: !vault |\n" + "".join(f"  {line}\n" for line in text.splitlines())


def encrypted_whole(text: str) -> str:
    """Return a whole file encrypted, as `ansible-vault encrypt` writes it."""
    return VaultLib([("default", VaultSecret(PASSWORD.encode()))]).encrypt(text).decode()

"""The page is run as its reader runs it: each step in its order, in one shell, against a new server."""

from __future__ import annotations

import os
import secrets
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.support import tutorial
from tests.support.stacks import address
from tests.support.tutorial import Step

ROOT = Path(os.environ["MOLECULE_PROJECT_DIRECTORY"])
STEPS = tutorial.steps(tutorial.PAGE.read_text())
#: What the reader has, and what this machine has in its place. All else is as on the page.
HERE = {
    "203.0.113.10": address(),
    "registry.example.com/shop": "registry:5000/tutorial",
    "https://git.example.com/slipway/stack.git": str(ROOT),
    "the password of your mail account": secrets.token_hex(16),
}
_ITS_REGISTRY = """\
engine_insecure_registries: ["registry:5000"]
engine_registry_mirrors: ["http://registry:5000"]
images_push_registries: {"registry:5000": "127.0.0.1:5000"}
"""
#: A file that only this machine needs, by the file of the page after which it is written: its registry has no TLS and
#: stands for the hub, and has another name on the controller.
ALSO = {"inventories/production/hosts.yml": ("inventories/production/group_vars/all.yml", _ITS_REGISTRY)}
#: Seconds that a step may take.
LIMIT = 600


@dataclass
class Shell:
    """A shell whose directory, variables and functions are those that the last step has left, as in a terminal."""

    folder: Path
    environment: Mapping[str, str]
    failed: str = field(default="", init=False)

    def run(self, text: str) -> tuple[int, str]:
        """Return the exit code of commands, and what they printed."""
        state = self.folder / "state"
        keep = f'trap \'code=$?; {{ export -p; declare -f; printf "cd %q\\n" "$PWD"; }} > {state}; exit $code\' EXIT'
        script = f"{keep}\n. {state}\nset -euo pipefail\n{text}"
        if not state.exists():
            state.write_text(f"cd {self.folder}\n")
        output = self.folder / "output"
        with output.open("w") as file:
            done = subprocess.run(
                ["bash", "-c", script], env=self.environment, stdout=file, stderr=file, timeout=LIMIT, check=False
            )
        return done.returncode, output.read_text()

    @property
    def directory(self) -> Path:
        """The directory that the shell is in."""
        return Path(subprocess.check_output(["bash", "-c", f". {self.folder}/state; pwd"], text=True).strip())


@pytest.fixture(scope="module")
def shell(tmp_path_factory: pytest.TempPathFactory) -> Shell:
    """Return a shell without the tools of the checkout, whose collections and known hosts are in its own directory."""
    folder = tmp_path_factory.mktemp("tutorial")
    foreign = ("ANSIBLE_", "MOLECULE_", "PYTEST_", "VIRTUAL_ENV", "PYTHONPATH")
    environment = {name: text for name, text in os.environ.items() if not name.startswith(foreign)}
    own = str(ROOT / ".venv/bin")
    environment["PATH"] = ":".join(one for one in environment["PATH"].split(":") if one != own)
    return Shell(
        folder,
        {
            **environment,
            "ANSIBLE_NOCOLOR": "1",
            "ANSIBLE_COLLECTIONS_PATH": str(folder / "collections"),
            "ANSIBLE_HOME": str(folder / "ansible"),
            "ANSIBLE_PRIVATE_KEY_FILE": str(ROOT / ".testbed/id_ed25519"),
            "ANSIBLE_SSH_ARGS": f"-o ControlMaster=auto -o ControlPersist=60s -o StrictHostKeyChecking=accept-new "
            f"-o UserKnownHostsFile={folder}/known_hosts",
        },
    )


@pytest.mark.parametrize("step", STEPS, ids=[f"line {step.line}" for step in STEPS])
def test_the_step_does_what_the_page_says(shell: Shell, step: Step) -> None:
    if shell.failed:
        pytest.skip(f"{shell.failed} failed")
    shell.failed = f"line {step.line}"
    _check(shell, step)
    shell.failed = ""


def _check(shell: Shell, step: Step) -> None:
    if step.sort == tutorial.FILE:
        _write(shell.directory / step.path, _here(step.text))
        if step.path in ALSO:
            path, text = ALSO[step.path]
            _write(shell.directory / path, text)
        return
    code, printed = shell.run(_here(step.text))
    for shown, here in HERE.items():
        printed = printed.replace(here, shown)
    assert (code != 0) == step.fails, printed
    if step.output is not None:
        missing = tutorial.difference(step.output, printed)
        assert not missing, f"not where the page has it:\n{missing}\n\nprinted:\n{printed}"


def _here(text: str) -> str:
    for shown, here in HERE.items():
        text = text.replace(shown, here)
    return text


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)

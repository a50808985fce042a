"""An execution environment built from the file of docs/projects.md, and jobs in containers of it.

Galaxy cannot be reached everywhere. So the image gets the collections as files: ours from the tree, and those that it
needs from the package ``ansible``.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import ansible
import yaml

from scripts import artefact, environments
from testbed import network, recipes, servers
from tests.contracts.checkout import ROOT
from tests.support import documented_project

_INSTALLED = Path(ansible.__file__).parents[1] / "ansible_collections"
_IN_IMAGE = "/build/collections"


def build(image: str, folder: Path) -> None:
    """Build *image* from the page's file, on the base system that the machine has. *folder* is empty."""
    artefacts = folder / "collections"
    artefact.pack(ROOT, artefacts)
    needed = yaml.safe_load((ROOT / "galaxy.yml").read_text())["dependencies"]
    for number, name in enumerate(_with_dependencies(needed)):
        artefact.pack(_source(name, folder / f"source-{number}"), artefacts)
    wanted = [{"name": f"{_IN_IMAGE}/{path.name}", "type": "file"} for path in sorted(artefacts.iterdir())]
    (folder / "requirements.yml").write_text(yaml.safe_dump({"collections": wanted}))
    description = yaml.safe_load(documented_project.files()["execution-environment.yml"])
    assert description["images"]["base_image"]["name"] == recipes.OFFICIAL_BASE
    description["images"]["base_image"]["name"] = recipes.BASE
    description["additional_build_files"] = [
        {"src": f"collections/{path.name}", "dest": "collections"} for path in artefacts.iterdir()
    ]
    description["additional_build_steps"]["prepend_galaxy"] = [f"COPY _build/collections {_IN_IMAGE}"]
    (folder / "execution-environment.yml").write_text(yaml.safe_dump(description))
    builder = str(environments.checks() / "ansible-builder")
    command = [builder, "build", f"--tag={image}", "--container-runtime=docker", "--verbosity=3"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=1200)
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]


def _with_dependencies(names: dict[str, str]) -> Iterator[str]:
    """Yield collections of the package ``ansible``, each before those that it needs."""
    for name in names:
        yield name
        yield from _with_dependencies(_about(name)["dependencies"])


def _about(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((_INSTALLED / name.replace(".", "/") / "MANIFEST.json").read_text())
    return found["collection_info"]


def _source(name: str, folder: Path) -> Path:
    """Return a copy of an installed collection that an artefact can be built from."""
    shutil.copytree(_INSTALLED / name.replace(".", "/"), folder)
    kept = ("namespace", "name", "version", "readme", "authors", "license", "dependencies")
    about = {key: value for key, value in _about(name).items() if key in kept}
    (folder / "galaxy.yml").write_text(yaml.safe_dump(about))
    return folder


@dataclass(frozen=True)
class Jobs:
    """Jobs of an image against one server, with the description of the demo."""

    image: str
    address: str
    folder: Path

    def run(
        self, user: int, *command: str, entry_point: bool = True, variables: Mapping[str, str] | None = None
    ) -> tuple[int, str]:
        """Run a command in a new container, as AWX does: all that the job needs is in ``/runner``.

        :param user: its uid; its group is 0. :return: the exit code, and what it printed.
        """
        words = ["docker", "run", "--rm", f"--user={user}:0", f"--network={network.NAME}"]
        words += [f"--volume={self.data(user)}:/runner", "--workdir=/runner/project"]
        words += [f"--env={name}={value}" for name, value in (variables or {}).items()]
        words += [] if entry_point else ["--entrypoint="]
        done = subprocess.run([*words, self.image, *command], capture_output=True, text=True, check=False, timeout=900)
        return done.returncode, done.stdout + done.stderr

    def playbook(
        self, user: int, name: str, *, entry_point: bool = True, variables: Mapping[str, str] | None = None
    ) -> tuple[int, str]:
        """Run a playbook of the collection with ansible-playbook."""
        options = ["-i", "/runner/inventory", "--private-key", "/runner/env/ssh_key"]
        command = ["ansible-playbook", *options, f"slipway.stack.{name}"]
        return self.run(user, *command, entry_point=entry_point, variables=variables)

    def runner(self, user: int, name: str) -> tuple[int, str]:
        """Run a playbook of the project with ansible-runner, which gives the key to an SSH agent."""
        return self.run(user, "ansible-runner", "run", "/runner", "--playbook", f"{name}.yml")

    def data(self, user: int) -> Path:
        """Return the directory that a user's jobs have as ``/runner``, which belongs to that user."""
        folder = self.folder / str(user)
        if folder.exists():
            return folder
        shutil.copytree(ROOT / "inventories/demo/group_vars", folder / "inventory/group_vars")
        for name in ("env", "project"):
            (folder / name).mkdir()
        shutil.copy(servers.KEY, folder / "env/ssh_key")
        scan = ["ssh-keyscan", "-t", "ed25519", self.address]
        known = subprocess.run(scan, capture_output=True, text=True, check=True).stdout
        (folder / "project/known_hosts").write_text(known)
        (folder / "project/deploy.yml").write_text("- import_playbook: slipway.stack.deploy\n")
        arguments = "-o UserKnownHostsFile=/runner/project/known_hosts -o StrictHostKeyChecking=yes"
        host = {"ansible_host": self.address, "ansible_user": servers.USER, "ansible_ssh_common_args": arguments}
        (folder / "inventory/hosts.yml").write_text(yaml.safe_dump({"stack": {"hosts": {"shop1": host}}}))
        for path in (folder, *folder.rglob("*")):
            os.chown(path, user, 0)
        return folder

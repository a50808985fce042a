"""What the registry of the testbed has, and what the engine of a server has."""

from __future__ import annotations

import json
import os
import shutil
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"


def digest(image: str, tag: str = "1.0") -> str | None:
    """Return what the registry says of an image of the pair, `None` where it has no such tag."""
    request = urllib.request.Request(
        f"http://127.0.0.1:5000/v2/pair/{image}/manifests/{tag}", method="HEAD", headers={"Accept": MANIFEST}
    )
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.headers["Docker-Content-Digest"]
    except urllib.error.HTTPError as error:
        if error.code == 404:
            return None
        raise


@contextmanager
def contexts() -> Iterator[Path]:
    """Give the directory of the scenario's build contexts, and bring it back as it was."""
    folder = Path(os.environ["MOLECULE_EPHEMERAL_DIRECTORY"]) / "contexts"
    kept = folder.with_name("contexts.kept")
    shutil.copytree(folder, kept)
    try:
        yield folder
    finally:
        shutil.rmtree(folder)
        kept.rename(folder)


@dataclass(frozen=True)
class Engine:
    """The engine of the server."""

    host: Any

    def references(self) -> set[str]:
        """Return every reference that the engine has an image under."""
        ids = self.host.check_output("docker images --quiet --no-trunc").split()
        found = json.loads(self.host.check_output(f"docker image inspect {' '.join(ids)}"))
        return {
            reference for image in found for reference in [*(image["RepoTags"] or []), *(image["RepoDigests"] or [])]
        }

    def run(self, reference: str, *command: str) -> str:
        """Return what a command prints in a container of an image that is here already."""
        return self.host.check_output(f"docker run --rm --pull never {reference} {' '.join(command)}")

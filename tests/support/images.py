"""The images in the registry of the testbed, and the images of a server's engine."""

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
    """Return the digest of an image of the stack `pair` in the registry, `None` if there is no such tag."""
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
    """Yield the directory of the scenario's build contexts, and restore its content afterwards."""
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
        """Return all references of the engine's images."""
        ids = self.host.check_output("docker images --quiet --no-trunc").split()
        found = json.loads(self.host.check_output(f"docker image inspect {' '.join(ids)}"))
        return {
            reference for image in found for reference in [*(image["RepoTags"] or []), *(image["RepoDigests"] or [])]
        }

    def run(self, reference: str, *command: str) -> str:
        """Return the output of a command in a container of a local image."""
        return self.host.check_output(f"docker run --rm --pull never {reference} {' '.join(command)}")

"""A checkout that somebody can start: the files that Compose needs, and a Dockerfile for the source."""

from __future__ import annotations

import os
from pathlib import Path

import yaml

CHECKOUT = Path(os.environ["MOLECULE_EPHEMERAL_DIRECTORY"]) / "checkout"


def test_compose_finds_its_files() -> None:
    dotenv = (CHECKOUT / ".env").read_text()
    assert 'COMPOSE_FILE="compose.yaml:compose.development.yaml"' in dotenv
    services = yaml.safe_load((CHECKOUT / "compose.yaml").read_text())["services"]
    assert {"db", "api", "edge"} <= set(services)
    assert (CHECKOUT / "api/Dockerfile").is_file()


def test_secrets_are_kept_out_of_the_repository() -> None:
    assert (CHECKOUT / ".slipway/secrets/999/db_password").read_text()
    ignored = (CHECKOUT / ".slipway/.gitignore").read_text().splitlines()
    assert "*" in ignored
    assert not any("secrets" in line for line in ignored if line.startswith("!"))

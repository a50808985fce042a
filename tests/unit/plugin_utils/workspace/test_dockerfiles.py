"""The Dockerfiles for sources that have none."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.slipway.stack.plugins.plugin_utils.workspace import dockerfiles

from tests.support import compose_projects


@pytest.mark.parametrize("command", ["[serve, --name, 'a $$b']", "serve --name 'a $$b' && ignored"])
def test_the_command_of_a_teams_service_is_that_of_the_image(command: str, tmp_path: Path) -> None:
    text = f"services:\n  web:\n    image: web:1\n    command: {command}\n"
    compose_projects.write(tmp_path, {"docker-compose.yml": text})
    service = compose_projects.without_secrets(tmp_path).services["web"]
    assert dockerfiles._command(service) == ["serve", "--name", "a $b"]

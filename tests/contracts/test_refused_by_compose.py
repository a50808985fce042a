"""What Compose refuses is refused by us, too: with the file, the line and the key.

Real Compose is asked for each input, so that the list stays true.
"""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support import compose_projects, real_compose
from tests.support.errors import error_of

INPUTS: list[dict[str, Any]] = yaml.safe_load(Path(__file__).with_name("refused_by_compose.yml").read_text())
_SERVICES = """\
services:
  db: {image: "b:1"}
  web:
    image: a:1
"""


def _project(entry: dict[str, Any], folder: Path) -> Path:
    """Write the project of an input to *folder*."""
    top = entry.get("top", "")
    configs = "" if "configs" in top else "configs: {app: {file: ./f}}\n"
    text = _SERVICES + textwrap.indent(f"{entry.get('web')}\n", "    ") + (f"{top}\n" if top else "") + configs
    files = {"docker-compose.yml": entry.get("text") or text, "f": "", **entry.get("files", {})}
    return compose_projects.write(folder, files)


@pytest.mark.parametrize("entry", INPUTS, ids=[entry["name"] for entry in INPUTS])
def test_what_compose_refuses_is_refused_with_file_line_and_key(entry: dict[str, Any], tmp_path: Path) -> None:
    folder = _project(entry, tmp_path)
    accepted = [suite for suite in real_compose.SUITES if real_compose.read(suite, folder, "-p", "shop").config]
    assert accepted == []
    problems = error_of(compose_projects.parcel, folder).splitlines()
    place = f"{entry.get('in', 'docker-compose.yml')}:{entry['at']}"
    assert [problem for problem in problems if problem.startswith(place)], problems


def test_the_names_are_unique() -> None:
    assert len({entry["name"] for entry in INPUTS}) == len(INPUTS)

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.contracts.checkout import ROOT

PLAYBOOKS = sorted((ROOT / "playbooks").glob("*.yml"))


@pytest.mark.parametrize("playbook", PLAYBOOKS, ids=lambda path: path.stem)
def test_playbook_parses(playbook: Path) -> None:
    done = subprocess.run(
        ["ansible-playbook", "--syntax-check", "-i", "localhost,", str(playbook.relative_to(ROOT))],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_playbooks_fit_the_head() -> None:
    assert [path.name for path in PLAYBOOKS if len(path.read_text().splitlines()) > 40] == []

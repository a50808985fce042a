from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.contracts.checkout import ROOT, load

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


@pytest.mark.parametrize("playbook", PLAYBOOKS, ids=lambda path: path.stem)
def test_a_role_has_its_name_as_its_tag(playbook: Path) -> None:
    plays = load(playbook)
    used = [(role["role"], role.get("tags")) for play in plays for role in play.get("roles", [])]
    tasks = [task for play in plays for task in play.get("tasks", [])]
    imported = [task for task in tasks if "ansible.builtin.import_role" in task]
    used += [(task["ansible.builtin.import_role"]["name"], task.get("tags")) for task in imported]
    assert used == [(name, [name.rpartition(".")[2]]) for name, _ in used]


def test_a_playbook_has_at_most_forty_lines() -> None:
    assert [path.name for path in PLAYBOOKS if len(path.read_text().splitlines()) > 40] == []

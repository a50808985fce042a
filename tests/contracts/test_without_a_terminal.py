"""What programs get from the playbooks: JSON alone, no control characters, and exit codes that mean the same."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Mapping

import pytest

from tests.contracts.checkout import ROOT
from tests.support.documented_project import Project

#: What the commands end with: there is no release yet, so there is nothing to show or to verify.
CODES = {"plan": 0, "deploy --check": 0, "policy": 0, "status": 2, "verify --check": 2}
#: Line feeds and tabs are the only ones that a log should have.
CONTROL = r"[\x00-\x08\x0b-\x1f\x7f-\x9f]"
COLOUR = r"\x1b\[[\d;]*m"
YAML = {"ANSIBLE_STDOUT_CALLBACK": "ansible.builtin.default", "ANSIBLE_CALLBACK_RESULT_FORMAT": "yaml"}
MINIMAL = {"ANSIBLE_STDOUT_CALLBACK": "ansible.builtin.minimal"}


def _run(project: Project, command: str, environment: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    name, *options = command.split()
    argv = ["ansible-playbook", "-i", "inventories/production", "--vault-password-file", "password"]
    argv += ["-e", json.dumps({"app_version": "1.4.2", **project.here}), f"slipway.stack.{name}", *options]
    if name == "policy":
        shutil.copy(ROOT / "tests/policy/corpus/hardened.yaml", project.folder / "compose.yaml")
        argv = ["ansible-playbook", "slipway.stack.policy", "-e", "policy_files=compose.yaml"]
    known = {key: text for key, text in os.environ.items() if not key.startswith("ANSIBLE_") and key != "NO_COLOR"}
    return subprocess.run(
        argv,
        cwd=project.folder,
        env={**known, "TERM": "dumb", **project.environment, **environment},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


@pytest.mark.parametrize("command", CODES)
def test_a_program_gets_json_and_nothing_else(made: Project, command: str) -> None:
    """Also with colours, which CI systems turn on for people."""
    done = _run(made, command, {"ANSIBLE_STDOUT_CALLBACK": "ansible.posix.json", "ANSIBLE_FORCE_COLOR": "1"})
    assert done.returncode == CODES[command], done.stdout + done.stderr
    stats = json.loads(done.stdout)["stats"]
    assert all(bool(host["failures"]) == bool(CODES[command]) for host in stats.values())
    assert re.search(CONTROL, re.sub(COLOUR, "", done.stderr)) is None


@pytest.mark.parametrize(("command", "environment"), [("plan", YAML), ("plan", MINIMAL), ("status", YAML)])
def test_a_log_has_no_control_characters(made: Project, command: str, environment: Mapping[str, str]) -> None:
    done = _run(made, command, {**environment, "NO_COLOR": "1"})
    assert done.returncode == CODES[command], done.stdout + done.stderr
    assert re.search(CONTROL, done.stdout + done.stderr) is None
    wanted = r"^ +backend +create" if command == "plan" else "nothing was ever deployed|no stack"
    assert re.search(wanted, done.stdout + done.stderr, re.MULTILINE), done.stdout + done.stderr


def test_colours_are_the_only_control_characters_where_they_are_forced(made: Project) -> None:
    done = _run(made, "plan", {"ANSIBLE_FORCE_COLOR": "1"})
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(COLOUR, done.stdout)
    assert re.search(CONTROL, re.sub(COLOUR, "", done.stdout + done.stderr)) is None

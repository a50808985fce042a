"""Shared by the verifiers of all scenarios: how to run a playbook on the scenario's servers, and where reports go."""

from __future__ import annotations

import json
import os
import re
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Run:
    """The result of a playbook: its exit code, its output, and the number of changed tasks."""

    code: int
    output: str

    @property
    def changed(self) -> int:
        """The number of changed tasks of all hosts in the recap."""
        return sum(int(number) for number in re.findall(r"changed=(\d+)", self.output))


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Write each verification to its own report, because a scenario may be verified more than once."""
    scenario = os.environ["MOLECULE_SCENARIO_NAME"]
    config.option.xmlpath = str(ROOT / f".testbed/reports/{scenario}-{time.time_ns()}.xml")


@pytest.fixture(scope="session")
def playbook() -> Callable[..., Run]:
    """Return a function that runs `playbooks/NAME.yml` with options of ansible-playbook and extra variables."""

    def run(name: str, *options: str, **variables: Any) -> Run:
        argv = ["ansible-playbook", "--inventory", os.environ["MOLECULE_INVENTORY_FILE"]]
        argv += ["--extra-vars", json.dumps(variables), *options, str(ROOT / f"playbooks/{name}.yml")]
        plain = {**os.environ, "ANSIBLE_FORCE_COLOR": "0", "ANSIBLE_NOCOLOR": "1"}
        done = subprocess.run(argv, cwd=ROOT, env=plain, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        # Ansible wraps long messages.
        return Run(done.returncode, re.sub(r"\s+", " ", done.stdout))

    return run

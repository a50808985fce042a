"""Run the real playbooks in a separate process, like a user at a terminal."""

from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path
from typing import Any

from tests.contracts.checkout import ROOT


def run(
    name: str | Path, inventory: Path, *options: str, variables: dict[str, Any], commands: Path | None = None
) -> tuple[int, int, str]:
    """Return the exit code, how many tasks changed something, and what was printed, each run of blanks as one.

    :param name: of one of the collection's playbooks, such as ``workspace``, or the path of another.
    :param options: further ones of ansible-playbook. *variables*: what ``-e`` says.
    :param commands: a directory whose programs go before those of the machine.
    """
    playbook = str(name) if isinstance(name, Path) else f"playbooks/{name}.yml"
    argv = ["ansible-playbook", "-i", str(inventory), "-e", json.dumps(variables), *options, playbook]
    environment = {**os.environ, "ANSIBLE_NOCOLOR": "1"}
    if commands:
        environment["PATH"] = f"{commands}:{environment['PATH']}"
    done = subprocess.run(argv, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    text = done.stdout + done.stderr
    return done.returncode, sum(map(int, re.findall(r"changed=(\d+)", text))), re.sub(r"\s+", " ", text)

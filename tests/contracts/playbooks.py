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
    """Return the exit code, the number of changed tasks, and the output with single spaces.

    :param name: the name of a playbook of the collection, such as ``workspace``, or the path of another playbook.
    :param options: more options of ansible-playbook.
    :param variables: variables for ``-e``.
    :param commands: a directory of commands that are used in place of those of the machine.
    """
    playbook = str(name) if isinstance(name, Path) else f"playbooks/{name}.yml"
    argv = ["ansible-playbook", "-i", str(inventory), "-e", json.dumps(variables), *options, playbook]
    environment = {**os.environ, "ANSIBLE_NOCOLOR": "1"}
    if commands:
        environment["PATH"] = f"{commands}:{environment['PATH']}"
    done = subprocess.run(argv, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    text = done.stdout + done.stderr
    return done.returncode, sum(map(int, re.findall(r"changed=(\d+)", text))), re.sub(r"\s+", " ", text)

"""The budget of SSH executions. Each costs at least a round trip, so the tests fail if a change adds one.

`ansible-playbook -vvv` prints a line `<ADDRESS> SSH: EXEC ...` for each, after the name of its task.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[3]
PUT = "slipway.stack.stack : Render and upload the release"
ROLL = "slipway.stack.deploy : Roll out the release on this host"
VERIFY = "slipway.stack.verify : Verify the live release"
#: Seconds that a call waits for the first record of a rollout, and for more records after the first.
POLL_SECONDS = 5
COALESCE = 0.2
_LINE = re.compile(r"^TASK \[(?P<task>.+)\] \**$|^<(?P<address>[^>]+)> SSH: EXEC ", re.MULTILINE)


def _executions(output: str) -> Counter[tuple[str, str]]:
    """Return the number of SSH executions by address and task."""
    found: Counter[tuple[str, str]] = Counter()
    task = "before any task"
    for line in _LINE.finditer(output):
        task = line["task"] or task
        if line["address"]:
            found[line["address"], task] += 1
    return found


def _deploy(settings: dict[str, str], **variables: Any) -> dict[str, int]:
    """Run the real playbook with these environment variables and return its SSH executions by task."""
    argv = ["ansible-playbook", "-vvv", "--inventory", os.environ["MOLECULE_INVENTORY_FILE"]]
    argv += ["--extra-vars", json.dumps(variables), str(ROOT / "playbooks/deploy.yml")]
    # Without this setting, Ansible prints the name of a task after its executions.
    shown = {"ANSIBLE_DISPLAY_SKIPPED_HOSTS": "1", "ANSIBLE_VERBOSE_TO_STDERR": "0"}
    environment = {**os.environ, **settings, **shown, "ANSIBLE_NOCOLOR": "1", "ANSIBLE_FORCE_COLOR": "0"}
    done = subprocess.run(argv, cwd=ROOT, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
    found = _executions(done.stdout)
    assert len({address for address, _ in found}) == 1, done.stdout
    return {task: number for (_, task), number in found.items()}


@pytest.fixture
def bare_settings(tmp_path: Path) -> dict[str, str]:
    """Return an environment with Ansible's defaults: no pipelining, and Python discovery."""
    settings = tmp_path / "ansible.cfg"
    settings.write_text(f"[defaults]\ncollections_path = {ROOT / '.collections'}\n")
    return {"ANSIBLE_CONFIG": str(settings)}


@pytest.fixture
def no_connection() -> Iterator[dict[str, str]]:
    """Return an environment without an open SSH connection."""
    # The path of a socket may have about a hundred characters. pytest's directories are longer.
    with tempfile.TemporaryDirectory(prefix="ssh-", dir="/tmp") as folder:
        yield {"ANSIBLE_SSH_CONTROL_PATH_DIR": folder}
        sockets = list(Path(folder).iterdir())
        for socket in sockets:
            subprocess.run(["ssh", "-o", f"ControlPath={socket}", "-O", "exit", "any"], check=True, capture_output=True)
    assert len(sockets) == 1, "the deploy opened no new persistent connection"


@pytest.fixture
def _live(playbook: Callable[..., Any]) -> None:
    """Deploy the release of the inventory."""
    run = playbook("deploy")
    assert run.code == 0, run.output


def _max_calls(times: list[float]) -> int:
    """Return the largest number of calls that are needed to read the records written at *times* (seconds).

    That is one for each burst of records, and one for each `POLL_SECONDS` seconds in between.
    """
    calls, last = 0, 0.0
    for at in times:
        if not calls or at > last + COALESCE:
            calls += 1 + int((at - last) / POLL_SECONDS)
            last = at
    return calls


@pytest.mark.usefixtures("_live")
def test_a_deploy_with_nothing_to_do_needs_one() -> None:
    assert _deploy({}) == {PUT: 1}


@pytest.mark.usefixtures("_live")
def test_ansibles_default_settings_add_none(bare_settings: dict[str, str]) -> None:
    assert _deploy(bare_settings) == {PUT: 1}


@pytest.mark.usefixtures("_live")
def test_a_new_connection_adds_none(no_connection: dict[str, str]) -> None:
    assert _deploy(no_connection) == {PUT: 1}


def test_a_deploy_needs_two_and_those_that_follow_the_rollout(host: Any) -> None:
    found = _deploy({}, kiosk_greeting=f"good day, it is {time.time()}")
    home = "/opt/stacks/kiosk"
    live = host.check_output("basename $(readlink %s/current)", home)
    journal = map(json.loads, host.check_output("sudo cat %s/state/journal.jsonl", home).splitlines())
    calls = found.pop(ROLL)
    assert found == {PUT: 1, VERIFY: 1}
    assert (
        1
        <= calls
        <= _max_calls([record["elapsed"] for record in journal if record["release"] == live and record["text"]])
    )

"""Several hosts in one play: one id, one step after the other, and the reason of a failure in the result.

The hosts are directories of this machine. A fake engine has what their services need.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.slipway.stack.plugins.module_utils.state.layout import Home

from tests.contracts.checkout import ROOT
from tests.support.fake_engine import engine
from tests.support.fake_host import write_release

HOSTS = ("one", "two", "three")
ID = r"\d{8}T\d{6}Z-[0-9a-f]{8}"
CONTAINERS = "/v1.44/containers/json?all=1"
LISTED = f"{CONTAINERS}&filters=%7B%22label%22%3A%20%5B%22com.docker.compose.project%3Dshop%22%5D%7D"
NETWORKS = "/v1.44/networks?filters=%7B%22label%22%3A%20%5B%22com.docker.compose.project%3Dshop%22%5D%7D"
WEB = {"kind": "custom", "image": "registry.example.com/web:1", "health": {"test": ["CMD", "true"]}}
DIGEST = {"Descriptor": {"digest": f"sha256:{'1' * 64}"}}


class Machine:
    """Runs playbooks on hosts that are directories."""

    def __init__(self, folder: Path, socket: Path) -> None:
        self.folder = folder
        self._environment = {**os.environ, "ANSIBLE_NOCOLOR": "1", "DOCKER_HOST": f"unix://{socket}"}
        variables = {
            "ansible_connection": "local",
            "ansible_python_interpreter": sys.executable,
            "ansible_become": False,
            "stack_name": "shop",
            "stack_environment": "test",
            "stack_services": {"web": WEB},
            "stack_policy_level": "off",
            "stack_min_free": 1,
            "stack_root": "{{ inventory_dir }}/{{ inventory_hostname }}",
        }
        hosts: dict[str, dict[str, Any]] = {name: {} for name in HOSTS}
        self._write("hosts.yml", {"stack": {"hosts": hosts, "vars": variables}})

    def _write(self, name: str, content: object) -> None:
        (self.folder / name).write_text(yaml.safe_dump(content))

    def home(self, host: str) -> Home:
        return Home(str(self.folder / host / "shop"))

    def run(
        self, playbook: str | list[dict[str, Any]], *options: str, **environment: str
    ) -> subprocess.CompletedProcess[str]:
        path = str(ROOT / f"playbooks/{playbook}.yml")
        if isinstance(playbook, list):
            path = str(self.folder / "site.yml")
            self._write("site.yml", [{"hosts": "stack", "gather_facts": False, **playbook[0]}])
        argv = ["ansible-playbook", "-i", str(self.folder / "hosts.yml"), *options, path]
        variables = {**self._environment, **environment}
        return subprocess.run(argv, cwd=ROOT, env=variables, capture_output=True, text=True, check=False)


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Machine]:
    answers = {
        CONTAINERS: (200, []),
        LISTED: (200, []),
        NETWORKS: (200, []),
        "/v1.44/info": (200, {"DockerRootDir": str(tmp_path), "IndexServerAddress": "x"}),
        "/v1.44/distribution/registry.example.com/web%3A1/json": (200, DIGEST),
        "/v1.44/images/json?shared-size=1": (200, []),
    }
    # The path of a socket has at most 108 bytes.
    with tempfile.TemporaryDirectory() as folder, engine(Path(folder) / "s", answers):
        yield Machine(tmp_path, Path(folder) / "s")


def _ids(done: subprocess.CompletedProcess[str]) -> set[str]:
    shown = json.loads(done.stdout[done.stdout.index("{") :])
    tasks = [task for play in shown["plays"] for task in play["tasks"]]
    found = {host["release"] for task in tasks for host in task["hosts"].values() if "release" in host}
    assert found, done.stdout + done.stderr
    return found


def test_all_hosts_of_a_play_get_the_same_id(machine: Machine) -> None:
    # With two processes for three hosts, the third host has its turn later.
    options = {"ANSIBLE_STDOUT_CALLBACK": "ansible.posix.json", "ANSIBLE_FORKS": "2"}
    (first,), (second,) = (_ids(machine.run("plan", **options)) for _run in range(2))
    assert re.fullmatch(ID, first)
    assert first != second


def test_a_program_gets_json_alone(machine: Machine) -> None:
    done = machine.run("plan", ANSIBLE_STDOUT_CALLBACK="ansible.posix.json")
    assert json.loads(done.stdout)["stats"]["one"]["failures"] == 0
    assert "plan for shop on one:" in done.stderr
    done = machine.run("plan")
    assert "plan for shop on one:" in done.stdout


def roll_out(
    machine: Machine, ids: dict[str, str], *options: str, **environment: str
) -> subprocess.CompletedProcess[str]:
    """Roll out releases without services on the hosts."""
    write_releases(machine, ids)
    return machine.run("rollback", "-e", f"rollback_release={ids['one']}", *options, **environment)


def write_releases(machine: Machine, ids: dict[str, str]) -> None:
    """Write releases without services to the hosts."""
    for host, release_id in ids.items():
        machine.home(host).state.mkdir(parents=True, exist_ok=True)
        write_release(machine.home(host), release_id, version="1", commit="", upstreams=[], probes=[], **EMPTY)


EMPTY: dict[str, Any] = {"networks": {}, "volumes": {}, "assets": [], "files": {}}


def test_all_hosts_roll_out_together(machine: Machine) -> None:
    ids = dict.fromkeys(HOSTS, "20261121T101500Z-aaaaaaaa")
    done = roll_out(machine, ids)
    assert done.returncode == 0, done.stdout + done.stderr
    assert {machine.home(host).current_id() for host in HOSTS} == {ids["one"]}


def test_the_reason_of_a_failure_is_in_the_result_of_the_task(machine: Machine) -> None:
    ids = dict.fromkeys(("one", "two"), "20261121T101500Z-aaaaaaaa")
    write_releases(machine, ids)
    role = {"name": "Roll out", "ansible.builtin.import_role": {"name": "slipway.stack.deploy"}}
    play = {"tasks": [role], "vars": {"deploy_release": ids["one"]}, "strategy": "linear"}
    done = machine.run([play], ANSIBLE_STDOUT_CALLBACK="ansible.posix.json")
    assert done.returncode != 0
    reason = (
        "three: stack 'shop': release 20261121T101500Z-aaaaaaaa is not on this host; nothing was ever deployed here."
    )
    tasks = [task for play in json.loads(done.stdout)["plays"] for task in play["tasks"]]
    messages = {host: result["msg"] for host, result in tasks[-1]["hosts"].items()}
    assert set(messages) == set(HOSTS)
    assert set(messages.values()) == {f"The rollout failed and every host runs its previous release again. {reason}"}


def test_a_rollback_with_a_host_that_has_nothing_is_refused_before_it_begins(machine: Machine) -> None:
    done = roll_out(machine, dict.fromkeys(("one", "two"), "20261121T101500Z-aaaaaaaa"))
    assert done.returncode != 0
    assert "stack 'shop': there is no " in re.sub(r"\s+", " ", done.stdout + done.stderr)
    assert [machine.home(host).current_id() for host in HOSTS] == [None, None, None]


@pytest.mark.parametrize("strategy", ["free", "host_pinned"])
def test_the_playbooks_go_in_step_whatever_the_environment_says(machine: Machine, strategy: str) -> None:
    ids = dict.fromkeys(HOSTS, "20261121T101500Z-aaaaaaaa")
    done = roll_out(machine, ids, ANSIBLE_STRATEGY=strategy)
    assert done.returncode == 0, done.stdout + done.stderr
    assert {machine.home(host).current_id() for host in HOSTS} == {ids["one"]}


def test_another_strategy_in_an_own_playbook_is_refused(machine: Machine) -> None:
    role = {"name": "Roll out", "ansible.builtin.import_role": {"name": "slipway.stack.deploy"}}
    play = {"tasks": [role], "vars": {"deploy_release": "20261121T101500Z-aaaaaaaa"}}
    done = machine.run([play], ANSIBLE_STRATEGY="free")
    assert done.returncode != 0
    text = re.sub(r"\s+", " ", done.stdout + done.stderr)
    assert "the play has the strategy 'free', but the hosts of a stack roll out together" in text
    assert "set 'strategy: linear' in the play" in text


def test_every_play_pins_its_strategy() -> None:
    for path in sorted(ROOT.glob("playbooks/*.yml")):
        for play in yaml.safe_load(path.read_text()):
            assert play["strategy"] == "linear", path

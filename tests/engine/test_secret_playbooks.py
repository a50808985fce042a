"""Secrets through the real playbooks and a real engine: the overview, and what a lookup leaves where."""

from __future__ import annotations

import json
import secrets
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.local_deploys import LocalDeploy

ENV, FILE, PIPE, VAULT = "SLIPWAY_TEST_SECRET", "file.txt", "count.sh", "vault.yml"


class Sources:
    """A stack whose secrets come from the environment, a file, a program and a vault."""

    def __init__(self, name: str, folder: Path) -> None:
        self.folder = folder
        self.values = {one: secrets.token_hex(16) for one in ("from_env", "from_file", "from_pipe", "from_vault")}
        (folder / FILE).write_text(self.values["from_file"])
        # The program says how often it was run.
        program = f"#!/bin/sh\necho run >> {folder}/runs\nprintf %s {self.values['from_pipe']}\n"
        (folder / PIPE).write_text(program)
        (folder / "password").write_text(secrets.token_hex())
        argv = ["ansible-vault", "encrypt_string", f"--vault-password-file={folder}/password", "--stdin-name=vault_it"]
        done = subprocess.run(argv, input=self.values["from_vault"], capture_output=True, text=True, check=True)
        (folder / VAULT).write_text(done.stdout)
        self.options = ("-e", f"@{folder / VAULT}", "--vault-password-file", str(folder / "password"))
        self.environment = {ENV: self.values["from_env"]}
        self.stack = LocalDeploy(name, folder)
        self.describe()

    def describe(self, **more: object) -> None:
        """Write the inventory. :param more: other secrets that the service reads."""
        given = {
            "made": {"generate": 40},
            "from_env": f"{{{{ lookup('ansible.builtin.env', '{ENV}') }}}}",
            "from_file": f"{{{{ lookup('ansible.builtin.file', '{self.folder / FILE}') }}}}",
            "from_pipe": f"{{{{ lookup('ansible.builtin.pipe', 'sh {self.folder / PIPE}') }}}}",
            "from_vault": "{{ vault_it }}",
        }
        service = {
            "kind": "custom",
            "image": "redis:8",
            "user": "10001:10001",
            "command": ["sleep", "infinity"],
            "stop_grace": "1s",
            "secrets": [*given, *more, {"name": "from_env", "env": "FROM_ENV"}],
            "health": {"test": ["CMD", "test", "-s", "/run/secrets/made"], "interval": "1s"},
        }
        self.stack.describe({"app": service}, {**given, **more})


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sources]:
    found = Sources(f"slipway-test-{secrets.token_hex(4)}", tmp_path_factory.mktemp("sources"))
    try:
        yield found
    finally:
        found.stack.remove()


def test_a_lookup_runs_once_in_a_deploy_and_its_value_is_in_the_store_alone(sources: Sources) -> None:
    run = sources.stack.run("deploy", "-vvv", "--diff", *sources.options, environment=sources.environment)
    assert run.code == 0, run.output
    assert (sources.folder / "runs").read_text() == "run\n"
    for value in sources.values.values():
        assert value not in run.output
        found = sources.stack.files_with(value)
        assert found
        assert [path for path in found if not path.startswith("secrets/")] == []
    inside = {name: sources.stack.execute("app", "cat", f"/run/secrets/{name}").stdout for name in sources.values}
    assert inside == sources.values


def test_the_overview_says_where_each_secret_comes_from_and_what_a_deploy_would_change(sources: Sources) -> None:
    before = sources.stack.files_with("")
    other = {**sources.environment, ENV: secrets.token_hex(16)}
    outputs = []
    for options in (("-vvv",), ("-vvv", "--check")):
        run = sources.stack.run("secrets", *options, *sources.options, environment=other)
        assert run.code == 0, run.output
        outputs.append(run.output)
    lines = {line.split()[0]: line for line in outputs[0].splitlines() if line.startswith("  ") and line.split()}
    assert "generated on this host" in lines["made"]
    assert "lookup ansible.builtin.env" in lines["from_env"]
    assert "differs from the live value; the next deploy replaces app" in lines["from_env"]
    assert "lookup ansible.builtin.file" in lines["from_file"]
    assert "variable vault_it" in lines["from_vault"]
    assert lines["from_vault"].split()[-3:] == ["live", "app:", "/run/secrets/from_vault"]
    made = next((sources.stack.home.path / "secrets/generated").iterdir()).read_text()
    for output in outputs:
        for value in (*sources.values.values(), other[ENV], made):
            assert value not in output
    assert sources.stack.files_with("") == before


def test_every_missing_secret_is_named_at_once(sources: Sources) -> None:
    sources.describe(lost="{{ vault_lost }}", gone="{{ vault_gone }}")
    run = sources.stack.run("secrets", *sources.options, environment=sources.environment)
    sources.describe()
    assert run.code == 2, run.output
    assert "vault_lost" in run.output
    assert "vault_gone" in run.output


def test_a_program_reads_the_overview_as_json(sources: Sources) -> None:
    environment = {**sources.environment, "ANSIBLE_STDOUT_CALLBACK": "ansible.posix.json"}
    run = sources.stack.run("secrets", *sources.options, environment=environment)
    if "ansible.posix" in run.output and run.code != 0:
        pytest.skip("the callback ansible.posix.json is not installed here")
    start = run.output.index("{")
    result = json.JSONDecoder().raw_decode(run.output[start:])[0]["plays"][0]["tasks"][0]["hosts"]["here"]
    assert {one["name"]: one["state"] for one in result["overview"]}["made"] == "live"

"""Runs the scripts of a GitHub workflow or a GitLab job, with programs in place of those that need the world outside.

Playbooks that need no server run for real: policy and plan. Of the others, Ansible lists the hosts.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tests.support.documented_project import Project

#: Stands in for the programs that reach the world outside. It notes how it was called, and what it was given to read.
_STAND_IN = """#!{python}
import json, os, pathlib, sys
name, folder = pathlib.Path(sys.argv[0]).name, pathlib.Path(__file__).parent
reads = name == "curl" or "--password-stdin" in sys.argv
call = [name, *sys.argv[1:]], sys.stdin.read() if reads else ""
with open(folder / "calls.jsonl", "a") as calls:
    calls.write(json.dumps(call) + "\\n")
"""
_ANSIBLE = """
if name == "ansible-playbook":
    known = "slipway.stack.policy" in sys.argv
    more = [] if known else {plan!r} if "slipway.stack.plan" in sys.argv else ["--list-hosts"]
    os.execv({ansible!r}, [{ansible!r}, *sys.argv[1:], *more])
"""
PROGRAMS = ("ansible-playbook", "ansible-galaxy", "python", "gh", "curl", "docker")


@dataclass
class Run:
    """A job in the directory of a project: what it printed, and with what it ended."""

    project: Project
    bin: Path
    variables: dict[str, str]
    code: int = 0
    output: str = ""

    def calls(self, program: str) -> list[tuple[list[str], str]]:
        """Return how a program was called: its arguments, and its input."""
        noted = self.bin / "calls.jsonl"
        lines = noted.read_text().splitlines() if noted.exists() else []
        return [(argv[1:], text) for argv, text in map(json.loads, lines) if argv[0] == program]

    def bash(self, script: str, variables: Mapping[str, str], *options: str) -> None:
        """Run a script, as a runner does."""
        path = f"{self.bin}:{self.project.environment['PATH']}"
        known = {**os.environ, "ANSIBLE_NOCOLOR": "1", **self.project.environment, **variables, "PATH": path}
        known.pop("ANSIBLE_CONFIG", None)
        command = ["bash", "--noprofile", "--norc", "-e", *options, "-c", script]
        done = subprocess.run(
            command, cwd=self.project.folder, env=known, capture_output=True, text=True, check=False, timeout=120
        )
        self.code, self.output = done.returncode, self.output + done.stdout + done.stderr


def start(project: Project, variables: Mapping[str, str] | None = None) -> Run:
    """Return a run without a step yet. A plan has this machine in place of the server."""
    folder = project.folder / "runner"
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "temp").mkdir(parents=True)
    ansible = shutil.which("ansible-playbook")
    text = _STAND_IN.format(python=sys.executable) + _ANSIBLE.format(
        ansible=ansible, plan=["-e", json.dumps(project.here)]
    )
    for name in PROGRAMS:
        (folder / name).write_text(text)
        (folder / name).chmod(0o700)
    return Run(project, folder, dict(variables or {}))


def github(run: Run, workflow: Path, job: str, context: Mapping[str, str]) -> Run:
    """Run the scripts of a job, with *context* for its expressions, until one fails."""
    document = yaml.safe_load(workflow.read_text())
    described = document["jobs"][job]
    variables = {**run.variables, "RUNNER_TEMP": str(run.bin / "temp"), "GITHUB_ENV": str(run.bin / "github_env")}
    variables.update(_filled(described.get("env", {}), context))
    actions = workflow.parents[1] / "actions"
    shell = document.get("defaults", {}).get("run", {}).get("shell", "")
    for step, known, default in _steps(described["steps"], actions, context, shell):
        fails = ["-o", "pipefail"] if step.get("shell", default) == "bash" else []
        run.bash(step["run"], {**variables, **_filled(step.get("env", {}), known)}, *fails)
        if Path(variables["GITHUB_ENV"]).exists():
            lines = Path(variables["GITHUB_ENV"]).read_text().splitlines()
            variables.update(line.split("=", 1) for line in lines)
        if run.code:
            break
    return run


def _steps(
    steps: list[dict[str, Any]], actions: Path, context: Mapping[str, str], shell: str
) -> Iterator[tuple[dict[str, Any], Mapping[str, str], str]]:
    """Return the steps that run a script, also those of local actions, each with its context and its default shell."""
    for step in steps:
        if "run" in step:
            yield step, context, shell
        elif step["uses"].startswith("./"):
            action = yaml.safe_load((actions / Path(step["uses"]).name / "action.yml").read_text())
            given = _filled(step.get("with", {}), context)
            inputs = {f"inputs.{name}": given.get(name, one["default"]) for name, one in action["inputs"].items()}
            for inner, known, default in _steps(action["runs"]["steps"], actions, inputs, ""):
                needed = re.match(r"(inputs\.[\w-]+) != ''", inner.get("if", ""))
                if not needed or inputs[needed[1]]:
                    yield inner, known, default


def _filled(values: Mapping[str, Any], context: Mapping[str, str]) -> dict[str, str]:
    """Return values with their expressions replaced; one that *context* does not have is a KeyError."""
    return {key: re.sub(r"\$\{\{ (.+?) }}", lambda found: context[found[1]], str(text)) for key, text in values.items()}


def gitlab(run: Run, file: Path, job: str) -> Run:
    """Run the scripts of a job: before_script and script in one shell, then after_script in another."""
    document = yaml.safe_load(file.read_text())
    described = {**document.get(document[job].get("extends", ""), {}), **document[job]}
    own = {**document.get("variables", {}), **described.get("variables", {})}
    variables = {**{key: str(value) for key, value in own.items()}, **run.variables}
    run.bash("\n".join([*described.get("before_script", []), *described["script"]]), variables, "-o", "pipefail")
    code = run.code
    if "after_script" in described:
        run.bash("\n".join(described["after_script"]), variables, "-o", "pipefail")
    run.code = code
    return run


def words(run: Run, playbook: str) -> list[str]:
    """Return the arguments with which a playbook was run, once."""
    (found,) = [argv for argv, _ in run.calls("ansible-playbook") if f"slipway.stack.{playbook}" in argv]
    return found

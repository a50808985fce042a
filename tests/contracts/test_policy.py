"""The policy in the real playbooks: it stops a deploy before a server is contacted."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.contracts.checkout import ROOT

CORPUS = ROOT / "tests/policy/corpus"
#: Its version is given with -e.
APPLICATION = {
    "web": {
        "kind": "custom",
        "image": "registry.example.com/web:{{ app_version }}",
        "user": "10:10",
        "health": {"test": ["CMD", "/check"]},
        "needs": ["db"],
    }
}


def _playbook(name: str, *options: str) -> subprocess.CompletedProcess[str]:
    command = ["ansible-playbook", f"playbooks/{name}.yml", *options]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def test_a_deploy_is_stopped_before_a_server_is_contacted() -> None:
    """No server has the addresses of this inventory, so contacting one would time out."""
    done = _playbook("deploy", "-i", "inventories/production", "-e", "app_version=latest")
    assert done.returncode == 2
    assert "findings of the policy stop this deploy to production:" in done.stdout
    assert "SLP040  backend runs 'registry.example.com/shop/backend:latest', whose tag is latest" in done.stdout
    assert "SLP040  frontend runs " in done.stdout


@pytest.mark.parametrize(("file", "code"), [("hardened", 0), ("wordpress", 2)])
def test_a_compose_file_is_checked_without_an_inventory(file: str, code: int, tmp_path: Path) -> None:
    report = tmp_path / "policy.sarif"
    options = [
        f"policy_files={(CORPUS / file).relative_to(ROOT)}.yaml",
        f"policy_report={report}",
        "policy_format=sarif",
    ]
    done = _playbook("policy", *(word for option in options for word in ("-e", option)))
    assert done.returncode == code, done.stdout
    assert "policy for production: " in done.stdout
    assert f"tests/policy/corpus/{file}.yaml" in report.read_text(encoding="utf-8")


def test_the_directory_of_a_report_is_created_but_not_in_check_mode(tmp_path: Path) -> None:
    report = tmp_path / "out/policy.json"
    options = ("-e", "policy_files=tests/policy/corpus/hardened.yaml", "-e", f"policy_report={report}")
    assert _playbook("policy", *options, "--check").returncode == 0
    assert not report.parent.exists()
    assert _playbook("policy", *options).returncode == 0
    assert report.is_file()


def test_a_report_that_cannot_be_written_is_an_error_message(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("")
    report = tmp_path / "out/policy.json"
    done = _playbook("policy", "-e", "policy_files=tests/policy/corpus/hardened.yaml", "-e", f"policy_report={report}")
    assert done.returncode == 2
    assert f"key 'report': {report} cannot be written: " in done.stdout + done.stderr


def _inventory(folder: Path, version: str, **more: Any) -> None:
    """Write an inventory of the environment with the name of *folder*, with this version of Postgres."""
    variables = {
        "stack_name": "shop",
        "stack_environment": folder.name,
        "stack_services": {"db": {"kind": "postgres", "version": version}, **APPLICATION},
        **more,
    }
    (folder / "group_vars").mkdir(parents=True)
    # Nothing listens at this address: a deploy that continues fails at once, with a different message.
    hosts = {"stack": {"hosts": {f"shop-{folder.name}": {"ansible_host": "127.0.0.1", "ansible_port": 9}}}}
    (folder / "hosts.yml").write_text(yaml.safe_dump(hosts), encoding="utf-8")
    (folder / "group_vars/stack.yml").write_text(yaml.safe_dump(variables), encoding="utf-8")


def test_a_deploy_compares_its_environment_with_others(tmp_path: Path) -> None:
    others = {"production": "../production", "staging": "../staging", "test": "../test"}
    _inventory(tmp_path / "production", "17", stack_policy_environments=others)
    _inventory(tmp_path / "staging", "16")
    options = ["-i", str(tmp_path / "production"), "-e", "app_version=1.4.2"]
    done = _playbook("deploy", *options, "-e", "stack_policy_level=warning")
    assert done.returncode == 2
    assert "1 finding of the policy stops this deploy to production:" in done.stdout
    assert "SLP151  db has different versions: postgres:16 in staging, postgres:17 in production" in done.stdout
    output = _playbook("deploy", *options).stdout
    assert "policy for production: 0 errors, 1 warnings" in output
    assert f"test is not compared: {tmp_path / 'test'}: there is no such file or directory" in output
    assert "findings of the policy stop" not in output


def _own_files(folder: Path, services: int) -> list[str]:
    """Write an inventory with a team's Compose file, in which all services have a secret."""
    _inventory(folder, "17", stack_compose_files=["docker-compose.yml"], stack_services={})
    lines = [
        f"  s{i}: {{image: 'a:1', environment: {{API_TOKEN: hunter2hunter2, T: '${{T}}'}}}}" for i in range(services)
    ]
    (folder / "docker-compose.yml").write_text("\n".join(["services:", *lines, ""]), encoding="utf-8")
    (folder / ".env").write_text("T=1\n", encoding="utf-8")
    return ["-i", str(folder)]


def test_a_deploy_checks_the_files_of_a_team_as_they_are_written(tmp_path: Path) -> None:
    done = _playbook("deploy", *_own_files(tmp_path / "production", 2))
    assert done.returncode == 2
    assert "SLP050  s0 has a secret in the file: API_TOKEN  [docker-compose.yml:2]" in done.stdout
    assert "hunter2" not in done.stdout


def test_a_deploy_shows_a_rule_that_most_services_break_once_and_all_with_v(tmp_path: Path) -> None:
    options = _own_files(tmp_path / "production", 70)
    text = _playbook("deploy", *options).stdout
    assert "70 of 70 services have a secret in the file: API_TOKEN: s0, s1, s10 and 67 more" in text
    assert "Run the playbook with -v to see every finding." in text
    assert "each of 70 services, such as s0  is rolling, because " in text
    # Ansible prints the message of an error twice.
    assert text.count("SLP050") <= 2
    assert _playbook("deploy", *options, "-v").stdout.count("SLP050") >= 70


def test_a_deploy_says_which_exported_variable_differs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("T", "2")
    options = _own_files(tmp_path / "production", 1)
    assert (
        "T is exported with another value than in .env"
        in _playbook("deploy", *options, "-e", "stack_policy_level=off").stdout
    )

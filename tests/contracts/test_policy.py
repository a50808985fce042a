"""The policy through the real playbooks: it has to stop a deploy before a server is asked anything."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.contracts.checkout import ROOT

CORPUS = ROOT / "tests/policy/corpus"


def _playbook(name: str, *options: str) -> subprocess.CompletedProcess[str]:
    command = ["ansible-playbook", f"playbooks/{name}.yml", *options]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def test_a_deploy_is_stopped_before_a_server_is_asked() -> None:
    """The addresses of the inventory lead nowhere: another answer than this one would be a time-out."""
    done = _playbook("deploy", "-i", "inventories/production", "-e", "app_version=latest")
    assert done.returncode == 2
    assert "findings of the policy stop this deploy to production:" in done.stdout
    assert "SLP040  backend runs 'registry.example.com/shop/backend:latest', which is latest" in done.stdout
    assert "SLP040  frontend runs " in done.stdout


@pytest.mark.parametrize(("file", "code"), [("hardened", 0), ("wordpress", 2)])
def test_a_file_without_an_inventory(file: str, code: int, tmp_path: Path) -> None:
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

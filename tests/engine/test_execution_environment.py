"""The execution environment of docs/projects.md is built, and deploys the demo to a server over SSH."""

from __future__ import annotations

import secrets
import subprocess
import urllib.request
from collections.abc import Iterator

import pytest
import yaml

from testbed import images, registry, servers, shell, shop
from tests.contracts.checkout import ROOT
from tests.support import execution_environment
from tests.support.execution_environment import Jobs

#: The user of the image, and one that only OpenShift knows.
KNOWN, ANY = 1000, 1_000_650_000


@pytest.fixture(scope="module")
def jobs(project: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Jobs]:
    """Build the image, and boot a server that is not provisioned."""
    image, name = f"{project}-environment", f"environment-{secrets.token_hex(4)}"
    with shell.locked("images"):
        images.ensure(["server"])
        registry.ensure()
        shop.ensure(("1.0.0",), ("backend", "frontend"))
    try:
        execution_environment.build(image, tmp_path_factory.mktemp("image"))
        servers.up(name, "server", None, [])
        address = dict(line.split()[:2] for line in servers.listing())[name]
        yield Jobs(image, address, tmp_path_factory.mktemp("jobs"))
    finally:
        servers.down(name)
        subprocess.run(["docker", "image", "rm", "--force", image], capture_output=True, check=False)


@pytest.fixture(scope="module")
def deployed(jobs: Jobs) -> Jobs:
    for name in ("provision", "deploy"):
        code, output = jobs.playbook(KNOWN, name)
        assert code == 0, output
    return jobs


def test_it_has_the_programs_that_the_pages_name(jobs: Jobs) -> None:
    programs = ("ansible-playbook", "ansible-runner", "git", "curl", "bash", "ssh", "ssh-agent")
    script = 'for one in "$@"; do command -v "$one"; done'
    code, output = jobs.run(KNOWN, "sh", "-c", script, "sh", *programs, "docker", entry_point=False)
    assert [line.rpartition("/")[2] for line in output.splitlines()] == list(programs)
    assert code != 0, "it has Docker, and docs/projects.md says that it has none"


def test_it_provisions_and_deploys(deployed: Jobs) -> None:
    with urllib.request.urlopen(f"http://{deployed.address}:8420/api/health", timeout=10) as answer:
        assert b'"database":"connected"' in answer.read()


@pytest.mark.parametrize("playbook", ["status", "verify"])
@pytest.mark.parametrize(("user", "entry_point"), [(KNOWN, True), (KNOWN, False), (ANY, True)])
def test_it_works_for_each_user_and_without_its_entry_point(
    deployed: Jobs, user: int, entry_point: bool, playbook: str
) -> None:
    code, output = deployed.playbook(user, playbook, entry_point=entry_point)
    assert code == 0, output
    assert "failed=0" in output


@pytest.mark.parametrize("user", [KNOWN, ANY])
def test_ansible_runner_deploys(deployed: Jobs, user: int) -> None:
    code, output = deployed.runner(user, "deploy")
    assert code == 0, output
    assert "is live on shop1" in output
    (ended,) = (deployed.data(user) / "artifacts").glob("*/rc")
    assert ended.read_text() == "0"


def test_the_variables_of_the_file_for_gitlab_do_without_a_home_directory(deployed: Jobs) -> None:
    variables = yaml.safe_load((ROOT / "examples/ci/gitlab/.gitlab-ci.yml").read_text())["variables"]
    given = {name: value for name, value in variables.items() if name.startswith("ANSIBLE_")}
    code, output = deployed.playbook(KNOWN, "status", entry_point=False, variables={**given, "HOME": "/"})
    assert code == 0, output
    code, output = deployed.playbook(KNOWN, "status", entry_point=False, variables={"HOME": "/"})
    assert code != 0, "the variables are not necessary"

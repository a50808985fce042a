"""The CI files of examples/ci in the project of docs/projects.md, and the workflows of this repository.

Their schemas are those that check-jsonschema brings along. zizmor and jactionlint judge the workflows without asking
anybody.
"""

from __future__ import annotations

import json
import re
import shutil
import stat
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from scripts import environments
from tests.contracts.checkout import ROOT
from tests.support import ci_runs, documented_project
from tests.support.ci_runs import Run
from tests.support.documented_project import Project

GITHUB = ROOT / "examples/ci/github"
GITLAB = ROOT / "examples/ci/gitlab/.gitlab-ci.yml"
WORKFLOWS = [*GITHUB.glob("workflows/*.yml"), *(ROOT / ".github/workflows").glob("*.yml")]
KEY, TOKEN = "the private key of this test", "the token of this test"
HOST_KEY = "203.0.113.10 ssh-ed25519 AAAA"
SECRETS = (KEY, TOKEN, documented_project.PASSWORD)
CONTEXT = {
    "secrets.SSH_PRIVATE_KEY": KEY,
    "secrets.VAULT_PASSWORD": documented_project.PASSWORD,
    "vars.SSH_KNOWN_HOSTS": HOST_KEY,
    "github.token": TOKEN,
    "github.event.pull_request.number": "7",
}
OF_GITHUB = {"GITHUB_REF_NAME": "v1.4.2", "GITHUB_ACTOR": "ada", "GITHUB_REPOSITORY": "shop/shop"}


@pytest.fixture(scope="module")
def programs() -> Path:
    return environments.checks()


@pytest.fixture(scope="module")
def project(made: Project) -> Project:
    """Return the project with a Compose file and a tag."""
    shutil.copy(ROOT / "tests/policy/corpus/hardened.yaml", made.folder / "compose.yaml")
    shutil.copytree(GITHUB, made.folder / ".github")
    git = ["git", "-c", "user.name=ada", "-c", "user.email=ada@example.com", "-C", str(made.folder)]
    for command in (["init", "--quiet"], ["commit", "--quiet", "--allow-empty", "-m", "x"], ["tag", "v1.4.2"]):
        subprocess.run([*git, *command], check=True)
    return made


def _valid(programs: Path, *options: str) -> None:
    command = [programs / "check-jsonschema", *options]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_github_and_gitlab_accept_the_files(programs: Path) -> None:
    _valid(programs, "--builtin-schema", "vendor.github-workflows", *map(str, WORKFLOWS))
    _valid(programs, "--builtin-schema", "vendor.github-actions", *map(str, GITHUB.glob("actions/*/action.yml")))
    _valid(programs, "--builtin-schema", "vendor.gitlab-ci", "--data-transform", "gitlab-ci", str(GITLAB))


@pytest.mark.parametrize("folder", [GITHUB, ROOT / ".github"], ids=["examples", "own"])
def test_zizmor_finds_nothing(folder: Path, programs: Path, tmp_path: Path) -> None:
    shutil.copytree(folder, tmp_path / ".github")
    # A path of the checkout works on each GitHub server; the newer notation `$/` does not.
    (tmp_path / "zizmor.yml").write_text("rules: {self-repository: {disable: true}}\n")
    command = [programs / "zizmor", "--offline", "--no-progress", "--format=plain", "--config=zizmor.yml", "."]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    assert all(path.name in done.stderr for path in folder.rglob("*.yml")), done.stderr


def _linted(programs: Path, folder: Path) -> subprocess.CompletedProcess[str]:
    """Check expressions, and what jobs, steps and inputs they name; of scripts, nothing."""
    files = sorted({*folder.glob(".github/workflows/*.yml"), *folder.glob(".github/actions/*/action.yml")})
    options = ["--profile=correctness", "--color=never", "--shellcheck=", "--pyflakes=", "--format=oneline"]
    command = [programs / "jactionlint", *options, *map(str, files)]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=60)


@pytest.mark.parametrize("source", [GITHUB, ROOT / ".github"], ids=["examples", "own"])
def test_jactionlint_finds_nothing(source: Path, programs: Path, tmp_path: Path) -> None:
    shutil.copytree(source, tmp_path / ".github")
    done = _linted(programs, tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    # The same files with a word that no step and no job has.
    wrong = 0
    for path in (tmp_path / ".github").rglob("*.yml"):
        text = re.sub(r"\$\{\{ [^}]+ \}\}", "${{ github.nonesuch }}", path.read_text())
        wrong += text.count("github.nonesuch")
        path.write_text(text)
    done = _linted(programs, tmp_path)
    assert done.returncode == 1
    assert wrong > 0
    assert done.stdout.count('"nonesuch"') == wrong, done.stdout


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: "/".join(path.parts[-3::2]))
def test_a_workflow_has_least_rights_time_limits_and_a_shell_that_stops_at_a_failure(path: Path) -> None:
    workflow = yaml.safe_load(path.read_text())
    assert workflow["permissions"] == {}
    assert workflow["defaults"]["run"]["shell"] == "bash"
    for job in workflow["jobs"].values():
        assert job["timeout-minutes"] <= 120
        assert set(job["permissions"]) <= {"contents", "pull-requests", "security-events"}
    assert "pull_request_target" not in path.read_text()


@pytest.mark.parametrize("path", sorted({*WORKFLOWS, *GITHUB.rglob("action.yml")}), ids=lambda path: path.name)
def test_an_action_is_pinned_by_its_commit_and_names_its_version(path: Path) -> None:
    used = re.findall(r"uses: (?!\./)(.*)", path.read_text())
    assert [one for one in used if not re.fullmatch(r"[\w/-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", one)] == []


def test_an_action_has_the_same_commit_everywhere() -> None:
    text = "".join(path.read_text() for path in (*WORKFLOWS, *GITHUB.rglob("action.yml")))
    pins = {tuple(one) for one in re.findall(r"uses: ([\w/-]+)@(.*)", text)}
    assert len(pins) == len({name for name, _ in pins})


def test_jobs_that_change_a_server_wait_for_each_other() -> None:
    for name in ("deploy", "rollback"):
        job = yaml.safe_load((GITHUB / f"workflows/{name}.yml").read_text())["jobs"][name]
        assert (job["environment"], job["concurrency"]["group"]) == ("production", "production")
        assert job["concurrency"]["cancel-in-progress"] is False
        job = yaml.safe_load(GITLAB.read_text())[name]
        assert (job["environment"], job["resource_group"]) == ("production", "production")


def _github(project: Project, workflow: str, job: str, **context: str) -> Run:
    run = ci_runs.start(project, OF_GITHUB)
    ci_runs.github(run, project.folder / f".github/workflows/{workflow}.yml", job, {**CONTEXT, **context})
    assert [secret for secret in SECRETS if secret in run.output] == []
    return run


def _gitlab(project: Project, job: str, **variables: str) -> Run:
    run = ci_runs.start(project)
    for name, text in (("key", KEY), ("vault", documented_project.PASSWORD), ("known_hosts", HOST_KEY)):
        (run.bin / name).write_text(text)
    run.variables = {
        "ANSIBLE_PRIVATE_KEY_FILE": str(run.bin / "key"),
        "ANSIBLE_VAULT_PASSWORD_FILE": str(run.bin / "vault"),
        "SSH_KNOWN_HOSTS": str(run.bin / "known_hosts"),
        "CI_COMMIT_TAG": "v1.4.2",
        "GITLAB_USER_LOGIN": "ada",
        **variables,
    }
    ci_runs.gitlab(run, GITLAB, job)
    assert [secret for secret in SECRETS if secret in run.output] == []
    return run


def _rules(project: Project) -> set[str]:
    report = json.loads((project.folder / "policy.sarif").read_text())
    assert report["version"] == "2.1.0"
    return {result["ruleId"] for run in report["runs"] for result in run["results"]}


def test_the_policy_is_reported_where_it_passes(project: Project) -> None:
    run = _github(project, "check", "policy")
    assert run.code == 0, run.output
    assert "SLP001" not in _rules(project)
    assert not (run.bin / "temp/deploy").exists()


@pytest.mark.parametrize(("runner", "job"), [(_github, ("check", "policy")), (_gitlab, ("policy",))])
def test_the_policy_is_reported_where_it_fails(project: Project, runner: Callable[..., Run], job: list[str]) -> None:
    shutil.copy(ROOT / "tests/policy/corpus/wordpress.yaml", project.folder / "compose.yaml")
    (project.folder / "policy.sarif").unlink(missing_ok=True)
    run = runner(project, *job)
    assert run.code == 2, run.output
    assert "SLP001" in _rules(project)
    if runner is _gitlab:
        assert "<testsuite" in (project.folder / "policy.xml").read_text()


def _planned(project: Project) -> list[str]:
    text = (project.folder / "plan.txt").read_text()
    assert re.search(r"[\x00-\x08\x0b-\x1f\x7f]", text) is None
    return re.findall(r"(db|broker|backend|edge) +create", text)


def test_github_gets_the_plan_as_a_comment(project: Project) -> None:
    run = _github(project, "check", "plan")
    assert run.code == 0, run.output
    assert _planned(project) == ["db", "broker", "backend", "edge"]
    ((comment, _),) = run.calls("gh")
    assert comment[:3] == ["pr", "comment", "7"]
    assert "db" in (project.folder / comment[-1]).read_text()


def test_gitlab_gets_the_plan_as_a_comment(project: Project) -> None:
    run = _gitlab(project, "plan")
    assert run.code == 0, run.output
    assert _planned(project) == ["db", "broker", "backend", "edge"]
    where = {"CI_API_V4_URL": "https://git.example.com/api/v4", "CI_PROJECT_ID": "3", "CI_MERGE_REQUEST_IID": "7"}
    run = _gitlab(project, "comment", PLAN_COMMENT_TOKEN=TOKEN, **where)
    assert run.code == 0, run.output
    ((argv, text),) = run.calls("curl")
    assert argv[-1] == "https://git.example.com/api/v4/projects/3/merge_requests/7/notes"
    assert text == f'header = "PRIVATE-TOKEN:{TOKEN}"\n'
    assert TOKEN not in str(argv)
    assert "db" in (project.folder / "comment.md").read_text()


def test_a_plan_that_fails_fails_the_job(project: Project) -> None:
    """The exit code of a pipe is that of the plan, not that of tee."""
    stack = project.folder / "inventories/common/stack.yml"
    text = stack.read_text()
    stack.write_text(text.replace("kind: postgres", "kind: postgras"))
    try:
        codes = [_github(project, "check", "plan").code, _gitlab(project, "plan").code]
    finally:
        stack.write_text(text)
    assert codes == [2, 2]


def _deployed(run: Run) -> None:
    assert run.code == 0, run.output
    assert run.output.count("hosts (1)") == 2
    words = ci_runs.words(run, "deploy")
    assert {"app_version=1.4.2", "deploy_owner=ada", "inventories/production"} <= set(words)
    assert words[words.index("--limit") + 1] == "stack"


def test_github_deploys_a_tag_with_keys_that_only_the_job_can_read(project: Project) -> None:
    run = _github(project, "deploy", "deploy")
    _deployed(run)
    folder = run.bin / "temp/deploy"
    assert {path.name for path in folder.iterdir()} == {"key", "known_hosts", "vault"}
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o600}
    assert (folder / "known_hosts").read_text() == HOST_KEY + "\n"
    assert "StrictHostKeyChecking=yes" in (run.bin / "github_env").read_text()


def test_gitlab_deploys_a_tag(project: Project) -> None:
    _deployed(_gitlab(project, "deploy"))


def test_a_tag_builds_its_images_and_the_password_of_the_registry_is_no_argument(project: Project) -> None:
    run = _gitlab(project, "build", REGISTRY_USER="ci", REGISTRY_PASSWORD=TOKEN)
    (login, text), _ = run.calls("docker")
    assert (text, TOKEN in str(login)) == (TOKEN, False)
    for built in (run, _github(project, "deploy", "build")):
        assert built.code == 0, built.output
        assert built.output.count("hosts (1)") == 1


def test_no_server_is_contacted_without_its_host_key(project: Project) -> None:
    run = _github(project, "deploy", "deploy", **{"vars.SSH_KNOWN_HOSTS": ""})
    assert run.code != 0
    assert "SSH_KNOWN_HOSTS is empty" in run.output
    assert run.calls("ansible-playbook") == []


def test_a_rollback_goes_to_the_release_that_is_named(project: Project) -> None:
    release = "20261121T045002Z-1476d7a5"
    for run in (
        _github(project, "rollback", "rollback", **{"inputs.release": release}),
        _gitlab(project, "rollback", RELEASE=release),
    ):
        assert run.code == 0, run.output
        assert f"rollback_release={release}" in ci_runs.words(run, "rollback")


@pytest.mark.parametrize("release", ["", "previous deploy_owner=eve", "$(id)"])
def test_what_is_no_release_is_refused(project: Project, release: str) -> None:
    for run in (
        _github(project, "rollback", "rollback", **{"inputs.release": release}),
        _gitlab(project, "rollback", RELEASE=release),
    ):
        assert run.code == 1
        assert "is no release; write previous" in run.output
        assert run.calls("ansible-playbook") == []

from __future__ import annotations

from pathlib import Path

import pytest
from ansible.errors import AnsibleError

from tests.contracts.checkout import ROOT, load
from tests.support import inventories, real_compose, uploaded
from tests.support.examples import VERSION

ENVIRONMENTS = ["development", "staging", "production"]
INVENTORIES = {name: ROOT / "inventories" / name for name in [*ENVIRONMENTS, "demo"]}
STACKS = {
    f"{path.parent.parent.name}-{path.parent.name}": path.parent
    for path in sorted(ROOT.glob("examples/stacks/*/*/hosts.yml"))
}


@pytest.mark.parametrize("name", [*INVENTORIES, *STACKS])
def test_an_inventory_has_a_host(name: str) -> None:
    assert inventories.hosts({**INVENTORIES, **STACKS}[name])


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_an_environment_has_the_name_of_its_directory(name: str) -> None:
    assert inventories.parcel(INVENTORIES[name], VERSION).environment == name


@pytest.mark.parametrize("name", STACKS)
def test_an_environment_of_an_example_stack_has_the_name_of_its_directory(name: str) -> None:
    found = inventories.parcel(STACKS[name], VERSION)
    assert f"{found.stack}-{found.environment}" == name
    assert (STACKS[name] / "group_vars/all/stack.yml").resolve() == STACKS[name].parent / "stack.yml"


@pytest.mark.parametrize("name", STACKS)
def test_the_two_files_of_an_example_stack_share_no_variable(name: str) -> None:
    """Ansible merges the files of a directory by name, so stack.yml would override environment.yml."""
    folder = STACKS[name] / "group_vars/all"
    assert set(load(folder / "stack.yml")) & set(load(folder / "environment.yml")) == set()


def test_the_stack_is_described_once() -> None:
    """All environments take their services from the same file. Their own files repeat none of its variables."""
    common = ROOT / "inventories/common/stack.yml"
    own = [load(INVENTORIES[name] / "group_vars/all/environment.yml") for name in ENVIRONMENTS]
    assert {(INVENTORIES[name] / "group_vars/all/stack.yml").resolve() for name in ENVIRONMENTS} == {common}
    assert set(load(common)) & {variable for values in own for variable in values} == set()
    assert len({tuple(inventories.parcel(INVENTORIES[name], VERSION).services) for name in ENVIRONMENTS}) == 1


def test_a_deploy_without_a_version_is_refused() -> None:
    with pytest.raises(AnsibleError, match="say which version, such as -e app_version"):
        inventories.parcel(INVENTORIES["production"])


def test_every_build_context_exists() -> None:
    services = load(ROOT / "inventories/common/stack.yml")["stack_services"]
    contexts = [service["build"]["context"] for service in services.values() if "build" in service]
    assert contexts
    assert [path for path in contexts if not (INVENTORIES["staging"] / path / "Dockerfile").is_file()] == []


@pytest.mark.parametrize("suite", real_compose.SUITES)
@pytest.mark.parametrize("name", [*INVENTORIES, *STACKS])
def test_compose_reads_what_the_manifest_says(name: str, suite: str, tmp_path: Path) -> None:
    release = inventories.parcel({**INVENTORIES, **STACKS}[name], {**VERSION, "stack_root": str(tmp_path)})
    read = uploaded.services(release, suite, tmp_path / "release")
    jobs = {spec["release"] for spec in release.services.values() if spec["release"]}
    assert set(read) == set(release.services) | jobs
    for service, spec in release.services.items():
        assert read[service]["image"] == spec["image"]
        assert read[service]["deploy"]["replicas"] == spec["replicas"]
        assert len(read[service].get("ports", [])) == len(spec["ports"])
        assert (read[service].get("environment") or {}) == spec["settings"]["environment"]
        assert read[service]["labels"]["slipway.class"] == spec["class"]

"""Adopt a project with Compose files with the real playbook: what it writes to the inventory, and what it keeps."""

from __future__ import annotations

import re
import secrets
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible.parsing.vault import VaultLib, VaultSecret

from tests.contracts import playbooks
from tests.contracts.checkout import ROOT
from tests.support import adopted, compose_projects

INVENTORY: dict[str, Any] = {"stack": {"hosts": {"nowhere": {"ansible_host": "192.0.2.1"}}}}
VARIABLES: dict[str, Any] = {
    "stack_name": "shop",
    "stack_environment": "production",
    "stack_compose_files": ["../../docker-compose.yml"],
    "stack_compose_variables": {"TAG": "{{ app_version }}"},
    "stack_secrets": {"db_password": "{{ vault_db_password }}"},
}
SERVICES = {"web": {"class": "singleton", "replicas": 1}}


#: A project that the inventory of docs/compose_files.md fits to.
_DOCUMENTED = """\
services:
  web:
    image: registry.example.com/shop/web:${APP_VERSION}
    environment: {DATABASE_URL: "postgres://app:${DB_PASSWORD}@db/app"}
  backend: {image: "registry.example.com/shop/backend:${APP_VERSION}", depends_on: [prestart]}
  frontend: {image: "registry.example.com/shop/frontend:${APP_VERSION}"}
  prestart: {image: "registry.example.com/shop/backend:${APP_VERSION}", command: alembic upgrade head}
  uploads: {image: "registry.example.com/shop/uploads:${APP_VERSION}", volumes: ["./data:/data"]}
  adminer: {image: "adminer:4", ports: ["8080:8080"]}
  proxy: {image: "traefik:3", ports: ["80:80"], volumes: ["/var/run/docker.sock:/var/run/docker.sock"]}
"""


@pytest.fixture
def inventory(tmp_path: Path) -> Path:
    """Return the directory of an inventory in a project with Compose files."""
    compose_projects.write(tmp_path, compose_projects.PROJECTS["whole"])
    folder = tmp_path / "inventories/production"
    _write(folder / "hosts.yml", INVENTORY)
    _write(folder / "group_vars/all.yml", VARIABLES)
    return folder


def _write(path: Path, value: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(yaml.safe_dump(value))


def _run(inventory: Path, *options: str, **variables: Any) -> tuple[int, int, str]:
    values = {"adopt": True, "app_version": "1.0.0", **variables}
    return playbooks.run("workspace", inventory / "hosts.yml", *options, variables=values)


def test_a_second_run_changes_nothing_and_keeps_edited_files(inventory: Path) -> None:
    file = inventory / "group_vars/stack/services.yml"
    code, changed, text = _run(inventory, "--check", "--diff")
    assert (code, changed) == (0, 1), text
    assert "+stack_services: + # Is " in text
    assert not file.parent.exists()
    code, changed, text = _run(inventory)
    assert (code, changed) == (0, 1), text
    assert "put POSTGRES_PASSWORD of db into a vault" not in text
    assert "put /run/secrets/api_key of web into a vault, as vault_api_key" in text
    assert "remove stack_compose_files and stack_compose_variables from the inventory" in text
    written = file.read_text()
    assert "registry.example.com/backend:{{ app_version }}" in written
    # The inventory uses the file now, and the vault is still empty.
    code, changed, text = _run(inventory)
    assert (code, changed) == (0, 0), text
    assert file.read_text() == written
    file.write_text(written.replace("replicas: 2", "replicas: 3"))
    code, changed, text = _run(inventory, "--diff")
    assert (code, changed) == (0, 0), text
    assert "services.yml kept: somebody has changed it" in text
    assert "- replicas: 3 + replicas: 2" in text
    assert "replicas: 3" in file.read_text()


def test_the_adopted_description_gives_the_same_release(inventory: Path) -> None:
    assert _run(inventory)[0] == 0
    original = compose_projects.parcel(
        inventory,
        "../../docker-compose.yml",
        secrets={"db_password": "a-long-one"},
        compose_variables={"TAG": "1.0.0"},
    )
    file = inventory / "group_vars/stack/services.yml"
    known = {"app_version": "1.0.0", **adopted.vault(file.read_text(), original)}
    found = adopted.variables(file, **known)
    assert adopted.parcel(inventory, found).digest == original.digest
    # Until the user removes the Compose files from the inventory, both are there.
    files = {"compose_files": VARIABLES["stack_compose_files"], "compose_variables": {"TAG": "1.0.0"}}
    assert adopted.parcel(inventory, found, **files).digest == original.digest


def test_the_inventory_of_the_docs_can_be_adopted(inventory: Path) -> None:
    """It has a generated secret, a port, a mount that is replaced, and services that are left out or replaced."""
    page = (ROOT / "docs/compose_files.md").read_text().partition("## Moving into the inventory")[0]
    blocks = [yaml.safe_load(text) for text in re.findall(r"```yaml\n(.*?)```", page, re.DOTALL)]
    whole = next(block for block in blocks if "stack_name" in block)
    services = {name: entry for block in blocks for name, entry in block.get("stack_services", {}).items()}
    compose_projects.write(inventory.parents[1], {"docker-compose.yml": _DOCUMENTED})
    compose_projects.write(inventory.parents[1], {"docker-compose.prod.yml": "services: {web: {restart: always}}\n"})
    _write(inventory / "group_vars/all.yml", {**whole, "stack_services": services})
    code, changed, text = _run(inventory)
    assert (code, changed) == (0, 1), text
    said = {"services": services, "secrets": whole["stack_secrets"], "compose_variables": {"APP_VERSION": "1.0.0"}}
    original = compose_projects.parcel(inventory, *whole["stack_compose_files"], **said)
    found = adopted.variables(inventory / "group_vars/stack/services.yml", app_version="1.0.0")
    assert adopted.parcel(inventory, found).digest == original.digest
    files = {"compose_files": whole["stack_compose_files"], "compose_variables": said["compose_variables"]}
    assert adopted.parcel(inventory, found, **files).digest == original.digest
    # The inventory uses the file now, and the Compose files cannot be adopted without what it has.
    code, changed, text = _run(inventory)
    assert (code, changed) == (0, 0), text
    assert "kept" not in text
    compose_projects.write(inventory.parents[1], {"docker-compose.prod.yml": "services: {web: {restart: no}}\n"})
    code, changed, text = _run(inventory)
    assert (code, changed) == (0, 0), text
    assert "kept: it has settings of the inventory, without which the changed Compose files cannot be adopted" in text


def test_changed_compose_files_are_adopted_again_unless_the_inventory_had_settings(inventory: Path) -> None:
    project = inventory.parents[1] / "docker-compose.yml"
    file = inventory / "group_vars/stack/services.yml"
    assert _run(inventory)[1] == 1
    project.write_text(project.read_text().replace("shm_size: 64m", "shm_size: 65m"))
    assert _run(inventory)[1] == 1
    assert "shm_size: 65m" in file.read_text()
    file.unlink()
    (file.parent / ".slipway.json").unlink()
    _write(inventory / "group_vars/all.yml", {**VARIABLES, "stack_services": SERVICES})
    assert _run(inventory)[1] == 1
    assert "class: singleton" in file.read_text()
    # The file hides the settings of the inventory now. They must not be lost.
    assert _run(inventory)[:2] == (0, 0)
    project.write_text(project.read_text().replace("shm_size: 65m", "shm_size: 66m"))
    code, changed, text = _run(inventory)
    assert (code, changed) == (0, 0), text
    assert "- shm_size: 65m + shm_size: 66m" in text
    assert "class: singleton" in file.read_text()


def test_an_output_file_inside_a_mount_is_refused(inventory: Path) -> None:
    project = inventory.parents[1] / "docker-compose.yml"
    project.write_text("services: {web: {image: 'a:1', volumes: ['.:/srv:ro']}}\n")
    assert "service 'web' mounts the directory of this file; choose another place with adopt_to" in _run(inventory)[2]


def test_no_vault_password_is_needed(inventory: Path) -> None:
    """The names of secrets are enough. An encrypted value of the inventory is not written in plain text."""
    lib = VaultLib([("default", VaultSecret(secrets.token_bytes(16)))])
    lines = lib.encrypt("a-long-one").decode().splitlines()
    encrypted = "".join(f"\n    {line}" for line in lines)
    variables = {key: value for key, value in VARIABLES.items() if key != "stack_secrets"}
    text = f"{yaml.safe_dump(variables)}stack_secrets:\n  db_password: !vault |{encrypted}\n"
    (inventory / "group_vars/all.yml").write_text(text)
    code, changed, text = _run(inventory)
    assert (code, changed) == (0, 1), text
    assert "put stack_secrets.db_password into a vault, as vault_db_password" in text
    assert 'db_password: "{{ vault_db_password }}"' in (inventory / "group_vars/stack/services.yml").read_text()


def test_no_variables_file_of_the_inventory_is_hidden(inventory: Path) -> None:
    _write(inventory / "group_vars/stack.yml", {"x": 1})
    code, _, text = _run(inventory)
    assert code != 0
    assert "group_vars/stack.yml next to a directory stack; move it to stack/main.yml" in text
    assert _run(inventory, adopt_to="services.yml")[0] == 0
    assert (inventory / "services.yml").is_file()


@pytest.mark.parametrize(
    ("variables", "sentence"),
    [
        ({"stack_compose_files": []}, "stack_compose_files: there are no Compose files to adopt; name them"),
        ({"stack_services": "{{ x }}", "x": {}}, "stack_services is one template, which cannot be kept"),
        (
            {"adopt_to": "services.txt"},
            "workspace_adopt_to: Ansible does not read services.txt as YAML; choose a name that",
        ),
    ],
)
def test_an_impossible_adoption_is_refused(inventory: Path, variables: dict[str, Any], sentence: str) -> None:
    code, _, text = _run(inventory, **variables)
    assert code != 0
    assert sentence in text
    assert not (inventory / "group_vars/stack").exists()


def test_a_broken_record_is_named(inventory: Path) -> None:
    _run(inventory)
    (inventory / "group_vars/stack/.slipway.json").write_text("{")
    code, _, text = _run(inventory)
    assert code != 0
    assert ".slipway.json is not a valid record of written files; restore or remove it" in text

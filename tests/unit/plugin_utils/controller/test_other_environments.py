"""Other environments for the policy: what is read from their inventories, and the report of unreadable ones."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible.parsing.vault import VaultLib, VaultSecret
from ansible_collections.slipway.stack.plugins.plugin_utils.controller import (
    inventory,
    other_environments,
    other_inventories,
)
from ansible_collections.slipway.stack.plugins.plugin_utils.controller.other_environments import OtherEnvironments
from ansible_collections.slipway.stack.plugins.plugin_utils.policy import release_check
from ansible_collections.slipway.stack.plugins.plugin_utils.policy.stack import Stack

from tests.contracts.checkout import ROOT, load
from tests.support import inventories
from tests.support.errors import error_of
from tests.support.policy_review import DAY

SERVICES: dict[str, Any] = {
    "db": {"kind": "postgres", "version": "17"},
    "web": {"kind": "custom", "image": "web:1.2", "health": {"test": ["CMD", "x"]}, "needs": ["db"]},
}
Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """A function that writes the inventory of an environment and returns its directory."""

    def written(name: str = "staging", services: Any = SERVICES, **variables: Any) -> Path:
        folder = tmp_path / name
        (folder / "group_vars/all").mkdir(parents=True)
        hosts = {"stack": {"hosts": {f"{name}-1": None, f"{name}-2": {"stack_services": {}}}}}
        (folder / "hosts.yml").write_text(yaml.safe_dump(hosts), encoding="utf-8")
        given = {"stack_name": "shop", "stack_environment": name, "stack_services": services, **variables}
        text = yaml.safe_dump({key: value for key, value in given.items() if value is not None})
        (folder / "group_vars/all/stack.yml").write_text(text, encoding="utf-8")
        return folder

    return written


def _read(folder: Path, environment: str = "production", group: str = "stack") -> OtherEnvironments:
    base = folder.parent / "production"
    return other_environments.read_environments({folder.name: f"../{folder.name}"}, environment, base, group)


def _stack(folder: Path) -> Stack:
    found = _read(folder)
    assert found.notes == ()
    return found.stacks[folder.name]


def _images(stack: Stack) -> dict[str, str]:
    return {name: service.image.text for name, service in stack.services.items() if service.image}


def _note(folder: Path) -> str:
    found = _read(folder)
    assert found.stacks == {}
    start = f"{folder.name} is not compared: {folder}: "
    assert found.notes[0].startswith(start)
    return found.notes[0].removeprefix(start)


def test_an_inventory_becomes_the_stack_that_it_describes(write: Write) -> None:
    assert _images(_stack(write())) == {"db": "postgres:17", "web": "web:1.2"}


def test_an_inventory_can_be_a_file(write: Write) -> None:
    folder = write()
    found = other_environments.read_environments({"staging": "staging/hosts.yml"}, "production", folder.parent, "stack")
    assert _images(found.stacks["staging"])["db"] == "postgres:17"


def test_the_environment_itself_is_skipped(write: Write) -> None:
    assert _read(write(), environment="staging") == OtherEnvironments()


def test_the_first_host_of_the_deployed_group_counts(write: Write) -> None:
    folder = write(services={**SERVICES, "db": {"kind": "postgres", "version": "{{ db_version }}"}})
    hosts = {"aside": {"hosts": {"aside-1": {"db_version": "15"}}}, "shop": {"hosts": {"shop-1": {"db_version": "16"}}}}
    (folder / "hosts.yml").write_text(yaml.safe_dump(hosts), encoding="utf-8")
    assert _images(_read(folder, group="shop").stacks["staging"])["db"] == "postgres:16"
    assert _images(_read(folder, group="a-pattern:&of-hosts").stacks["staging"])["db"] == "postgres:15"


def test_group_vars_next_to_the_playbook_count(write: Write, tmp_path: Path) -> None:
    folder = write(services={**SERVICES, "db": {"kind": "postgres", "version": "{{ of_the_playbook }}"}})
    playbook = tmp_path / "playbooks"
    (playbook / "group_vars").mkdir(parents=True)
    (playbook / "group_vars/all.yml").write_text("of_the_playbook: '16'", encoding="utf-8")
    found = other_environments.read_environments(
        {"staging": "../staging"}, "production", folder, "stack", str(playbook)
    )
    assert _images(found.stacks["staging"])["db"] == "postgres:16"


def test_an_encrypted_file_is_not_opened(write: Write) -> None:
    secret = "{{ vault_token }}"
    services = {**SERVICES, "web": {**SERVICES["web"], "secrets": ["token"], "environment": {"A": secret, "B": "b"}}}
    folder = write(services=services, stack_secrets={"token": secret})
    # Its content is not YAML, so opening it would fail.
    text = VaultLib().encrypt("{not: [yaml", VaultSecret(b"a password of another team"))
    (folder / "group_vars/all/vault.yml").write_bytes(text)
    assert set(_stack(folder).services) == {"db", "web"}


def test_an_encrypted_value_is_left_out(write: Write) -> None:
    folder = write()
    text = VaultLib().encrypt("hidden", VaultSecret(b"another password")).decode()
    value = "".join(f"    {line}\n" for line in text.splitlines())
    more = f"web_environment:\n  KEY: !vault |\n{value}  MODE: fast\n"
    (folder / "group_vars/all/more.yml").write_text(more, encoding="utf-8")
    spec = {"environment": {"type": "str"}, "services": {"type": "dict"}}
    services = {"web": {**SERVICES["web"], "environment": "{{ web_environment }}"}}
    (folder / "group_vars/all/zz.yml").write_text(yaml.safe_dump({"stack_services": services}), encoding="utf-8")
    arguments, _ = other_inventories.read_variables(folder, spec, "stack")
    assert arguments["services"]["web"]["environment"] == {"MODE": "fast"}


@pytest.mark.parametrize(
    "value",
    [
        "{{ lookup('ansible.builtin.file', '/nowhere') }}",
        "{{ query('ansible.builtin.pipe', 'touch ' ~ mark) | first }}",
        "{{ q('ansible.builtin.pipe', 'touch ' ~ mark) | first | default('x') }}",
        "{{ through_another }}",
        "{{ not_there }}",
        "{{ undef(hint='say it') }}",
        "{{ round }}",
        "{{ 1 / 0 }}",
        "{{ unfinished",
    ],
)
def test_a_value_that_is_not_available_is_left_out(write: Write, tmp_path: Path, value: str) -> None:
    web = {**SERVICES["web"], "memory": value, "environment": {"A": value, "B": "b"}, "volumes": [value, "more:/m"]}
    variables = {
        "mark": str(tmp_path / "mark"),
        "through_another": "{{ lookup('ansible.builtin.pipe', 'touch ' ~ mark) }}",
        "round": "{{ again }}",
        "again": "{{ round }}",
    }
    stack = _stack(write(services={**SERVICES, "web": web}, **variables))
    assert _images(stack) == {"db": "postgres:17", "web": "web:1.2"}
    assert [mount.target for mount in stack.services["web"].mounts] == ["/m"]
    # No lookup was run.
    assert not (tmp_path / "mark").exists()


@pytest.mark.parametrize(
    ("name", "keys"), [("web", {"image": "web:{{ tag }}"}), ("db", {"version": "{{ query('x') }}"})]
)
def test_the_version_of_an_unknown_image_is_not_compared(write: Write, name: str, keys: dict[str, Any]) -> None:
    stack = _stack(write(services={**SERVICES, name: {**SERVICES[name], **keys}}))
    image = stack.services[name].image
    assert image is not None
    assert image.unknown
    theirs = release_check.stack(
        ({"services": {"db": {"image": "postgres:15"}, "web": {"image": "web:9"}}},), {}, {}, ""
    )
    findings = release_check.check(stack, "staging", "error", [], DAY, {"production": theirs}).findings
    drifting = {finding.service for finding in findings if finding.rule == "SLP151"}
    assert drifting == {"db", "web"} - {name}


def test_a_description_in_another_variable_is_read(write: Write) -> None:
    services = {**SERVICES, "web": {**SERVICES["web"], "command": "{{ nobody_knows }}"}}
    assert set(_stack(write(services="{{ shared }}", shared=services)).services) == {"db", "web"}


def test_files_that_a_service_mounts_are_not_read(write: Write) -> None:
    web = {**SERVICES["web"], "files": {"/etc/web.conf": {"src": "not-there.conf"}}}
    assert set(_stack(write(services={**SERVICES, "web": web})).services) == {"db", "web"}


def test_compose_files_are_read(write: Write) -> None:
    folder = write(services=None, stack_compose_files="compose.yaml")
    text = yaml.safe_dump({"services": {"db": {"image": "postgres:16", "volumes": ["vd:/var/lib/postgresql/data"]}}})
    (folder / "compose.yaml").write_text(text + "volumes: {vd: {}}\n", encoding="utf-8")
    assert _images(_stack(folder)) == {"db": "postgres:16"}


def test_an_inventory_that_cannot_be_read_is_reported_in_one_sentence(write: Write, tmp_path: Path) -> None:
    assert _note(tmp_path / "gone") == "there is no such file or directory"
    broken = write("broken")
    (broken / "group_vars/all/stack.yml").write_text("a: [", encoding="utf-8")
    assert "YAML parsing failed" in _note(broken)
    empty = write("empty")
    (empty / "hosts.yml").write_text("stack: {hosts: {}}", encoding="utf-8")
    assert _note(empty) == "it has no hosts"
    assert _note(write("unnamed", stack_name=None)) == "missing required arguments: name"
    assert _note(write("misnamed", stack_environment="live")) == "stack_environment is live there"
    assert _note(write("bare", services={})) == "stack_services: name at least one service"
    unknown = _note(write("unknown", services={"db": {"kind": "postgers"}}))
    assert unknown.startswith("service 'db': unknown kind 'postgers'")
    assert _note(write("other", services=["db"])).startswith("argument 'services' is of type")
    hidden = _note(write("hidden", services="{{ lookup('ansible.builtin.file', 'services.yml') }}"))
    assert hidden == "stack_services needs a lookup, a vault or a variable that does not exist"


@pytest.mark.parametrize("path", ["", None, ["../staging"], 7])
def test_an_invalid_path_is_refused(path: Any, tmp_path: Path) -> None:
    message = error_of(other_environments.read_environments, {"staging": path}, "production", tmp_path, "stack")
    assert message.startswith("stack_policy_environments: staging: ")
    assert message.endswith("is not the path of an inventory, such as ../staging")


SHIPPED = sorted(
    path.parents[2]
    for folder in ("inventories", "examples/stacks")
    for path in (ROOT / folder).rglob("environment.yml")
    if "stack_policy_environments" in load(path)
)


def test_staging_and_production_name_each_other() -> None:
    named = {str(path.relative_to(ROOT)) for path in SHIPPED}
    stacks = ["inventories", *(f"examples/stacks/{name}" for name in ("bot", "langflow", "monorepo", "template"))]
    assert {f"{stack}/{name}" for stack in stacks for name in ("staging", "production")} <= named


@pytest.mark.parametrize("folder", SHIPPED, ids=lambda path: str(path.relative_to(ROOT)))
def test_the_shipped_environments_do_not_drift_apart(folder: Path) -> None:
    given = load(folder / "group_vars/all/environment.yml")["stack_policy_environments"]
    others = other_environments.read_environments(given, folder.name, folder, "stack")
    assert others.notes == ()
    assert set(others.stacks) == set(given)
    release = inventories.parcel(folder, {"app_version": "1.4.2", "vault_telegram_token": "made-up"})
    services = load(folder / "group_vars/all/stack.yml")["stack_services"]
    stack = release_check.stack(release.documents, release.variables(), services, "1.4.2")
    found = release_check.check(stack, folder.name, "info", [], DAY, others.stacks)
    assert [f"{one.rule} {one.service} {one.message}" for one in found.findings] == []


def test_an_environment_takes_less_than_a_quarter_of_a_second(write: Write) -> None:
    folder = write()
    taken = []
    for _ in range(3):
        begun = time.process_time()
        _read(folder)
        taken.append(time.process_time() - begun)
    assert min(taken) < 0.25


def test_without_other_environments_nothing_is_read(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(other_inventories, "read_variables", lambda *_: pytest.fail("read"))
    monkeypatch.setattr(inventory, "documents", lambda *_: pytest.fail("described"))
    assert other_environments.read_environments({}, "production", tmp_path, "stack") == OtherEnvironments()

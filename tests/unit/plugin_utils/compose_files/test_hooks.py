"""Hooks of a team's services, which the rollout carries out; and keys that only a person's own Compose can."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.slipway.stack.plugins.plugin_utils.rendering import compose

from tests.support.compose_projects import release_of
from tests.support.errors import error_of

_HOOKS = """\
services:
  web:
    image: registry.example.com/web:1
    post_start: [{command: "chown -R 1000 '/my $$data'", user: root, privileged: true}]
    pre_stop:
      - command: [./flush.sh, "$$HOME"]
        working_dir: /srv
        environment: [A=1, "B=$$x", C]
      - {command: ./other.sh, environment: {D: true, E: 2, F: }}
"""
_NOTHING = {"user": "", "privileged": False, "working_dir": "", "environment": []}


def test_the_manifest_has_the_hooks_and_so_has_the_compose_file(tmp_path: Path) -> None:
    release = release_of(_HOOKS, tmp_path)
    spec = release.services["web"]
    command = ["chown", "-R", "1000", "/my $data"]
    assert spec["post_start"] == [{**_NOTHING, "command": command, "user": "root", "privileged": True}]
    assert spec["pre_stop"] == [
        {**_NOTHING, "command": ["./flush.sh", "$HOME"], "working_dir": "/srv", "environment": ["A=1", "B=$x", "C"]},
        {**_NOTHING, "command": ["./other.sh"], "environment": ["D=true", "E=2", "F"]},
    ]
    written = yaml.safe_load(release.files[compose.BASE])["services"]["web"]
    assert written["post_start"] == [{"command": "chown -R 1000 '/my $$data'", "user": "root", "privileged": True}]
    assert written["pre_stop"][0]["command"] == ["./flush.sh", "$$HOME"]


def test_a_service_without_hooks_has_the_digest_that_it_had(tmp_path: Path) -> None:
    spec = release_of("services: {web: {image: 'a:1', post_start: []}}", tmp_path).services["web"]
    assert not {"post_start", "pre_stop"} & spec.keys()


def test_a_release_job_has_no_hooks(tmp_path: Path) -> None:
    release = release_of(_HOOKS, tmp_path, services={"web": {"release": "migrate"}})
    written = yaml.safe_load(release.files[compose.BASE])["services"]
    assert "pre_stop" in written["web"]
    assert not {"post_start", "pre_stop"} & written["web-release"].keys()


def _web(*lines: str) -> str:
    return "\n".join(["services:", "  web:", "    image: a:1", *(f"    {line}" for line in lines)])


REFUSED = [
    ("post_start: [{user: root}]", "4: service 'web': key 'post_start': a hook has no command; name a program"),
    ("pre_stop: [{command: ''}]", "4: service 'web': key 'pre_stop': a hook has no command; name a program"),
    (
        "pre_stop: [{command: 'echo $$(date)'}]",
        (
            "4: service 'web': key 'pre_stop': the command 'echo $(date)' has ( outside of quotes, and no shell reads "
            "it; write it as a list of words"
        ),
    ),
    ("use_api_socket: true", "4: service 'web': key 'use_api_socket': it passes on the registry logins"),
    ("models: [llm]", "4: service 'web': key 'models': Compose starts a model with the plugin 'docker model'"),
    ("models: {llm: {endpoint_var: URL}}", "4: service 'web': key 'models': Compose starts a model"),
    ("pre_start: [{command: init}]", "4: service 'web': key 'pre_start': Compose 2.40 and older refuse it"),
]


@pytest.mark.parametrize(("line", "message"), REFUSED, ids=[case[0] for case in REFUSED])
def test_what_a_deploy_cannot_carry_out_is_refused(tmp_path: Path, line: str, message: str) -> None:
    text = f"{_web(line)}\nmodels: {{llm: {{model: ai/smollm2}}}}\n" if "models" in line else _web(line)
    assert error_of(lambda: release_of(text, tmp_path)).startswith(f"docker-compose.yml:{message}")


def test_a_provider_is_refused_unless_the_inventory_leaves_it_out(tmp_path: Path) -> None:
    text = "services:\n  web: {image: 'a:1', depends_on: [db]}\n  db:\n    provider: {type: awesome-cloud}\n"
    message = error_of(lambda: release_of(text, tmp_path))
    assert message.startswith("docker-compose.yml:4: service 'db': key 'provider': a provider is a program on the")
    assert len(message.splitlines()) == 1
    assert list(release_of(text, tmp_path, services={"db": None}).services) == ["web"]


@pytest.mark.parametrize("line", ["use_api_socket: false", "models: {}", "models: []"])
def test_what_says_nothing_is_left_out(tmp_path: Path, line: str) -> None:
    written: dict[str, Any] = yaml.safe_load(release_of(_web(line), tmp_path).files[compose.BASE])
    assert not {"use_api_socket", "models"} & written["services"]["web"].keys()


INVENTORY = [
    (
        {"web": {"compose": {"post_start": "x"}}},
        "service 'web': key 'compose.post_start': 'x' is not a list of commands",
    ),
    (
        {"web": {"compose": {"pre_stop": [{}]}}},
        "service 'web': key 'compose.pre_stop': a hook has no command; name a program",
    ),
    (
        {
            "edge": {
                "kind": "nginx",
                "routes": [{"path": "/", "to": "web"}],
                "compose": {"pre_stop": [{"command": "x"}]},
            }
        },
        "service 'edge': key 'compose.pre_stop': an edge has no hooks; remove the key",
    ),
]


@pytest.mark.parametrize(("services", "message"), INVENTORY, ids=["text", "no command", "edge"])
def test_hooks_of_the_inventory_are_checked(tmp_path: Path, services: dict[str, Any], message: str) -> None:
    text = _web("x-slipway: {port: 80}")
    assert error_of(lambda: release_of(text, tmp_path, services=services)) == message

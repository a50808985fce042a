"""What a refresh is given is checked on the controller, before production's host is asked for anything."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.contracts import playbooks

SECRET = secrets.token_hex()
SOURCE = {"host": "app1", "stack": "shop", "connection": {"ansible_user": "ada", "ansible_become_password": SECRET}}


def _run(folder: Path, source: dict[str, Any], rules: str = "tables: {}", **arguments: Any) -> tuple[int, int, str]:
    """Add a source with rules, and print what Ansible knows of it."""
    (folder / "refresh.yml").write_text(rules)
    (folder / "hosts.yml").write_text(yaml.safe_dump({"stack": {"hosts": {"nowhere": {"stack_name": "staging"}}}}))
    module = {"source": source, "rules_file": str(folder / "refresh.yml"), **arguments}
    shown = "{{ groups.refresh_source | join }} {{ hostvars.app1.ansible_user }} {{ production.source | to_json }}"
    tasks = [
        {"name": "Add it", "slipway.stack.refresh_source": module, "register": "production", "changed_when": False},
        {"name": "Show it", "ansible.builtin.debug": {"msg": shown}},
    ]
    (folder / "play.yml").write_text(yaml.safe_dump([{"hosts": "stack", "gather_facts": False, "tasks": tasks}]))
    return playbooks.run(folder / "play.yml", folder / "hosts.yml", "-vvv", variables={})


def test_the_host_is_there_with_all_defaults(tmp_path: Path) -> None:
    code, changed, text = _run(tmp_path, SOURCE)
    assert (code, changed) == (0, 0), text
    assert "app1 ada" in text
    for name, value in {"stack": "shop", "root": "/opt/stacks", "service": "db", "backup": ""}.items():
        assert f'"{name}": "{value}"' in text
    assert SECRET not in text


@pytest.mark.parametrize(
    ("source", "arguments", "reason"),
    [
        ({"host": "app1"}, {}, "missing required arguments: stack"),
        ({**SOURCE, "stak": "x"}, {}, "stak"),
        (
            {**SOURCE, "connection": {"user": "ada"}},
            {},
            "connection has user; it must have variables",
        ),
        (SOURCE, {"rules_file": "/nonexistent/refresh.yml"}, "/nonexistent/refresh.yml: cannot be read"),
        (SOURCE, {"rules": "tables: {public.a: {rows: few}}"}, "rows is 'few'; valid values: all, none"),
        (SOURCE, {"locale": "xx_XX"}, "faker has no locale 'xx_XX'"),
    ],
)
def test_each_mistake_is_named(tmp_path: Path, source: Any, arguments: dict[str, Any], reason: str) -> None:
    code, _changed, text = _run(tmp_path, source, **arguments)
    assert code == 2
    assert reason in text

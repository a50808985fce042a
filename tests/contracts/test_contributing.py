"""The examples in CONTRIBUTING.md name what is in the code: a rename there has to reach the page."""

from __future__ import annotations

import re

import pytest
from ansible_collections.slipway.stack.plugins.module_utils.edge import proxies
from ansible_collections.slipway.stack.plugins.module_utils.state.secret_store import SecretStore
from ansible_collections.slipway.stack.plugins.plugin_utils.description import fields, model, secret_sources
from ansible_collections.slipway.stack.plugins.plugin_utils.policy.rule_registry import RULES
from ansible_collections.slipway.stack.plugins.plugin_utils.policy.rules import shutdown
from ansible_collections.slipway.stack.plugins.plugin_utils.rendering import edge
from ansible_collections.slipway.stack.plugins.plugin_utils.rendering.bundle import Bundle

from tests.contracts.checkout import ROOT

TEXT = (ROOT / "CONTRIBUTING.md").read_text()


def _example(title: str) -> str:
    return TEXT.split(f"## Example: {title}\n")[1].split("\n## ")[0]


def _step(title: str, number: int) -> str:
    return re.split(r"^\d+\. ", _example(title), flags=re.MULTILINE)[number]


@pytest.mark.parametrize(("step", "protocol"), [(2, edge.Proxy), (3, proxies.Proxy)])
def test_a_proxy_has_the_functions_that_the_page_names(step: int, protocol: type) -> None:
    functions = {name for name, value in vars(protocol).items() if callable(value) and not name.startswith("_")}
    assert functions <= set(re.findall(r"`(\w+)`", _step("a proxy", step)))


def test_a_source_of_secrets_goes_through_the_functions_that_the_page_names() -> None:
    named = set(re.findall(r"`([\w.]+)`", _example("a source of secrets")))
    assert {"SECRET_FIELDS", "Secret", "read", "Bundle.secrets", "value"} <= named
    assert all(map(callable, (secret_sources.read, Bundle.secrets, SecretStore.value)))
    assert "generate" in fields.SECRET_FIELDS
    assert "generate" in vars(model.Secret("name"))


def test_the_rule_of_the_page_is_one_and_is_in_the_file_that_it_names() -> None:
    rule = RULES["SLP121"]
    assert rule.title in _example("a rule of the policy")
    assert "policy/rules/shutdown.py" in _example("a rule of the policy")
    assert rule.check.__module__ == shutdown.__name__


@pytest.mark.parametrize("folder", ["plugin_utils", "module_utils"])
def test_every_package_is_in_the_tables(folder: str) -> None:
    table = TEXT.split(f"| `plugins/{folder}/` | put it here if it |")[1].split("\n\n")[0]
    packages = {path.parent.name for path in (ROOT / "plugins" / folder).glob("*/__init__.py")}
    assert set(re.findall(r"^\| `(\w+)/` \|", table, re.MULTILINE)) == packages

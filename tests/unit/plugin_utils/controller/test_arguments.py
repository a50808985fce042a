"""What an action is given: its task's arguments, variables, defaults, and what it says where something is missing."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any

import pytest
from ansible.errors import AnsibleActionFail
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar, trust_as_template
from ansible_collections.slipway.stack.plugins.plugin_utils.controller import arguments

from tests.contracts.checkout import ROOT
from tests.support import inventories

#: Actions that are not about the stack of their host.
OF_NO_STACK = ("exposure", "init", "policy", "refresh_source", "swarm_node", "swarm_plan", "swarm_probe", "variables")
ACTIONS = sorted(path.stem for path in ROOT.glob("plugins/action/[!_]*.py") if path.stem not in OF_NO_STACK)
VARIABLES = {"stack_name": "shop", "stack_environment": "production"}


def _complete(module: str, args: Mapping[str, Any], variables: Mapping[str, Any]) -> dict[str, Any]:
    return arguments.complete(_action(args, variables), variables, module)


def _given(module: str, args: Mapping[str, Any], variables: Mapping[str, Any]) -> dict[str, Any]:
    return arguments.given(_action(args, variables), variables, module)


def _action(args: Mapping[str, Any], variables: Mapping[str, Any]) -> Any:
    return inventories.action(args, Templar(DataLoader(), variables=dict(variables)))


def test_the_task_counts_before_the_variable_and_this_before_the_default() -> None:
    variables = {**VARIABLES, "stack_domain": "variable", "stack_version": "variable"}
    found = _complete("release", {"domain": "task"}, variables)
    assert (found["domain"], found["version"], found["root"]) == ("task", "variable", "/opt/stacks")


def test_variables_are_templates_as_deep_as_they_go() -> None:
    services = {"web": {"image": trust_as_template("web:{{ app_version }}")}}
    variables = {**VARIABLES, "app_version": "1.4.2", "stack_services": services}
    assert _complete("send", {}, variables)["services"] == {"web": {"image": "web:1.4.2"}}


def test_a_variable_that_is_omitted_is_as_if_it_were_not_there() -> None:
    variables = {**VARIABLES, "stack_domain": trust_as_template("{{ nothing | default(omit) }}")}
    assert _complete("send", {}, variables)["domain"] == ""


@pytest.mark.parametrize("module", ACTIONS)
def test_every_action_reads_the_name_of_the_stack(module: str) -> None:
    assert _given(module, {}, VARIABLES)["name"] == "shop"
    with pytest.raises(AnsibleActionFail, match=f"^slipway.stack.{module} needs stack_name"):
        _given(module, {}, {})


@pytest.mark.parametrize(
    ("variables", "sentence"),
    [
        ({}, "slipway.stack.pull needs stack_name and stack_environment; set them in the inventory"),
        ({"stack_name": "shop"}, "slipway.stack.pull needs stack_environment; set it in the inventory"),
        ({**VARIABLES, "stack_name": None}, "slipway.stack.pull needs stack_name; set it in the inventory"),
    ],
)
def test_all_that_is_missing_is_named_at_once(variables: dict[str, Any], sentence: str) -> None:
    with pytest.raises(AnsibleActionFail) as refused:
        _complete("pull", {}, variables)
    assert str(refused.value) == sentence


def test_what_is_misspelt_is_named_together_with_what_is_missing() -> None:
    with pytest.raises(AnsibleActionFail) as refused:
        _complete("pull", {}, {"stack_nmae": "shop", "deploy_keep_relases": 3})
    assert str(refused.value).splitlines() == [
        "deploy_keep_relases: the collection has no such variable; did you mean deploy_keep_releases?",
        "stack_nmae: the collection has no such variable; did you mean stack_name?",
        "Correct the name, or add a variable of your own to stack_own_variables",
        "slipway.stack.pull needs stack_name and stack_environment; set them in the inventory",
    ]


def test_the_names_of_own_variables_are_a_list() -> None:
    with pytest.raises(AnsibleActionFail, match="stack_own_variables: 'registry_' is not a list of names of variables"):
        _complete("pull", {}, {**VARIABLES, "stack_own_variables": "registry_"})


def test_a_variable_that_cannot_be_read_is_named() -> None:
    variables = {**VARIABLES, "stack_domain": trust_as_template("{{ nowhere }}")}
    with pytest.raises(AnsibleActionFail, match="The variable stack_domain cannot be read: 'nowhere' is undefined"):
        _given("send", {}, variables)


@pytest.mark.parametrize(
    ("args", "sentence"),
    [
        ({"servces": {}}, "Unsupported parameters for (slipway.stack.send) module: servces."),
        ({"services": [1]}, "slipway.stack.send: argument 'services' is of type list"),
    ],
)
def test_an_argument_that_is_unknown_or_of_another_type(args: dict[str, Any], sentence: str) -> None:
    with pytest.raises(AnsibleActionFail) as refused:
        _complete("send", args, VARIABLES)
    assert str(refused.value).startswith(sentence)


def test_only_the_description_comes_from_variables() -> None:
    """What the role stack registers is called as the argument of a rollout would be, and is another thing."""
    own = {"stack_timeout": 1, "stack_push": False, "stack_own_variables": ["stack_timeout", "stack_push"]}
    variables = {**VARIABLES, "stack_release": {"release": "r1"}, **own}
    assert "release" not in _given("rollout", {}, variables)
    assert "timeout" not in _given("verify", {}, variables)
    assert _complete("images", {}, variables)["push"] is True


def test_an_argument_of_the_description_that_is_not_needed_is_left_out() -> None:
    found = _given("verify", {"name": "shop", "services": {"web": {}}, "timeout": 3}, {})
    assert found == {"name": "shop", "timeout": 3}


def test_the_spec_is_what_the_documentation_says() -> None:
    spec = arguments.spec("images")
    assert spec["attestations"]["choices"] == ["provenance", "sbom"]
    assert spec["kinds_paths"] == {"type": "list", "elements": "path", "default": [], "required": False}
    assert arguments.spec("release")["secrets"]["no_log"] is True
    assert list(arguments.fragments("shared")) == ["networks", "volumes"]


def test_all_secrets_whose_values_are_missing_are_named_at_once() -> None:
    canary = secrets.token_hex(16)
    written = {
        "smtp": trust_as_template("{{ vault_smtp }}"),
        "known": canary,
        "token": {"value": trust_as_template("{{ vault_token }}")},
        "broken": trust_as_template("{{ known | nothing }}"),
    }
    with pytest.raises(AnsibleActionFail) as refused:
        _complete("secrets", {}, {**VARIABLES, "stack_services": {}, "stack_secrets": written})
    assert str(refused.value).splitlines() == [
        "The variable stack_secrets cannot be read.",
        "secret 'smtp': 'vault_smtp' is undefined",
        "secret 'token': 'vault_token' is undefined",
        "secret 'broken': its template or its vault cannot be read",
    ]
    assert canary not in repr(refused.value)

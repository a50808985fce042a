"""What an action is given: an argument of its task, else the variable ``stack_<argument>``, else the default.

Which arguments there are, of which type and with which default, stands once in the documentation: a module's own
options and those of the fragments that it extends. The description of a stack is what the module `release` documents.

Place in the pipeline: before describe; used by the action plugins.
"""

from __future__ import annotations

import ast
import contextlib
import functools
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from ansible.errors import AnsibleActionFail, AnsibleError, AnsibleUndefinedVariable
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.module_utils.common.yaml import yaml_load
from ansible.module_utils.errors import UnsupportedError
from ansible.plugins.action import ActionBase
from ansible_collections.slipway.stack.plugins.plugin_utils.controller import (
    available_values,
    shared_host,
    variable_names,
)

_PLUGINS = Path(__file__).parents[2]
#: The module whose options are the description of a stack.
_DESCRIPTION = "release"
#: What the documentation of an option and an argument spec have in common.
_KEYS = ("type", "elements", "choices", "default", "required", "options")
_SECRET = "secrets"
#: The option that names a team's own variables.
_OWN = "own_variables"

Spec = dict[str, dict[str, Any]]


@functools.cache
def spec(module: str) -> Spec:
    """Return the argument spec that the documentation of a module says, such as ``release``; takes about 1 ms."""
    documentation = _documentation(f"modules/{module}.py")
    extended = documentation.get("extends_documentation_fragment", [])
    ours = [name.removeprefix("slipway.stack.") for name in extended if name.startswith("slipway.stack.")]
    return fragments(*ours) | _arguments(documentation.get("options", {}))


@functools.cache
def fragments(*names: str) -> Spec:
    """Return the argument spec that documentation fragments of the collection say together.

    One of their options without a default is required, though not by the documentation: a variable may say it.
    """
    result: Spec = {}
    for name in names:
        file, _dot, section = name.partition(".")
        options = _arguments(_documentation(f"doc_fragments/{file}.py", section.upper()).get("options", {}))
        result |= {option: {**said, "required": "default" not in said} for option, said in options.items()}
    return result


def given(
    action: ActionBase, task_vars: Mapping[str, Any], module: str, partly: Collection[str] = ()
) -> dict[str, Any]:
    """Return the arguments of an action's task, and from the variables those of the description that it lacks.

    An argument of the description that the module has no use for is left out: a play may give one to all of them.

    :param module: the one that documents the action.
    :param partly: the arguments of which what is available is enough, see :mod:`available_values`.
    :raises AnsibleActionFail: naming every variable that has to be set and is not, and every variable whose name is
        misspelt; or one that cannot be templated.
    """
    problems = misspelt(action, task_vars)
    accepted, description = spec(module), spec(_DESCRIPTION)
    result = {name: value for name, value in action._task.args.items() if name in accepted or name not in description}
    described = [name for name in accepted if name in description and name not in result]
    for name in described:
        if f"stack_{name}" in task_vars:
            result |= _templated(action, name, task_vars[f"stack_{name}"], name in partly)
    mixed = shared_host.problem(task_vars) if "name" in described else ""
    problems += [mixed] if mixed else []
    missing = [f"stack_{name}" for name in described if accepted[name].get("required") and result.get(name) is None]
    if missing:
        pronoun = "it" if len(missing) == 1 else "them"
        problems.append(f"slipway.stack.{module} needs {' and '.join(missing)}; set {pronoun} in the inventory")
    if problems:
        raise AnsibleActionFail("\n".join(problems))
    return result


def misspelt(action: ActionBase, task_vars: Mapping[str, Any]) -> list[str]:
    """Return a sentence for each variable of the host that has a name as ours and that the collection does not know."""
    own = _templated(action, _OWN, task_vars.get(f"stack_{_OWN}") or []).get(_OWN) or []
    if not isinstance(own, list):
        raise AnsibleActionFail(f"stack_{_OWN}: {own!r} is not a list of names of variables", obj=own)
    return variable_names.problems(task_vars, [str(name) for name in own])


def complete(
    action: ActionBase, task_vars: Mapping[str, Any], module: str, partly: Collection[str] = ()
) -> dict[str, Any]:
    """Return all arguments of an action: those that are :func:`given`, in the types of the spec, and the defaults.

    :raises AnsibleActionFail: as :func:`given`, and for an unknown argument or one of another type.
    """
    found = ArgumentSpecValidator(spec(module)).validate(given(action, task_vars, module, partly))
    for error in found.errors:
        unknown = f"Unsupported parameters for (slipway.stack.{module}) module: "
        where = unknown if isinstance(error, UnsupportedError) else f"slipway.stack.{module}: "
        raise AnsibleActionFail(f"{where}{error.msg}", obj=action._task.args)
    return dict(found.validated_parameters)


def _templated(action: ActionBase, name: str, value: Any, partly: bool = False) -> dict[str, Any]:
    """Return a variable's value by the name of the argument; nothing where the value is to be omitted.

    :param partly: leave out what is not available.
    """
    try:
        found: dict[str, Any] = action._templar.template({name: value})
    except AnsibleError as error:
        if partly:
            with contextlib.suppress(available_values.Unavailable):
                return {name: available_values.available(value, action._templar)}
        missing = _unreadable(action, value) if name == _SECRET else []
        if len(missing) > 1:
            lines = "\n".join(missing)
            raise AnsibleActionFail(f"The variable stack_{name} cannot be read.\n{lines}") from None
        raise AnsibleActionFail(f"The variable stack_{name} cannot be read.", obj=value) from error
    return found


def _unreadable(action: ActionBase, secrets: Any) -> list[str]:
    """Return a sentence for each secret that cannot be templated. Only names of variables are shown of the reason."""
    problems = []
    for name, value in secrets.items() if isinstance(secrets, Mapping) else ():
        try:
            action._templar.template({name: value})
        except AnsibleUndefinedVariable as error:
            problems.append(f"secret {name!r}: {error}")
        except AnsibleError:
            problems.append(f"secret {name!r}: its template or its vault cannot be read")
    return problems


def _arguments(options: Mapping[str, Mapping[str, Any]]) -> Spec:
    found: Spec = {}
    for name, option in options.items():
        found[name] = {key: option[key] for key in _KEYS if key in option}
        nested = option.get("suboptions") or option.get("options")
        if nested:
            found[name]["options"] = _arguments(nested)
        if name == _SECRET:
            found[name]["no_log"] = True
    return found


def _documentation(path: str, section: str = "") -> dict[str, Any]:
    """Return what a plugin's file documents, without importing what the plugin needs to run.

    :param section: of a fragment's file, where it has several.
    """
    for node in ast.walk(ast.parse((_PLUGINS / path).read_text(encoding="utf-8"))):
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == (section or "DOCUMENTATION"):
            found: dict[str, Any] = yaml_load(ast.literal_eval(node.value))
            return found
    raise LookupError(f"plugins/{path} has no {section or 'DOCUMENTATION'}")

"""The description that replaces a team's Compose files in the inventory, and the proof that it gives the same release.

Place in the pipeline: outside it, for ``playbooks/workspace.yml``; reads files on the controller.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from ansible_collections.slipway.stack.plugins.module_utils.state.layout import SHARED_SECTIONS
from ansible_collections.slipway.stack.plugins.plugin_utils.compose_files import expressions
from ansible_collections.slipway.stack.plugins.plugin_utils.compose_files.adopt import (
    AdoptedDescription,
    InventorySource,
    adopt,
)
from ansible_collections.slipway.stack.plugins.plugin_utils.compose_files.expressions import Expression
from ansible_collections.slipway.stack.plugins.plugin_utils.compose_files.translation import Translated
from ansible_collections.slipway.stack.plugins.plugin_utils.controller import inventory
from ansible_collections.slipway.stack.plugins.plugin_utils.description.model import Stack
from ansible_collections.slipway.stack.plugins.plugin_utils.policy.secret_shapes import is_secret_variable
from ansible_collections.slipway.stack.plugins.plugin_utils.rendering import bundle, compose, resources

#: The arguments that the description replaces.
REPLACED_ARGUMENTS = (
    *("compose_files", "compose_profiles", "compose_variables", "compose_host_paths"),
    *("compose_project", "compose_roots", "compose_hardening"),
)


@dataclass(frozen=True)
class UnevaluatedVariables:
    """Variables as they are written in the inventory: templates are not evaluated."""

    services: Mapping[str, Any]
    secrets: Mapping[str, Any]
    compose_variables: Mapping[str, Any]

    @classmethod
    def of(cls, task_vars: Mapping[str, Any]) -> UnevaluatedVariables:
        """Return the variables of a task. :raises ValueError: for one that is a single template."""
        names = ("stack_services", "stack_secrets", "stack_compose_variables")
        return cls(*(_unevaluated(task_vars, name) for name in names))


def _unevaluated(task_vars: Mapping[str, Any], name: str) -> dict[str, Any]:
    value = task_vars.get(name) or {}
    if not isinstance(value, Mapping):
        raise ValueError(f"{name} is one template, which cannot be kept; write the mapping out")
    return dict(_plain(value))


def _plain(value: Any) -> Any:
    """Return a value without the origin that Ansible adds to it; an encrypted value stays an object."""
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    for kind in (bool, int, float, str):
        if isinstance(value, kind):
            return kind(value)
    return str(value) if isinstance(value, date) else value


def adopted_description(
    arguments: Mapping[str, Any],
    base: Path,
    unevaluated: UnevaluatedVariables | None = None,
    without_annotations: bool = False,
) -> AdoptedDescription:
    """Return the description that replaces the Compose files of *arguments* in the inventory.

    :param unevaluated: the variables as they are written in the inventory; by default those of *arguments*.
    :param without_annotations: ignore what the inventory says about the services of the Compose files.
    :raises ValueError: if there are no files, with a line for each problem in them, and for each difference between the
        release of the description and that of the files.
    """
    plain = inventory.plain_of({"probes": [], "secrets": {}, **arguments})
    if not plain.get("compose_files"):
        raise ValueError("stack_compose_files: there are no Compose files to adopt; name them")
    unevaluated = unevaluated or UnevaluatedVariables(plain["services"], plain["secrets"], plain["compose_variables"])
    services = {
        name: entry for name, entry in plain["services"].items() if not without_annotations or _is_replacement(entry)
    }
    # To write the name of a secret, its value is not needed.
    secrets = {name: _secret_source(source) for name, source in unevaluated.secrets.items()}
    plain = {**plain, "services": services, "secrets": secrets}
    translated = _translate(plain, base)
    marked, variables, hard_coded = _translate_with_markers(translated, plain, base, unevaluated)
    stack = inventory.stack_of(plain, base)
    source = InventorySource(unevaluated.services, services, unevaluated.secrets, variables)
    result = adopt(translated, base, source, marked, _described_sections(stack), hard_coded)
    _check_hard_coded(hard_coded, plain["compose_variables"])
    _check_same_release(result, plain, translated, stack, base)
    return result


def _is_replacement(entry: Any) -> bool:
    """Return whether an entry of ``stack_services`` replaces a service of the files."""
    return isinstance(entry, Mapping) and entry.get("kind") not in (None, "compose")


def _secret_source(source: Any) -> dict[str, Any]:
    length = source.get("generate") if isinstance(source, Mapping) else None
    return {"generate": length if str(length).isdecimal() else 32}


def _translate(plain: Mapping[str, Any], base: Path) -> Translated:
    services = {name: inventory.with_contents(name, entry, base) for name, entry in plain["services"].items()}
    translated = inventory.translate_files(plain, services, base)
    if translated is None:
        raise AssertionError("only a description with Compose files is adopted")
    return translated


def _translate_with_markers(
    translated: Translated, plain: Mapping[str, Any], base: Path, unevaluated: UnevaluatedVariables
) -> tuple[Translated | None, dict[str, Expression], set[str]]:
    """Return the translation with markers for the variables that are templates, and these variables.

    The third result: the variables that are templates, but of which only the current value can be written, because
    something that is not a text is read from it, such as a number of replicas.
    """
    values = {name: "" if value is None else str(value) for name, value in plain["compose_variables"].items()}
    templates = {
        name: Expression(str(unevaluated.compose_variables[name]), value)
        for name, value in values.items()
        if expressions.is_template(unevaluated.compose_variables.get(name))
    }
    hard_coded = set()
    marked, accepted = None, dict[str, Expression]()
    for name, template in templates.items():
        markers = {other: expressions.marker(other) for other in [*accepted, name]}
        try:
            only_this = _translate({**plain, "compose_variables": {**values, name: markers[name]}}, base)
            marked = _translate({**plain, "compose_variables": {**values, **markers}}, base)
        except ValueError:
            hard_coded.add(name)
            continue
        accepted[name] = template
        if not expressions.differs_only_by_markers(_written(translated), _written(only_this), {name: template}):
            hard_coded.add(name)
    return marked, accepted, hard_coded


def _written(translated: Translated) -> dict[str, Any]:
    """Return the part of a translation that is written, without the keys that are inferred from current values."""
    services = {
        name: {key: value for key, value in entry.items() if key not in ("class", "proxy")}
        for name, entry in translated.services.items()
        if isinstance(entry, Mapping)
    }
    return {"services": services, "secrets": translated.secrets}


def _check_hard_coded(hard_coded: Collection[str], values: Mapping[str, Any]) -> None:
    """:raises ValueError: for a variable that is a secret by its name, and whose value would be written."""
    for name in sorted(hard_coded):
        if is_secret_variable(name, str(values[name])):
            raise ValueError(
                f"stack_compose_variables: {name} is a secret, but its value would have to be written; "
                f"make it stack_secrets.{name.lower()}"
            )


def _described_sections(stack: Stack) -> dict[str, dict[str, Any]]:
    """Return the networks and volumes that services use and whose settings are not the default."""
    used = resources.used(stack)
    return {
        section: {
            name: stack.top[section][name]
            for name in dict.fromkeys(used[section])
            if stack.top[section].get(name) or (name in stack.top[section] and name in compose.INTERNAL)
        }
        for section in SHARED_SECTIONS
    }


def _check_same_release(
    result: AdoptedDescription, plain: Mapping[str, Any], translated: Translated, stack: Stack, base: Path
) -> None:
    """Check that the description gives the same release as the files.

    :raises ValueError: with a line for each service and key that would differ.
    """
    described = inventory.stack_of(
        {
            **plain,
            **dict.fromkeys(REPLACED_ARGUMENTS),
            "services": expressions.evaluated(result.services),
            "secrets": {name: _secret_source(translated.secrets[name]) for name in result.secrets},
            "networks": result.networks,
            "volumes": result.volumes,
        },
        base,
    )
    of_files, of_description = (bundle.bundle(each, plain["probes"]).content() for each in (stack, described))
    advice = "would differ from the Compose files; set it in stack_services to the value that you want"
    services = of_files["services"].keys() | of_description["services"].keys()
    problems = [
        f"service {name!r}: key {key!r} {advice}"
        for name in sorted(services)
        for key in _differing(of_files["services"].get(name, {}), of_description["services"].get(name, {}))
    ]
    secrets = ({file["name"]: file for file in each["secret_files"]} for each in (of_files, of_description))
    problems += [f"service {name.removesuffix('_env')!r}: key 'environment' {advice}" for name in _differing(*secrets)]
    problems += [
        f"the file {path} of the release {advice}" for path in _differing(of_files["files"], of_description["files"])
    ]
    if not problems and of_files != {**of_description, "digest": of_files["digest"]}:
        problems = ["the release would differ from that of the Compose files; these files cannot be adopted unchanged"]
    if problems:
        raise ValueError("\n".join(problems))


def _differing(left: Mapping[str, Any], right: Mapping[str, Any]) -> list[str]:
    """Return the keys in which two mappings differ; inside ``settings`` the keys are compared one by one."""
    found = [key for key in {**left, **right} if left.get(key) != right.get(key)]
    nested = ("settings",) if "settings" in found and left and right else ()
    return [key for key in found if key not in nested] + [
        key for name in nested for key in _differing(left[name], right[name])
    ]

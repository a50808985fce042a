"""A team's Compose files moved into the inventory: what is written, where, and over what it is not.

Place in the pipeline: beside it, for ``playbooks/workspace.yml``; reads files of the controller, and writes the one.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ansible_collections.slipway.stack.plugins.module_utils.state.layout import SHARED_SECTIONS, write_text
from ansible_collections.slipway.stack.plugins.plugin_utils.compose_files import expressions, inventory_file
from ansible_collections.slipway.stack.plugins.plugin_utils.compose_files.adopt import Adopted, Written, adopt
from ansible_collections.slipway.stack.plugins.plugin_utils.compose_files.expressions import Expression
from ansible_collections.slipway.stack.plugins.plugin_utils.compose_files.translation import Translated
from ansible_collections.slipway.stack.plugins.plugin_utils.controller import inventory
from ansible_collections.slipway.stack.plugins.plugin_utils.description.model import Stack
from ansible_collections.slipway.stack.plugins.plugin_utils.policy.rules.secrets import SECRET_NAME, is_secret
from ansible_collections.slipway.stack.plugins.plugin_utils.rendering import bundle, compose, resources
from ansible_collections.slipway.stack.plugins.plugin_utils.workspace import checkout

#: Beside the file: by its name the digests of what was written, and of what the Compose files alone gave then.
STATE = ".slipway.json"
#: By argument, the variables that the description takes the place of.
ANSWERED = ("compose_files", "compose_profiles", "compose_variables", "compose_host_paths")


@dataclass(frozen=True)
class Raw:
    """Variables of the inventory as they are written there: templates are templates still."""

    services: Mapping[str, Any]
    secrets: Mapping[str, Any]
    variables: Mapping[str, Any]


def adopted(arguments: Mapping[str, Any], base: Path, raw: Raw | None = None, alone: bool = False) -> Adopted:
    """Return what to write into the inventory in place of the Compose files that *arguments* name.

    :param raw: what the inventory says beside them, as it is written; as in *arguments* where not given.
    :param alone: whether what it says of the files' services is left out of account.
    :raises ValueError: where there are no files, with a line for everything that is wrong with them, and for what would
        not be the same afterwards.
    """
    plain = inventory.plain_of({"probes": [], "secrets": {}, **arguments})
    if not plain.get("compose_files"):
        raise ValueError("stack_compose_files: there are no Compose files to adopt; name them")
    raw = raw or Raw(plain["services"], plain["secrets"], plain["compose_variables"])
    said = {name: given for name, given in plain["services"].items() if not alone or _is_own(given)}
    # Nobody has to know a secret to write its name.
    plain = {**plain, "services": said, "secrets": {name: _source(source) for name, source in raw.secrets.items()}}
    found = _read(plain, base)
    second, variables, lost = _second(found, plain, base, raw)
    stack = inventory.stack_of(plain, base)
    written = Written(raw.services, said, raw.secrets, variables)
    result = adopt(found, base, written, second, _top(stack), lost)
    _check_open(lost, plain["compose_variables"])
    _hold(result, plain, found, stack, base)
    return result


def _is_own(given: Any) -> bool:
    return isinstance(given, Mapping) and given.get("kind") not in (None, "compose")


def _source(source: Any) -> dict[str, Any]:
    generated = isinstance(source, Mapping) and set(source) == {"generate"}
    return dict(source) if generated else {"generate": 32}


def _read(plain: Mapping[str, Any], base: Path) -> Translated:
    services = {name: inventory.with_contents(name, given, base) for name, given in plain["services"].items()}
    found = inventory.of_files(plain, services, base)
    if found is None:
        raise AssertionError("only a description with Compose files is adopted")
    return found


def _second(
    found: Translated, plain: Mapping[str, Any], base: Path, raw: Raw
) -> tuple[Translated | None, dict[str, Expression], set[str]]:
    """Return the files as they read with marks for the variables that are templates, and these.

    Third are those of which something is read that is no text, such as a number of replicas: their value has to stand.
    """
    values = {name: "" if value is None else str(value) for name, value in plain["compose_variables"].items()}
    templates = {
        name: Expression(str(raw.variables[name]), value)
        for name, value in values.items()
        if expressions.is_template(raw.variables.get(name))
    }
    lost = set()
    second, accepted = None, dict[str, Expression]()
    for name, template in templates.items():
        marks = {one: expressions.mark(one) for one in [*accepted, name]}
        try:
            alone = _read({**plain, "compose_variables": {**values, name: marks[name]}}, base)
            second = _read({**plain, "compose_variables": {**values, **marks}}, base)
        except ValueError:
            lost.add(name)
            continue
        accepted[name] = template
        if not expressions.agrees(_texts(found), _texts(alone), {name: template}):
            lost.add(name)
    return second, accepted, lost


def _texts(found: Translated) -> dict[str, Any]:
    """Return what of a reading is written, without what is inferred from the values of now on purpose."""
    services = {
        name: {key: value for key, value in given.items() if key not in ("class", "proxy")}
        for name, given in found.services.items()
        if isinstance(given, Mapping)
    }
    return {"services": services, "secrets": found.secrets}


def _check_open(lost: Collection[str], values: Mapping[str, Any]) -> None:
    """:raises ValueError: for a variable that is a secret by its name, and whose value would be written."""
    for name in sorted(lost):
        if SECRET_NAME.search(name) and is_secret(str(values[name])):
            raise ValueError(
                f"stack_compose_variables: {name} is a secret, and stands where its value would have to be written; "
                f"make it stack_secrets.{name.lower()}"
            )


def _top(stack: Stack) -> dict[str, dict[str, Any]]:
    """Return the networks and volumes that services have and that are other than one without a word about it."""
    used = resources.used(stack)
    return {
        section: {
            name: stack.top[section][name]
            for name in dict.fromkeys(used[section])
            if stack.top[section].get(name) or (name in stack.top[section] and name in compose.INTERNAL)
        }
        for section in SHARED_SECTIONS
    }


def _hold(result: Adopted, plain: Mapping[str, Any], found: Translated, stack: Stack, base: Path) -> None:
    """Make sure that what is to be written gives the release that the files give.

    :raises ValueError: with a line for each service and key that would be another.
    """
    described = inventory.stack_of(
        {
            **plain,
            **dict.fromkeys(ANSWERED),
            "services": expressions.evaluated(result.services),
            "secrets": {name: _source(found.secrets[name]) for name in result.secrets},
            "networks": result.networks,
            "volumes": result.volumes,
        },
        base,
    )
    one, other = (bundle.bundle(each, plain["probes"]).content() for each in (stack, described))
    advice = "would not be what the files say; say it in stack_services as you want it"
    services = one["services"].keys() | other["services"].keys()
    problems = [
        f"service {name!r}: key {key!r} {advice}"
        for name in sorted(services)
        for key in _differing(one["services"].get(name, {}), other["services"].get(name, {}))
    ]
    secrets = ({file["name"]: file for file in each["secret_files"]} for each in (one, other))
    problems += [f"service {name.removesuffix('_env')!r}: key 'environment' {advice}" for name in _differing(*secrets)]
    problems += [
        f"{path}, which the release has of the files, {advice}" for path in _differing(one["files"], other["files"])
    ]
    if not problems and one != {**other, "digest": one["digest"]}:
        problems = ["the release would be another than that of the files, which cannot be adopted as they are"]
    if problems:
        raise ValueError("\n".join(problems))


def _differing(one: Mapping[str, Any], other: Mapping[str, Any]) -> list[str]:
    """Return the keys in which two mappings differ, those of ``settings`` by themselves."""
    found = [key for key in {**one, **other} if one.get(key) != other.get(key)]
    inside = ("settings",) if "settings" in found and one and other else ()
    return [key for key in found if key not in inside] + [
        key for name in inside for key in _differing(one[name], other[name])
    ]


def place(given: str, base: Path | None, group: str) -> Path:
    """Return the file to write: the one that is *given*, else one of the variables of *group* beside the inventory.

    :param base: the directory of the inventory, ``None`` where it is in none.
    :raises ValueError: where there is none, or where Ansible would no longer read another file for it.
    """
    if base is None:
        raise ValueError("workspace_adopt_to: the inventory is in no directory; name the file to write")
    path = base / (given or f"group_vars/{group}/services.yml")
    if path.suffix not in (".yml", ".yaml"):
        raise ValueError(f"workspace_adopt_to: {given} would not be read as YAML; give it a name that ends with .yml")
    folder = path.parent
    for other in (folder.with_name(f"{folder.name}{suffix}") for suffix in (".yml", ".yaml", ".json")):
        if folder.parent.name in ("group_vars", "host_vars") and not folder.is_dir() and other.is_file():
            raise ValueError(
                f"{other} would not be read any more beside a directory {folder.name}; move it to "
                f"{folder.name}/main{other.suffix}, or name another file as workspace_adopt_to"
            )
    return path


def mounting(found: Adopted, base: Path, path: Path) -> list[str]:
    """Return the services that have a directory mounted in which the file at *path* is, or would be.

    It travels with the release then, which is another for it.
    """
    target = path.resolve()
    return [
        name
        for name, given in expressions.evaluated(found.services).items()
        for file in (given.get("files") or {}).values()
        if "src" in file and target.is_relative_to((base / str(file["src"])).resolve())
    ]


@dataclass(frozen=True)
class Proposal:
    """The file as it is and as it would be. ``alone``: what the Compose files gave without the inventory's word."""

    path: Path
    file: checkout.File
    alone: str

    def write(self) -> None:
        """Do to the file what its state says, and record it."""
        if self.file.writes and self.file.wanted is not None:
            write_text(self.path, self.file.wanted)
        if self.file.state != "kept":
            record = {**_records(self.path), self.path.name: self._record()}
            text = json.dumps(record, indent=2, sort_keys=True) + "\n"
            state = self.path.with_name(STATE)
            if _text(state) != text:
                write_text(state, text)

    def _record(self) -> dict[str, str]:
        there = self.file.wanted if self.file.writes else self.file.before
        return {"written": checkout.digest(there or ""), "alone": checkout.digest(self.alone)}


def proposal(path: Path, text: str, alone: str, services: Mapping[str, Any]) -> Proposal:
    """Return what becomes of the file at *path*.

    Once it counts, what the inventory said of the files' services cannot be seen any more behind it: then it is held to
    what the files alone give, and never written over where it has more than that.

    :param text: what is to be written. :param alone: what the files alone give.
    :param services: ``stack_services`` as the inventory has it now.
    :raises ValueError: for something at *path* that cannot be read.
    """
    found = _text(path)
    known = _records(path).get(path.name, {})
    counts = found is not None and bool(services) and _services(found) == services
    wanted = alone if counts else text
    state = checkout.judge(found, wanted, known.get("written"))
    if counts and found is not None and known.get("alone") != known.get("written"):
        same = known.get("alone") == checkout.digest(alone) and known.get("written") == checkout.digest(found)
        state = "unchanged" if same else "kept" if state == "updated" else state
    return Proposal(path, checkout.File(path.name, found, wanted, state, bool(known)), alone)


def _services(text: str) -> Any:
    found = inventory_file.parsed(text)
    return found.get("stack_services") if isinstance(found, Mapping) else None


def _text(path: Path) -> str | None:
    try:
        return path.read_bytes().decode()
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(f"{path} cannot be read as a text: {error}") from None


def _records(path: Path) -> dict[str, dict[str, str]]:
    state = path.with_name(STATE)
    text = _text(state)
    try:
        found = json.loads(text or "{}")
        return {str(name): {key: str(one[key]) for key in ("written", "alone")} for name, one in found.items()}
    except (ValueError, KeyError, TypeError, AttributeError):
        raise ValueError(f"{state} is no record of written files; restore it, or remove it") from None

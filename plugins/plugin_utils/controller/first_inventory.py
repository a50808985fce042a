"""A first inventory for a repository: its description, proved to be a release, and what a person has to decide.

Place in the pipeline: outside it, for ``playbooks/init.yml``; reads files on the controller, and writes new ones.
"""

from __future__ import annotations

import datetime
import os
import re
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ansible_collections.slipway.stack.plugins.module_utils.state.layout import write_text
from ansible_collections.slipway.stack.plugins.plugin_utils.compose_files import expressions
from ansible_collections.slipway.stack.plugins.plugin_utils.compose_files.adopt import AdoptedDescription
from ansible_collections.slipway.stack.plugins.plugin_utils.controller import adoption, inventory
from ansible_collections.slipway.stack.plugins.plugin_utils.controller.adoption import UnevaluatedVariables
from ansible_collections.slipway.stack.plugins.plugin_utils.policy import release_check
from ansible_collections.slipway.stack.plugins.plugin_utils.policy.rule_registry import RULES
from ansible_collections.slipway.stack.plugins.plugin_utils.project import (
    chosen_files,
    decisions,
    first_files,
    production,
    production_values,
    read_project,
)
from ansible_collections.slipway.stack.plugins.plugin_utils.project.decisions import Decision
from ansible_collections.slipway.stack.plugins.plugin_utils.project.first_files import Chosen
from ansible_collections.slipway.stack.plugins.plugin_utils.project.production import Production
from ansible_collections.slipway.stack.plugins.plugin_utils.project.tree import Tree

#: What stands for the version and the domain while the description is made. Neither is in a file.
_VERSION, _DOMAIN, _REGISTRY = "0.0.0", "undecided.example.com", "registry.example.com/undecided"

#: What to write in the inventory for a finding of the policy, as an example.
_WRITE = {
    "SLP001": 'health: {test: [CMD, curl, -fsS, "http://127.0.0.1:8000/health"]}',
    "SLP030": "memory: 512m",
    "SLP040": "image: NAME:VERSION",
    "SLP060": "volumes: ['NAME:DIRECTORY']",
    "SLP090": 'user: "10001:10001"',
    "SLP111": "command: [PROGRAM, FOR, PRODUCTION]",
}


@dataclass(frozen=True)
class FirstInventory:
    """``files``: texts by path below ``folder``. ``decisions``: with their lines. ``off``: reasons by service."""

    folder: Path
    files: Mapping[str, str]
    decisions: Sequence[tuple[Decision, int]]
    off: Mapping[str, str]
    sources: Sequence[str]

    def write(self) -> None:
        """Write all files or none. :raises ValueError: if the directory cannot be made."""
        self.folder.parent.mkdir(parents=True, exist_ok=True)
        made = Path(tempfile.mkdtemp(prefix=".slipway-init-", dir=self.folder.parent))
        try:
            made.chmod(0o755)
            for name, text in self.files.items():
                write_text(made / name, text)
            made.rename(self.folder)
        except OSError as error:
            shutil.rmtree(made, ignore_errors=True)
            raise ValueError(f"{self.folder} cannot be written: {error.strerror}") from None


#: What a person may say, by the option, and an example: each becomes a part of a file.
_VALID = {
    "stack": (re.compile(r"(?:[a-z0-9][a-z0-9_-]{0,62})?"), "shop"),
    "environment": (re.compile(r"[a-z][a-z0-9-]{0,30}"), "production"),
    "host": (re.compile(r"(?:[\w.-]+@)?[\w.:-]{0,253}"), "deploy@203.0.113.10"),
    "domain": (re.compile(r"(?:[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?)?"), "shop.example.com"),
    "registry": (re.compile(r"(?:[a-z0-9][\w.:/-]{0,200})?"), "registry.example.com/shop"),
    "email": (re.compile(r"(?:[^\s@\"'{}]{1,64}@[\w.-]{1,253})?"), "ops@example.com"),
}


def check(chosen: Chosen) -> None:
    """Check what a person has said. :raises ValueError: with a line for each value that has no valid form."""
    given = {
        "stack": chosen.name,
        "environment": chosen.environment,
        "host": chosen.host,
        "domain": chosen.domain,
        "registry": chosen.registry,
        "email": chosen.email,
    }
    problems = [
        f"init_{name}: {given[name]!r} is not valid; write it like {example}"
        for name, (pattern, example) in _VALID.items()
        if not pattern.fullmatch(given[name])
    ]
    if problems:
        raise ValueError("\n".join(problems))


def existing(folder: Path) -> list[str]:
    """Return the files that are where the inventory would be."""
    if not folder.is_dir():
        return [str(folder)] if os.path.lexists(folder) else []
    found = (path.relative_to(folder).as_posix() for path in sorted(folder.rglob("*")) if not path.is_dir())
    return [name for name, _number in zip(found, range(20), strict=False)] or (
        [] if not any(folder.iterdir()) else ["."]
    )


def folder_of(root: Path, to: str, environment: str) -> Path:
    """Return the directory of the inventory.

    :raises ValueError: if a link in the repository would lead out of it.
    """
    if to:
        return Path(os.path.abspath(to))
    folder = root / "inventories" / environment
    if not Path(os.path.realpath(folder)).is_relative_to(root):
        raise ValueError(f"init_project: {folder} leads out of the repository by a link; name a directory in init_to")
    return folder


def make(tree: Tree, folder: Path, chosen: Chosen, files: Sequence[str], profiles: Sequence[str]) -> FirstInventory:
    """Return the first inventory of a repository.

    :param files: the Compose files that the person names. :param profiles: those of production.
    :raises ValueError: with a line for each thing that keeps the files from being a release.
    """
    found = chosen_files.choose(tree, files)
    project = read_project.read(tree, found)
    chosen = replace(chosen, name=chosen.name or _name(project), domain=chosen.domain)
    result = production.of(project, list(profiles))
    domain = chosen.domain or _DOMAIN
    with tempfile.TemporaryDirectory() as temporary:
        overlay = Path(temporary) / "production.yaml"
        overlay.write_text(result.overlay(), encoding="utf-8")
        arguments, unevaluated = _arguments(result, chosen, overlay, domain)
        try:
            adopted = adoption.adopted_description(arguments, folder, unevaluated)
        except ValueError as error:
            raise ValueError(_shown(str(error), tree, overlay)) from None
    texts = first_files.files(chosen, result, adopted)
    asked = [
        *first_files.of_person(chosen, result, texts),
        *result.decided(),
        *_policy(arguments, adopted, folder, unevaluated),
    ]
    return FirstInventory(folder, texts, first_files.located(asked, texts), result.off, found.files)


def _name(project: read_project.ReadProject) -> str:
    written = str(project.document.top.get("name") or project.given.get("COMPOSE_PROJECT_NAME", "") or "")
    text = written if re.fullmatch(r"[\w -]{1,40}", written) else (project.tree.root.name)
    return re.sub(r"[^a-z0-9_-]+", "-", text.lower()).strip("-_")[:40] or "app"


def _arguments(
    result: Production, chosen: Chosen, overlay: Path, domain: str
) -> tuple[dict[str, Any], UnevaluatedVariables]:
    """Return the arguments of the description, and the same as an inventory would have them."""
    values, project = result.values, result.project
    registry = chosen.registry or result.registry or _REGISTRY
    images = {
        name: text.replace("{{ app_registry }}", registry).replace("{{ app_version }}", _VERSION)
        for name, text in result.images.items()
    }
    arguments = {
        "name": chosen.name,
        "environment": chosen.environment,
        "domain": domain,
        "root": "/opt/stacks",
        "services": _evaluated(result.services, domain),
        "secrets": {},
        "kinds_paths": [],
        "probes": [],
        "compose_files": [*(str(project.tree.root / name) for name in project.chosen.files), str(overlay)],
        "compose_profiles": result.profiles,
        "compose_variables": {**values.evaluated(domain), **images},
        "compose_host_paths": [],
        "compose_project": str(project.tree.root),
        "compose_roots": [],
        "compose_hardening": False,
    }
    return arguments, UnevaluatedVariables(result.services, values.secrets, {**values.templates, **result.images})


def _evaluated(value: Any, domain: str) -> Any:
    if isinstance(value, str):
        return value.replace(production_values.DOMAIN, domain)
    if isinstance(value, Mapping):
        return {key: _evaluated(item, domain) for key, item in value.items()}
    return [_evaluated(item, domain) for item in value] if isinstance(value, list) else value


def _shown(message: str, tree: Tree, overlay: Path) -> str:
    """Return problems with paths in the repository; the overlay is no file that a person knows."""
    text = re.sub(rf"{re.escape(str(overlay))}:\d+: ", "", message)
    return text.replace(f"{tree.root}/", "")


def _policy(
    arguments: Mapping[str, Any], adopted: AdoptedDescription, base: Path, unevaluated: UnevaluatedVariables
) -> list[Decision]:
    """Return a decision for each finding of the policy that would stop a deploy."""
    described = {
        **arguments,
        **dict.fromkeys(adoption.REPLACED_ARGUMENTS),
        "services": expressions.evaluated(adopted.services),
        "secrets": {name: {"generate": 32} for name in adopted.secrets},
        "networks": adopted.networks,
        "volumes": adopted.volumes,
    }
    made = inventory.bundle_of(described, base)
    stack = release_check.stack(made.documents, made.variables(), described["services"], _VERSION)
    today = datetime.datetime.now(tz=datetime.UTC).date().isoformat()
    review = release_check.check(stack, made.environment, None, [], today)
    return [
        Decision(
            decisions.STACK,
            f"{one.service}:" if one.service else "stack_services:",
            f"{one.rule}: {one.service} {one.message}".replace(":  ", ": "),
            _WRITE.get(one.rule) or f"# {RULES[one.rule].fix}",
        )
        for one in review.failing
        if one.service in adopted.services
    ]

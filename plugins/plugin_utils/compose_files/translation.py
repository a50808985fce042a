"""From a team's files to ``stack_services`` and ``stack_secrets``, with a note on each decision.

Place in the pipeline: compose_files, its last step; the result goes to ``describe``.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.slipway.stack.plugins.plugin_utils.compose_files import (
    checks,
    label_proxies,
    mounts,
    service_annotations,
    services,
    update_strategies,
)
from ansible_collections.slipway.stack.plugins.plugin_utils.compose_files.contents import Contents
from ansible_collections.slipway.stack.plugins.plugin_utils.compose_files.locations import (
    Problems,
    mapping,
    service_key,
)
from ansible_collections.slipway.stack.plugins.plugin_utils.compose_files.mounts import Mounts
from ansible_collections.slipway.stack.plugins.plugin_utils.compose_files.reading import Project
from ansible_collections.slipway.stack.plugins.plugin_utils.description import secret_text
from ansible_collections.slipway.stack.plugins.plugin_utils.description.schema import suggestion
from ansible_collections.slipway.stack.plugins.plugin_utils.policy import env_files, known_software
from ansible_collections.slipway.stack.plugins.plugin_utils.policy.source_positions import Map, mark_of


@dataclass(frozen=True)
class Translated:
    """The translation of a team's files.

    ``services`` and ``secrets`` as in the inventory. ``top``: the networks and volumes that the files declare.
    ``notes``: by service, what a person should know: its update strategy with the reason, and what differs from the
    file. ``sources``: by service and path in the container, where on the controller the files are. ``left_out``: by
    service, the keys that a description does not have. ``inactive``: services of which no profile is active.
    """

    services: dict[str, Any]
    secrets: dict[str, Any] = field(repr=False)
    top: dict[str, dict[str, Any]]
    notes: dict[str, list[str]]
    sources: dict[str, dict[str, str]] = field(default_factory=dict)
    left_out: dict[str, list[str]] = field(default_factory=dict)
    inactive: tuple[str, ...] = ()


def translate(
    project: Project,
    stack_name: str,
    inventory: Mapping[str, Any],
    secrets: Mapping[str, Any],
    host_paths: Collection[str],
    secrets_unknown: bool = False,
) -> Translated:
    """Return the description that is equivalent to a team's files, with the entries of the inventory merged into it.

    :param inventory: ``stack_services``. :param secrets: ``stack_secrets``.
    :param secrets_unknown: treat each secret as one to be generated; files that hold secrets may be missing.
    :raises ValueError: with one sentence and line for each problem.
    """
    problems = project.problems()
    entries = service_annotations.collect(project.document.top, project.document.services, inventory)
    excluded = [name for name, entry in entries.items() if not _is_annotation(entry)]
    checks.check(project, problems, excluded)
    _check_name(project, stack_name, problems)
    names = list(project.document.services)
    for name, entry in entries.items():
        if name not in names and _is_annotation(entry):
            hint = suggestion(name, names)
            message = f"there is no such service in the files{hint}; give it a 'kind' if it is a new service"
            problems.add(None, f"service {name!r}", message)
    translator = _Translator(project, problems, host_paths, dict(secrets), secrets_unknown, excluded)
    result: dict[str, Any] = {}
    for name in names:
        entry = entries.pop(name, {})
        if _is_annotation(entry):
            result[name] = translator.service(name, entry)
        elif entry is not None:
            result[name] = entry
            translator.notes[name] = ["is described in the inventory, which replaces the entry of the file"]
    problems.raise_any()
    result.update({name: entry for name, entry in entries.items() if entry is not None})
    removed = [name for name in names if name not in result]
    for service in result.values():
        _remove_dependencies(service, removed)
    return Translated(
        result,
        translator.secrets,
        translator.top(),
        translator.notes,
        translator.sources,
        translator.left_out,
        project.inactive,
    )


def _is_annotation(entry: Any) -> bool:
    """Return whether an entry of the inventory adds to a service of the files, rather than replacing or removing it."""
    return isinstance(entry, Mapping) and "kind" not in entry


def _remove_dependencies(service: Any, removed: list[str]) -> None:
    """Remove the services that the inventory leaves out from the dependencies of *service*."""
    if not isinstance(service, dict) or service.get("kind") != "compose":
        return
    service["needs"] = [need for need in service.get("needs", []) if need not in removed]
    for name in removed:
        service["compose"].get("depends_on", {}).pop(name, None)


def _check_name(project: Project, stack_name: str, problems: Problems) -> None:
    """Check that the project is called like the stack: Compose names the volumes with the data after the project."""
    name = project.name
    volumes = mapping(project.document.top.get("volumes"))
    named_by_project = [
        key for key, spec in volumes.items() if not (mapping(spec).get("name") or mapping(spec).get("external"))
    ]
    if name and name != stack_name and named_by_project:
        message = (
            f"the project is called {name!r} and the stack {stack_name!r}, so the stack would not find the data in "
            f"{name}_{named_by_project[0]}; set stack_name: {name}, or give the volumes a 'name'"
        )
        problems.add(mark_of(project.document.top, "name"), "key 'name'", message)


class _Translator:
    """Translates services one by one. Collects what they have in common, and the notes."""

    def __init__(
        self,
        project: Project,
        problems: Problems,
        host_paths: Collection[str],
        secrets: dict[str, Any],
        secrets_unknown: bool,
        excluded: Collection[str],
    ) -> None:
        self._excluded = excluded
        self._secrets_unknown = secrets_unknown
        self._project = project
        self._document = project.document
        self._problems = problems
        self._contents = Contents(project.folder, project.roots, project.file)
        self._mounts = mounts.MountReader(self._contents, host_paths, problems)
        self.secrets = secrets
        self.notes: dict[str, list[str]] = {}
        self.sources: dict[str, dict[str, str]] = {}
        self.left_out: dict[str, list[str]] = {}

    def service(self, name: str, annotation: Mapping[str, Any]) -> dict[str, Any]:
        """Return the description of one service of the files, with its *annotation* merged into it."""
        keys = self._document.services[name]
        service = self._project.stack.services[name]
        notes: list[str] = []
        variables, hidden = self._environment(name, keys, notes)
        entry = services.translate(keys, service, variables, self._project.folder)
        mounted = self._add_mounts(name, keys, annotation, entry)
        self.left_out[name] = services.left_out(keys)
        uses = self._secret_uses(name, keys)
        if uses:
            entry["secrets"] = uses
            if "user" not in entry and "user" not in annotation:
                notes.append(
                    "reads its secrets as root; if its image runs as another user, set 'user' to the uid of that user"
                )
        services.check_secrets(name, entry, keys, self._problems)
        entry["class"], reason = update_strategies.classify(self._project.stack, service)
        if service.base in known_software.PROXIES:
            entry["proxy"] = update_strategies.proxy_program(service)
        whole = service_annotations.annotate(entry, annotation)
        if "class" in annotation:
            reason = "the inventory or x-slipway sets it"
        in_place = update_strategies.in_place_notes(whole)
        if whole["class"] in ("rolling", "drain") and not in_place:
            in_place += filter(None, [label_proxies.traefik_note(self._project, name, self._excluded)])
        self.notes[name] = [f"is {whole['class']}, because {reason}", *in_place, *mounted.notes, *notes]
        if hidden:
            amount = "a secret" if len(hidden) == 1 else f"{len(hidden)} secrets"
            self.notes[name].append(f"gets {amount} in a file that only root can read")
        return whole

    def _environment(self, name: str, keys: Map, notes: list[str]) -> tuple[dict[str, str], dict[str, str]]:
        """Return the variables of a service with placeholders for secrets, and the secrets found in their values."""
        if name in self._document.missing_env_files and not self._secrets_unknown:
            self._check_env_files(name, keys)
        from_files = self._document.env_file_variables.get(name, Map())
        notes.extend(self._document.env_file_notes.get(name, ()))
        variables = services.environment(keys, from_files, self._document.variables, notes)
        hidden = services.extract_secrets(name, variables)
        self.secrets.update(hidden)
        if self._secrets_unknown:
            names = [secret for value in variables.values() for secret in secret_text.names(value)]
            self.secrets.update({secret: {"generate": 32} for secret in names})
        return variables, hidden

    def _add_mounts(self, name: str, keys: Map, annotation: Mapping[str, Any], entry: dict[str, Any]) -> Mounts:
        """Add the mounts and configs of a service to its *entry*; return the mounts."""
        found = self._mounts.mounts(name, keys, service_annotations.container_paths(annotation.get("volumes")))
        configs = mounts.configs(
            name,
            keys,
            mapping(self._document.top.get("configs")),
            self._document.variables,
            self._contents,
            self._problems,
        )
        found.notes.extend(configs.notes)
        for key, value in (("volumes", found.volumes), ("files", {**found.files, **configs.files})):
            if value:
                entry[key] = value
        self.sources[name] = {**found.sources, **configs.sources}
        if found.tmpfs:
            entry["compose"]["tmpfs"] = [*entry["compose"].get("tmpfs", []), *found.tmpfs]
        return found

    def _check_env_files(self, name: str, keys: Map) -> None:
        for index, entry in enumerate(keys.get("env_file") or []):
            spec = mapping(entry)
            path = spec.get("path") if spec else entry
            form = str(spec.get("format") or "")
            if form not in env_files.FORMATS:
                message = f"{form!r} is not a format of env files; leave 'format' out, or write 'format: raw'"
                self._problems.add(mark_of(keys["env_file"], index), service_key(name, "env_file"), message)
            if spec.get("required", True) is not False and not (self._project.folder / str(path)).is_file():
                mark = mark_of(keys["env_file"], index) or mark_of(keys, "env_file")
                message = f"{path} does not exist; create it, or set 'required: false'"
                self._problems.add(mark, service_key(name, "env_file"), message)

    def _secret_uses(self, name: str, keys: Map) -> list[dict[str, Any]]:
        """Return the secrets that a service mounts, as the description writes them; add their values to the secrets."""
        declared = mapping(self._document.top.get("secrets"))
        result = []
        for item in keys.get("secrets") or []:
            use = mapping(item)
            key = str(use.get("source"))
            if key not in declared:
                continue
            secret = self._secret(key, declared)
            if secret is not None:
                target = str(use.get("target") or key)
                path = target if target.startswith("/") else f"/run/secrets/{target}"
                result.append({"name": secret, "target": path})
        return result

    def _secret(self, key: str, declared: Map) -> str | None:
        """Return the name of a declared secret, whose value is known from now on; ``None`` after a problem."""
        secret = key.lower().replace(".", "_")
        spec = mapping(declared[key])
        if self._secrets_unknown:
            self.secrets[secret] = {"generate": 32}
        if secret in self.secrets or spec.get("external"):
            return secret
        text = mounts.source_text(
            f"key 'secrets.{key}'",
            spec,
            mark_of(declared, key),
            self._document.variables,
            self._contents,
            self._problems,
        )
        if text is None:
            return None
        if secret_text.holds_secret(text):
            # The value is a variable, and its value is a secret of the inventory.
            return secret_text.names(text)[0]
        self.secrets[secret] = text
        return secret

    def top(self) -> dict[str, dict[str, Any]]:
        """Return the networks and volumes that the files declare."""
        return {
            key: {
                name: services.escaped(spec) if isinstance(spec, Mapping) else {}
                for name, spec in mapping(self._document.top.get(key)).items()
            }
            for key in ("networks", "volumes")
        }

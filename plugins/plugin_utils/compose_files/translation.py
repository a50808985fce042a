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
    left_out,
    mounts,
    published,
    service_annotations,
    services,
    update_strategies,
)
from ansible_collections.slipway.stack.plugins.plugin_utils.compose_files.contents import Contents
from ansible_collections.slipway.stack.plugins.plugin_utils.compose_files.granted_files import GrantedFiles
from ansible_collections.slipway.stack.plugins.plugin_utils.compose_files.locations import (
    Problems,
    mapping,
    service_key,
    with_position,
)
from ansible_collections.slipway.stack.plugins.plugin_utils.compose_files.mounts import Mounts
from ansible_collections.slipway.stack.plugins.plugin_utils.compose_files.reading import Project
from ansible_collections.slipway.stack.plugins.plugin_utils.compose_reader.source_positions import Map, Mark, mark_of
from ansible_collections.slipway.stack.plugins.plugin_utils.description import secret_text
from ansible_collections.slipway.stack.plugins.plugin_utils.description.schema import suggestion
from ansible_collections.slipway.stack.plugins.plugin_utils.policy import known_software


@dataclass(frozen=True)
class Translated:
    """The translation of a team's files.

    ``services`` and ``secrets`` as in the inventory. ``top``: the networks and volumes that the files declare.
    ``notes``: by service, what a person should know: its update strategy with the reason, and what differs from the
    file. ``sources``: by service and path in the container, where on the controller the files are. ``left_out``: by
    service, the keys that a description does not have. ``inactive``: services of which no profile is active.
    ``project``: the files.
    """

    services: dict[str, Any]
    secrets: dict[str, Any] = field(repr=False)
    top: dict[str, dict[str, Any]]
    notes: dict[str, list[str]]
    sources: dict[str, dict[str, str]] = field(default_factory=dict)
    left_out: dict[str, list[str]] = field(default_factory=dict)
    inactive: tuple[str, ...] = ()
    project: Project | None = None

    def with_position(self, message: str, inventory: Mapping[str, Any]) -> str:
        """Return a message about the described services with the file and line of the key that it is about.

        :param inventory: ``stack_services``.
        """
        if self.project is None:
            return message
        services = self.project.document.services
        lines = message.splitlines()
        return "\n".join(with_position(line, services, f"{self.project.shown}/", inventory) for line in lines)


def translate(
    project: Project,
    stack_name: str,
    inventory: Mapping[str, Any],
    secrets: Mapping[str, Any],
    host_paths: Collection[str],
    secrets_unknown: bool = False,
    hardened: bool = False,
) -> Translated:
    """Return the description that is equivalent to a team's files, with the entries of the inventory merged into it.

    :param inventory: ``stack_services``. :param secrets: ``stack_secrets``.
    :param secrets_unknown: treat each secret as one to be generated; files that hold secrets may be missing.
    :param hardened: ``stack_compose_hardening``; an entry of a service with ``hardening`` takes precedence.
    :raises ValueError: with one sentence and line for each problem.
    """
    problems = project.problems()
    entries = service_annotations.collect(project.document.top, project.document.services, inventory)
    excluded = [name for name, entry in entries.items() if not _is_annotation(entry)]
    images = {
        name: str(entry["image"]) for name, entry in entries.items() if _is_annotation(entry) and "image" in entry
    }
    unreadable = checks.check(project, problems, excluded, images)
    _check_name(project, stack_name, problems)
    names = list(project.document.services)
    if not names and not any(entry is not None for entry in entries.values()):
        problems.add(
            Mark(str(project.file), 1), "key 'services'", "there is no service, or none with an active profile"
        )
    for name, entry in entries.items():
        if name not in names and _is_annotation(entry):
            hint = suggestion(name, names)
            message = f"there is no such service in the files{hint}; give it a 'kind' if it is a new service"
            problems.add(None, f"service {name!r}", message)
    translator = _Translator(project, problems, host_paths, dict(secrets), secrets_unknown, entries, hardened)
    result: dict[str, Any] = {}
    for name in names:
        entry = entries.pop(name, {})
        if name in unreadable:
            continue
        if _is_annotation(entry):
            result[name] = translator.service(name, entry)
        elif entry is not None:
            result[name] = entry
            translator.notes[name] = ["is described in the inventory, which replaces the entry of the file"]
    problems.raise_any()
    result.update({name: entry for name, entry in entries.items() if entry is not None})
    removed = {name for keys in project.document.services.values() for name in mapping(keys.get("depends_on"))}
    removed = {*removed, *names} - set(result)
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
        project,
    )


def _is_annotation(entry: Any) -> bool:
    """Return whether an entry of the inventory adds to a service of the files, rather than replacing or removing it."""
    return isinstance(entry, Mapping) and "kind" not in entry


def _remove_dependencies(service: Any, removed: Collection[str]) -> None:
    """Remove the services that the stack does not have from the dependencies of *service*.

    The inventory leaves them out, or no profile of them is active and they are not required.
    """
    if not isinstance(service, dict) or service.get("kind") != "compose":
        return
    if isinstance(service.get("needs"), list):
        service["needs"] = [need for need in service["needs"] if need not in removed]
    depends_on = mapping(service.get("compose")).get("depends_on")
    if isinstance(depends_on, dict):
        for name in removed:
            depends_on.pop(name, None)


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
        entries: Mapping[str, Any],
        hardened: bool,
    ) -> None:
        self._hardened = hardened
        self._excluded = [name for name, entry in entries.items() if not _is_annotation(entry)]
        self._secrets_unknown = secrets_unknown
        self._described = [name for name, entry in entries.items() if isinstance(entry, Mapping) and "kind" in entry]
        self._project = project
        self._document = project.document
        self._problems = problems
        self._contents = Contents(project.folder, project.roots, project.file)
        self._mounts = mounts.MountReader(self._contents, host_paths, problems)
        self._granted = GrantedFiles(
            self._document.top, self._document.variables, self._contents, problems, secrets, secrets_unknown
        )
        self.secrets = secrets
        self.notes: dict[str, list[str]] = {}
        self.sources: dict[str, dict[str, str]] = {}
        self.left_out: dict[str, list[str]] = {}

    def service(self, name: str, annotation: Mapping[str, Any]) -> dict[str, Any]:
        """Return the description of one service of the files, with its *annotation* merged into it."""
        notes: list[str] = []
        keys = self._document.services[name]
        service = self._project.stack.services[name]
        variables, hidden = self._environment(name, keys, notes)
        image = str(annotation.get("image") or keys.get("image") or "")
        entry = services.translate(keys, service, image, variables, self._project.folder, self._described)
        if ports := published.published(keys):
            entry["publish"] = ports
        mounted = self._add_mounts(name, keys, annotation, entry)
        self.left_out[name] = left_out.keys(keys)
        notes += left_out.notes(keys, self._problems.position)
        notes += self._missing_needs(keys)
        granted = self._granted.secrets(name, keys)
        notes += granted.notes
        if granted.uses:
            entry["secrets"] = granted.uses
        services.check_secrets(name, entry, keys, self._problems)
        entry["class"], reason = update_strategies.classify(self._project.stack, service)
        if service.base in known_software.PROXIES:
            entry["proxy"] = update_strategies.proxy_program(service)
        if self._hardened:
            entry["hardening"] = True
        whole = service_annotations.annotate(entry, annotation)
        protections = services.harden(whole, keys)
        if "class" in annotation:
            reason = "the inventory or x-slipway sets it"
        in_place = update_strategies.in_place_notes(whole)
        if whole["class"] in ("rolling", "drain") and not in_place:
            in_place += filter(None, [label_proxies.traefik_note(self._project, name, self._excluded)])
        self.notes[name] = [f"is {whole['class']}, because {reason}", *in_place, *protections, *mounted.notes, *notes]
        if hidden:
            amount = "a secret" if len(hidden) == 1 else f"{len(hidden)} secrets"
            self.notes[name].append(f"gets {amount} in a file that only root can read")
        return whole

    def _missing_needs(self, keys: Map) -> list[str]:
        """Return a note for each service that is not required, and that the files do not have with these profiles."""
        needs = mapping(keys.get("depends_on"))
        missing = [name for name in needs if name not in self._document.services]
        return [
            f"{self._problems.position(mark_of(needs, name))}'depends_on.{name}' is left out: its profile is not active"
            for name in missing
        ]

    def _environment(self, name: str, keys: Map, notes: list[str]) -> tuple[dict[str, str], dict[str, str]]:
        """Return the variables of a service with placeholders for secrets, and the secrets found in their values."""
        if name in self._document.missing_env_files and not self._secrets_unknown:
            self._check_env_files(name, keys)
        from_files = self._document.env_file_variables.get(name, Map())
        notes.extend(self._document.env_file_notes.get(name, ()))

        def without_value(variable: str, mark: Mark | None) -> None:
            notes.append(f"{self._problems.position(mark)}does not get {variable}, which has no value here")

        variables = services.environment(keys, from_files, self._document.variables, without_value)
        hidden = services.extract_secrets(name, variables, {*self.secrets, *self._granted.declared})
        self.secrets.update(hidden)
        if self._secrets_unknown:
            names = [secret for value in variables.values() for secret in secret_text.names(value)]
            self.secrets.update({secret: {"generate": 32} for secret in names})
        return variables, hidden

    def _add_mounts(self, name: str, keys: Map, annotation: Mapping[str, Any], entry: dict[str, Any]) -> Mounts:
        """Add the mounts and configs of a service to its *entry*; return the mounts."""
        found = self._mounts.mounts(name, keys, service_annotations.container_paths(annotation.get("volumes")))
        configs = self._granted.configs(name, keys)
        found.notes.extend(configs.notes)
        for key, value in (("volumes", found.volumes), ("files", {**found.files, **configs.files})):
            if value:
                entry[key] = value
        self.sources[name] = {**found.sources, **configs.sources}
        return found

    def _check_env_files(self, name: str, keys: Map) -> None:
        for index, entry in enumerate(keys.get("env_file") or []):
            spec = mapping(entry)
            path = spec.get("path") if spec else entry
            if spec.get("required", True) is not False and not (self._project.folder / str(path)).is_file():
                mark = mark_of(keys["env_file"], index) or mark_of(keys, "env_file")
                message = f"{path} does not exist; create it, or set 'required: false'"
                self._problems.add(mark, service_key(name, "env_file"), message)

    def top(self) -> dict[str, dict[str, Any]]:
        """Return the networks and volumes that the files declare."""
        return {
            key: {
                name: services.escaped(spec) if isinstance(spec, Mapping) else {}
                for name, spec in mapping(self._document.top.get(key)).items()
            }
            for key in ("networks", "volumes")
        }

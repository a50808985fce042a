"""From a team's files to ``stack_services`` and ``stack_secrets``, with a note for whatever was decided on the way.

Place in the pipeline: project, its end; what comes out goes to ``describe``.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.slipway.stack.plugins.plugin_utils.compose_files import (
    checks,
    mounts,
    service_annotations,
    services,
    update_strategies,
)
from ansible_collections.slipway.stack.plugins.plugin_utils.compose_files.contents import Contents
from ansible_collections.slipway.stack.plugins.plugin_utils.compose_files.locations import Complaints, mapping, of
from ansible_collections.slipway.stack.plugins.plugin_utils.compose_files.reading import Project
from ansible_collections.slipway.stack.plugins.plugin_utils.description import secret_text
from ansible_collections.slipway.stack.plugins.plugin_utils.description.schema import suggestion
from ansible_collections.slipway.stack.plugins.plugin_utils.policy import known_software
from ansible_collections.slipway.stack.plugins.plugin_utils.policy.source_positions import Map, mark_of


@dataclass(frozen=True)
class Translated:
    """What becomes of a team's files.

    ``services`` and ``secrets`` as in the inventory, ``top`` the files' own networks and volumes, ``notes`` by service
    what a person should know: its class and why, and what is other than in the file. ``sources`` by service and path in
    the container where on the controller its files are. ``left_out`` by service the keys that become nothing,
    ``inactive`` the services that no active profile has.
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
    pretend: bool = False,
) -> Translated:
    """Return the description that is equivalent to a team's files, laid under what the inventory says.

    :param inventory: ``stack_services``. :param secrets: ``stack_secrets``.
    :param pretend: what only holds secrets need not be there; each is as if it were to be generated.
    :raises ValueError: with a sentence and a line for everything that is wrong.
    """
    complaints = project.complaints()
    said = service_annotations.notes_of(project.document.top, project.document.services, inventory)
    elsewhere = [name for name, given in said.items() if not isinstance(given, Mapping) or "kind" in given]
    checks.check(project, complaints, elsewhere)
    _check_name(project, stack_name, complaints)
    known = list(project.document.services)
    for name, given in said.items():
        if name not in known and isinstance(given, Mapping) and "kind" not in given:
            what = f"there is no such service in the files{suggestion(name, known)}; give it a 'kind' where it is new"
            complaints.add(None, f"service {name!r}", what)
    work = _Work(project, complaints, host_paths, dict(secrets), pretend)
    result: dict[str, Any] = {}
    for name in known:
        given = said.pop(name, {})
        if isinstance(given, Mapping) and "kind" not in given:
            result[name] = work.service(name, given)
        elif given is not None:
            result[name] = given
            work.notes[name] = ["is described in the inventory, in place of the file's"]
    complaints.raise_any()
    result.update({name: given for name, given in said.items() if given is not None})
    for service in result.values():
        _without(service, [name for name in known if name not in result])
    return Translated(result, work.secrets, work.top(), work.notes, work.sources, work.left_out, project.inactive)


def _without(service: Any, gone: list[str]) -> None:
    """Take services that the inventory leaves out from what a service needs."""
    if not isinstance(service, dict) or service.get("kind") != "compose":
        return
    service["needs"] = [need for need in service.get("needs", []) if need not in gone]
    for name in gone:
        service["compose"].get("depends_on", {}).pop(name, None)


def _check_name(project: Project, stack_name: str, complaints: Complaints) -> None:
    """Note that a project of another name has its data in other volumes."""
    name = project.name
    volumes = mapping(project.document.top.get("volumes"))
    named_here = [
        key for key, spec in volumes.items() if not (mapping(spec).get("name") or mapping(spec).get("external"))
    ]
    if name and name != stack_name and named_here:
        what = (
            f"the project is called {name!r} and the stack {stack_name!r}, so that the data in {name}_{named_here[0]} "
            f"would not be found; set stack_name: {name}, or give the volumes their 'name'"
        )
        complaints.add(mark_of(project.document.top, "name"), "key 'name'", what)


class _Work:
    """The translation under way: what services have in common, and the notes."""

    def __init__(
        self,
        project: Project,
        complaints: Complaints,
        host_paths: Collection[str],
        secrets: dict[str, Any],
        pretend: bool,
    ) -> None:
        self._pretend = pretend
        self._project = project
        self._document = project.document
        self._complaints = complaints
        self._contents = Contents(project.folder)
        self._mounts = mounts.Reader(self._contents, host_paths, complaints)
        self.secrets = secrets
        self.notes: dict[str, list[str]] = {}
        self.sources: dict[str, dict[str, str]] = {}
        self.left_out: dict[str, list[str]] = {}

    def service(self, name: str, said: Mapping[str, Any]) -> dict[str, Any]:
        """Return the description of one service of the files, with what is *said* of it laid over."""
        keys = self._document.services[name]
        read = self._project.stack.services[name]
        notes: list[str] = []
        if name in self._document.missing_env_files and not self._pretend:
            self._env_files(name, keys)
        told = services.told(keys, self._document.env_file_variables.get(name, Map()), self._document.variables, notes)
        hidden: dict[str, str] = {}
        services.hide(name, told, hidden)
        self.secrets.update(hidden)
        if self._pretend:
            self.secrets.update({one: {"generate": 32} for value in told.values() for one in secret_text.names(value)})
        given = services.translate(keys, read, told, self._project.folder)
        found = self._mounts.mounts(name, keys, service_annotations.targets(said.get("volumes")))
        files = mounts.configs(
            name,
            keys,
            mapping(self._document.top.get("configs")),
            self._document.variables,
            self._contents,
            self._complaints,
        )
        for key, value in (("volumes", found.volumes), ("files", {**found.files, **files.files})):
            if value:
                given[key] = value
        self.sources[name] = {**found.sources, **files.sources}
        self.left_out[name] = services.left_out(keys)
        if found.tmpfs:
            given["compose"]["tmpfs"] = [*given["compose"].get("tmpfs", []), *found.tmpfs]
        uses = self._secrets(name, keys)
        if uses:
            given["secrets"] = uses
            if "user" not in given and "user" not in said:
                notes.append(
                    "reads its secrets as root; where its image has another user, set 'user' to that one's uid"
                )
        services.misplaced_secrets(name, given, keys, self._complaints)
        service_class, why = update_strategies.classify(self._project.stack, read)
        given["class"] = service_class
        if read.base in known_software.PROXIES:
            given["proxy"] = update_strategies.program(read)
        whole = service_annotations.lay_over(given, said)
        reason = why if "class" not in said else "the inventory or x-slipway says so"
        placed = update_strategies.in_place(whole)
        self.notes[name] = [f"is {whole['class']}, because {reason}", *placed, *found.notes, *notes]
        if hidden:
            amount = "a secret" if len(hidden) == 1 else f"{len(hidden)} secrets"
            self.notes[name].append(f"gets {amount} in a file that only root reads")
        return whole

    def _env_files(self, name: str, keys: Map) -> None:
        for index, entry in enumerate(keys.get("env_file") or []):
            given = mapping(entry)
            path = given.get("path") if given else entry
            if given.get("required", True) is not False and not (self._project.folder / str(path)).is_file():
                mark = mark_of(keys["env_file"], index) or mark_of(keys, "env_file")
                what = f"{path} is not there; write it, or say 'required: false'"
                self._complaints.add(mark, of(name, "env_file"), what)

    def _secrets(self, name: str, keys: Map) -> list[dict[str, Any]]:
        declared = mapping(self._document.top.get("secrets"))
        result = []
        for item in keys.get("secrets") or []:
            use = mapping(item)
            key = str(use.get("source"))
            secret = key.lower().replace(".", "_")
            if key not in declared:
                continue
            spec = mapping(declared[key])
            if self._pretend:
                self.secrets[secret] = {"generate": 32}
            if secret not in self.secrets and not spec.get("external"):
                text = mounts.source_text(
                    f"key 'secrets.{key}'",
                    spec,
                    mark_of(declared, key),
                    self._document.variables,
                    self._contents,
                    self._complaints,
                )
                if text is None:
                    continue
                if secret_text.holds_secret(text):
                    # A variable whose value is a secret of the inventory.
                    [secret, *_] = secret_text.names(text)
                else:
                    self.secrets[secret] = text
            target = str(use.get("target") or key)
            result.append({"name": secret, "target": target if target.startswith("/") else f"/run/secrets/{target}"})
        return result

    def top(self) -> dict[str, dict[str, Any]]:
        """Return the files' own definitions of networks and volumes."""
        return {
            key: {
                name: services.escaped(spec) if isinstance(spec, Mapping) else {}
                for name, spec in mapping(self._document.top.get(key)).items()
            }
            for key in ("networks", "volumes")
        }

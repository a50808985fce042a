"""A repository as production: the overlay over its Compose files, the entries of the inventory, and what is decided.

Place in the pipeline: project, its last step. The controller makes the description of it, and the files.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.slipway.stack.plugins.plugin_utils.compose_files import locations
from ansible_collections.slipway.stack.plugins.plugin_utils.policy import processes
from ansible_collections.slipway.stack.plugins.plugin_utils.policy.stack import Service
from ansible_collections.slipway.stack.plugins.plugin_utils.project import (
    decisions,
    entrance,
    environments,
    image_names,
    migrations,
    overlay,
    production_values,
    safeguards,
    service_changes,
    switched_off,
)
from ansible_collections.slipway.stack.plugins.plugin_utils.project.collected_values import CollectedValues
from ansible_collections.slipway.stack.plugins.plugin_utils.project.decisions import Decision
from ansible_collections.slipway.stack.plugins.plugin_utils.project.entrance import Entrance
from ansible_collections.slipway.stack.plugins.plugin_utils.project.environments import Environments
from ansible_collections.slipway.stack.plugins.plugin_utils.project.overlay import Override
from ansible_collections.slipway.stack.plugins.plugin_utils.project.read_project import MARKER, ReadProject
from ansible_collections.slipway.stack.plugins.plugin_utils.project.service_changes import ServiceChanges


@dataclass
class Production:
    """``off``: services that do not run, with the reason. ``services``: entries of ``stack_services``, as written.

    ``changes``: of each service of the files that runs. ``images``: variables of the overlay with the template of an
    image. ``registry``: that of the images in the files, empty if none of them has one.
    """

    project: ReadProject
    values: CollectedValues
    profiles: list[str]
    off: dict[str, str] = field(default_factory=dict)
    services: dict[str, Any] = field(default_factory=dict)
    changes: dict[str, ServiceChanges] = field(default_factory=dict)
    images: dict[str, str] = field(default_factory=dict)
    entrance: Entrance = field(default_factory=Entrance)
    registry: str = ""

    def overlay(self) -> str:
        """Return the Compose file that changes those of the repository."""
        volumes = [name for one in self.changes.values() for name in one.volumes]
        return overlay.dump({name: one.keys for name, one in self.changes.items() if one.keys}, volumes)

    def decided(self) -> list[Decision]:
        """Return what a person has to decide about the services and their values."""
        return [*self.values.decided, *(one for changes in self.changes.values() for one in changes.decided)]


def of(project: ReadProject, profiles: list[str]) -> Production:
    """Return what runs in production, and how. :param profiles: those that the person chose."""
    named = {str(name) for one in project.plain.services.values() for name in one.items("profiles")}
    active = profiles or switched_off.production_profiles(named)
    off = {name: switched_off.reason(one, active) for name, one in project.plain.services.items()}
    running = {name: one for name, one in project.plain.services.items() if not off[name]}
    programs = environments.datastores(project, running)
    around = production_values.Surroundings(
        programs, environments.of_datastores(project, programs), environments.names(project, running)
    )
    result = Production(project, CollectedValues(around), active)
    result.off = {name: reason for name, reason in off.items() if reason}
    made = Environments(project, result.values, programs)
    result.changes = {name: ServiceChanges() for name in running}
    jobs = _migration_jobs(project, running)
    _set_entrance(result, running, jobs, made)
    for name in sorted(running, key=lambda one: one not in programs):
        if name not in result.off and name not in result.services:
            _change(result, made, running[name])
    _add_other_variables(result, running)
    _set_images(result, running, jobs)
    _set_releases(result, running, jobs)
    for name, one in running.items():
        service_changes.change_class(one, result.changes[name])
    # Neither what is switched off is changed, nor the proxy whose place the edge has.
    result.changes = {
        name: one for name, one in result.changes.items() if name not in result.off and name not in result.services
    }
    result.services.update({name: one.entry for name, one in result.changes.items() if one.entry})
    result.services.update(dict.fromkeys(result.off))
    return result


def _change(result: Production, made: Environments, service: Service) -> None:
    project, changes = result.project, result.changes[service.name]
    environment = made.of(service.name)
    service_changes.change_command(project, service, changes)
    service_changes.hide_secrets(project, service.name, made, environment, changes)
    service_changes.change_build(project, service.name, made, changes)
    service_changes.change_mounts(project, service, changes)
    port = service_changes.port_of(project, service)
    dockerfile = service_changes.dockerfile_of(project, service.name)
    safeguards.add(service, port, dockerfile, changes, project.plain.is_one_off(service))
    if environment:
        changes.keys["environment"] = Override(environment)
    if project.document.services[service.name].get("env_file"):
        changes.keys["env_file"] = Override(None)


def _add_other_variables(result: Production, running: Mapping[str, Service]) -> None:
    """Decide the variables of other keys than the environment, too; a secret there is refused."""
    marked, secrets = result.project.marked, (production_values.GENERATED, production_values.VAULT)
    parts = [marked.top, *(marked.services[name] for name in running if name not in result.off)]
    for text, _path, _mark in (found for part in parts for found in locations.texts(part)):
        for name in MARKER.findall(text):
            given = result.project.given.get(name)
            value, is_example = (given.text, given.is_example) if given else (None, False)
            if production_values.decide(name, value, is_example, result.values.around).kind not in secrets:
                result.values.reference(name, given)


def _migration_jobs(project: ReadProject, running: Mapping[str, Service]) -> dict[str, str]:
    """Return the one-off services that migrate, with the service that they do it for: one with the same image."""
    found = {}
    for name, one in running.items():
        context = service_changes.context_of(project, name)
        if not project.plain.is_one_off(one) or not migrations.migrates(project.tree, context or "", one.arguments):
            continue
        same = [
            other.name
            for other in running.values()
            if other.name != name
            and not project.plain.is_one_off(other)
            and image_names.same(project, name, other.name)
        ]
        servers = [other for other in same if running[other].process not in image_names.WORKERS]
        if same:
            found[name] = (servers or same)[0]
    return found


def _set_entrance(
    result: Production, running: Mapping[str, Service], jobs: Mapping[str, str], made: Environments
) -> None:
    project = result.project

    def label(name: str, key: str) -> str:
        text = made.references(_marked_label(project, name, key))
        for variable, template in result.values.templates.items():
            text = text.replace(f"${{{variable}}}", template)
        return text

    servers = {name: one for name, one in running.items() if name not in jobs and not project.plain.is_one_off(one)}
    found = entrance.of(servers, lambda name: service_changes.port_of(project, running[name]), label)
    result.entrance = found
    if found.replaced:
        result.off[found.replaced] = "is switched off: the edge is in its place"
    for name, service in running.items():
        changes = result.changes[name]
        if name != found.kept and service.ports:
            _close_ports(service, found, changes)
        if found.by_labels:
            _remove_labels(project, name, changes)
    if found.routes:
        edge: dict[str, Any] = {"kind": "nginx", "tls": {"source": "acme"}}
        edge |= {"domains": found.domains} if found.domains else {}
        name = found.replaced or ("edge" if "edge" not in project.plain.services else "slipway-edge")
        result.off.pop(name, None)
        result.services[name] = {**edge, "routes": found.routes}
        result.values.decided.append(_decision_on_tls(name))


def _decision_on_tls(edge: str) -> Decision:
    return Decision(
        decisions.STACK,
        # The line below that of `tls`.
        f"{edge}:/  source:",
        "the first deploy asks Let's Encrypt for the certificate, so the host name has to lead to the server by then; "
        "until it does, the server can have an authority of its own",
        "source: internal",
        required=False,
    )


def _marked_label(project: ReadProject, name: str, key: str) -> str:
    plain = list(project.plain.services[name].labels)
    labels: Any = project.marked.services[name].get("labels") or {}
    values = [str(value) for value in labels.values()]
    return values[plain.index(key)] if key in plain and len(values) == len(plain) else ""


def _close_ports(service: Service, found: Entrance, changes: ServiceChanges) -> None:
    """Publish no port that the edge or the proxy of the team has, or that only a developer uses."""
    kept = [one for one in service.ports if entrance.keeps_port(one.protocol, one.target)]
    if len(kept) == len(service.ports):
        return
    others = [f"{one.published}:{one.target}/{one.protocol}" for one in kept if one.published]
    changes.keys["ports"] = Override(others or None)
    ports = ", ".join(str(one.published) for one in service.ports if one not in kept and one.published)
    routed = any(route["to"] == service.name for route in found.routes)
    why = "the edge takes the requests" if routed else "only services of the stack reach it"
    changes.notes.append(f"does not publish the port {ports}: {why}" if ports else f"publishes no port: {why}")
    port = found.left.get(service.name)
    if port:
        changes.decided.append(
            Decision(
                decisions.STACK,
                "routes:",
                f"{service.name} published a port and has no route; if the public needs it, add this to the routes",
                f"- {{path: /{service.name}/, to: {service.name}, port: {port}}}",
                "",
                required=False,
            )
        )


def _remove_labels(project: ReadProject, name: str, changes: ServiceChanges) -> None:
    """Remove the labels for Traefik, and the network that it shared with the services."""
    labels: Any = project.document.services[name].get("labels") or {}
    kept = {str(key): str(value) for key, value in labels.items() if not str(key).lower().startswith("traefik.")}
    if len(kept) < len(labels):
        escaped = {key: value.replace("$", "$$") for key, value in kept.items()}
        changes.keys["labels"] = Override(escaped or None)
    networks: Any = project.document.services[name].get("networks") or {}
    top: Any = project.document.top.get("networks") or {}
    foreign = [key for key in networks if isinstance(top.get(key), Mapping) and top[key].get("external")]
    if foreign:
        changes.keys["networks"] = Override([key for key in networks if key not in foreign] or ["default"])
        changes.notes.append(f"does not join {', '.join(foreign)}: the network of a Traefik outside of this stack")


def _set_images(result: Production, running: Mapping[str, Service], jobs: Mapping[str, str]) -> None:
    """Give each image that is built here a name in a registry, with the version of the release."""
    result.registry = image_names.registry(result.project, running)
    for name, last in image_names.of(result.project, running, jobs).items():
        if name in result.changes:
            variable = f"SLIPWAY_IMAGE_{len(result.images)}"
            result.images[variable] = f"{{{{ app_registry }}}}/{last.lower()}:{{{{ app_version }}}}"
            result.changes[name].keys["image"] = f"${{{variable}}}"


def _set_releases(result: Production, running: Mapping[str, Service], jobs: Mapping[str, str]) -> None:
    """Make the migration a release job: of a one-off service, or of an application whose files tell how it migrates."""
    project = result.project
    has_migration: set[str] = {
        service_changes.context_of(project, name) or ""
        for name, one in result.changes.items()
        if "release" in one.entry
    }
    for job, name in jobs.items():
        context = service_changes.context_of(project, name) or ""
        entry = result.changes[name].entry
        entry["release"] = list(running[job].arguments)
        known = migrations.of_context(project.tree, context)
        if known and known.check:
            entry["release_check"] = known.check
        result.off[job] = f"is switched off: its command is the release job of {name}, once for each deploy"
        result.changes[name].notes.append(f"the release job is the command of {job} ({project.place(job)})")
        has_migration.add(context)
    for name, one in running.items():
        known_context = service_changes.context_of(project, name)
        is_server = name not in result.off and not project.plain.is_one_off(one) and one.process != processes.WORKER
        if known_context is None or known_context in has_migration or not is_server:
            continue
        found = migrations.of_context(project.tree, known_context)
        if found and not any(
            migrations.migrates(project.tree, known_context, other.arguments) for other in running.values()
        ):
            entry = result.changes[name].entry
            entry["release"] = found.command
            entry |= {"release_check": found.check} if found.check else {}
            result.changes[name].notes.append(f"the release job migrates, because {found.found}")
            has_migration.add(known_context)

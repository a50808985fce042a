"""What changes in one service of the Compose files on its way to production: image, mounts, commands, checks.

Place in the pipeline: project. Pure but for the texts of Dockerfiles and scripts that it reads through the tree. Each
change has a note, which becomes a comment in the inventory.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.slipway.stack.plugins.plugin_utils.policy.stack import Service
from ansible_collections.slipway.stack.plugins.plugin_utils.project import (
    decisions,
    dockerfiles,
    left_out_mounts,
    migrations,
    read_project,
)
from ansible_collections.slipway.stack.plugins.plugin_utils.project.decisions import Decision
from ansible_collections.slipway.stack.plugins.plugin_utils.project.dockerfiles import Dockerfile
from ansible_collections.slipway.stack.plugins.plugin_utils.project.environments import Environments
from ansible_collections.slipway.stack.plugins.plugin_utils.project.overlay import Override
from ansible_collections.slipway.stack.plugins.plugin_utils.project.read_project import MARKER, ReadProject

_DEVELOPMENT_STAGES = frozenset({"dev", "development", "develop", "local", "debug", "builder-dev"})
_PRODUCTION_STAGES = ("production", "prod", "runtime", "runner", "final", "release")
_RELOAD = re.compile(r"\s--(?:reload(?:-dir[= ]\S+)?|watch)(?=\s|$)")
#: What a database is asked without its password on the command line, which everybody on the server could read.
QUESTIONS = {
    "mysql": ["CMD", "mysqladmin", "ping", "-h", "127.0.0.1"],
    "mariadb": ["CMD", "healthcheck.sh", "--connect", "--innodb_initialized"],
    "redis": ["CMD", "redis-cli", "ping"],
}


@dataclass
class ServiceChanges:
    """``keys``: for the overlay. ``entry``: for ``stack_services``. ``volumes``: named volumes that it adds."""

    keys: dict[str, Any] = field(default_factory=dict)
    entry: dict[str, Any] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    volumes: list[str] = field(default_factory=list)
    decided: list[Decision] = field(default_factory=list)


def context_of(project: ReadProject, service: str) -> str | None:
    """Return the build context of a service in the repository, ``None`` if it is not built from there."""
    build = project.document.services[service].get("build")
    if not isinstance(build, Mapping) or build.get("dockerfile_inline") or "://" in str(build.get("context") or "."):
        return None
    return read_project.plain_path(project, str(build.get("context") or "."))


def dockerfile_of(project: ReadProject, service: str) -> Dockerfile:
    """Return what the Dockerfile of a service says; nothing if it has none that is read."""
    context = context_of(project, service)
    if context is None:
        return Dockerfile()
    name = str(project.document.services[service]["build"].get("dockerfile") or "Dockerfile")
    path = project.tree.inside(project.tree.root / context / name)
    return dockerfiles.read(project.tree.text(path or ""))


def port_of(project: ReadProject, service: Service) -> int | None:
    """Return the port that a service listens on, as far as somebody says it."""
    exposed = [str(port) for port in service.items("expose")]
    written = next((int(port) for port in exposed if port.isdecimal()), None)
    published = next((one.target for one in service.ports if one.target), None) if service.is_proxy else None
    return written or published or dockerfiles.port(service.command, dockerfile_of(project, service.name))


def _written_target(project: ReadProject, service: str) -> str:
    """Return the stage that the files build with the values of the repository, empty if they name none."""
    build: Any = project.document.services[service].get("build")
    return str(build.get("target") or "") if isinstance(build, Mapping) else ""


def target_of(project: ReadProject, service: str) -> str:
    """Return the stage of its Dockerfile that is built for production, empty for a last stage without a name."""
    dockerfile = dockerfile_of(project, service)
    target = _written_target(project, service)
    production = next((name for name in _PRODUCTION_STAGES if name in dockerfile.stages), "")
    return production if target.lower() in _DEVELOPMENT_STAGES and production else target or dockerfile.last


def _has_target(project: ReadProject, context: str | None) -> bool:
    """Return whether a service that is built from *context* says which stage."""
    return any(
        _written_target(project, name) for name in project.document.services if context_of(project, name) == context
    )


def change_build(project: ReadProject, service: str, environments: Environments, changes: ServiceChanges) -> None:
    """Build the stage for production, with arguments for production."""
    build = project.marked.services[service].get("build")
    if not isinstance(build, Mapping):
        return
    target, production = _written_target(project, service), target_of(project, service)
    # Services with one image are built in one way.
    if production != target and (target or _has_target(project, context_of(project, service))):
        changes.keys.setdefault("build", {})["target"] = production
    if target and production != target:
        changes.notes.append(f"is built as {production}; the files build the stage {target}")
    arguments = build.get("args") or {}
    for name, value in arguments.items():
        if value is None or isinstance(value, bool):
            continue
        found = environments.text_of_argument(service, str(name), str(value), project.place(service, "build"))
        changes.keys.setdefault("build", {}).setdefault("args", {})[str(name)] = found
        if value != "" and not found:
            changes.notes.append(
                f"the build argument {name} is empty: an image keeps its arguments, so it is no secret"
            )


def change_mounts(project: ReadProject, service: Service, changes: ServiceChanges) -> None:
    """Leave out the mounts of a development machine; data gets a named volume."""
    written: Any = project.document.services[service.name].get("volumes") or []
    context = context_of(project, service.name)
    kept, is_changed = [], False
    for index, mount in enumerate(written):
        if not isinstance(mount, Mapping):
            continue
        sort = left_out_mounts.sort_of(project.tree, project.folder, mount, context, service.is_datastore)
        source, target = str(mount.get("source") or ""), str(mount.get("target") or "")
        if sort == left_out_mounts.KEPT:
            kept.append({key: value for key, value in mount.items() if key != "short"})
            continue
        is_changed = True
        where = project.place(service.name, "volumes", index)
        if sort == left_out_mounts.DATA:
            name = left_out_mounts.volume_name(service.name, mount)
            changes.volumes.append(name)
            kept.append({"type": "volume", "source": name, "target": target})
            changes.notes.append(
                f"the directory {source} ({where}) is the named volume {name} here, because the service writes to it; "
                "files that are in it today have to be copied once"
            )
        elif sort == left_out_mounts.HOST:
            _leave_out_of_host(service.name, mount, where, changes)
        else:
            reason = {
                left_out_mounts.SOURCES: f"the mount of {source} is left out: the image has the sources",
                left_out_mounts.CLOCK: f"the mount of {source} is left out: set TZ for another time than UTC",
                left_out_mounts.ANONYMOUS: f"the volume for {target} is left out: it kept the mounted sources apart",
            }[sort]
            changes.notes.append(f"{reason} ({where})")
    if is_changed:
        changes.keys["volumes"] = Override(kept or None)


def change_class(service: Service, changes: ServiceChanges) -> None:
    """Replace an application that writes to a volume after its release job: what is stateful is replaced before."""
    has_volume = bool(changes.volumes) or any(one.type == "volume" and one.source for one in service.mounts)
    is_said = "class" in service.mapping("x-slipway")
    if "release" in changes.entry and has_volume and not service.is_datastore and not is_said:
        changes.entry["class"] = "singleton"
        changes.notes.append("is replaced with a gap, because it writes to a volume; rolling if two may write at once")


def _leave_out_of_host(service: str, mount: Mapping[str, Any], where: str, changes: ServiceChanges) -> None:
    source, target = str(mount.get("source") or ""), str(mount.get("target") or "")
    suffix = ":ro" if str(mount.get("read_only")).lower() == "true" else ""
    changes.notes.append(f"the mount of {source} is left out: it is a path of the machine ({where})")
    changes.decided.append(
        Decision(
            decisions.STACK,
            f"{service}:",
            f"{service} mounted {source} of the machine, which is left out; if the server has it, add this",
            f"volumes: ['{source}:{target}{suffix}']",
            where,
            required=False,
        )
    )


def change_command(project: ReadProject, service: Service, changes: ServiceChanges) -> None:
    """Take the migration and the reload of a development machine out of a command."""
    command: Any = project.marked.services[service.name].get("command")
    words = [str(word) for word in command] if isinstance(command, list) else _split(str(command or ""))
    if not words:
        return
    where = project.place(service.name, "command")
    parts = migrations.split(words)
    if parts:
        before, rest = parts
        changes.entry["release"] = before if "&&" not in before else ["sh", "-c", before]
        words = ["sh", "-c", rest if rest.startswith("exec ") or "&&" in rest else f"exec {rest}"]
        changes.notes.append(f"the migration of the command is the release job: it runs once for each deploy ({where})")
    text = " ".join(words) if parts is None else words[2]
    without = _RELOAD.sub("", text)
    if without != text:
        words = shlex.split(without) if parts is None and not isinstance(command, list) else _without_reload(words)
        changes.notes.append(f"the reload for development is left out of the command ({where})")
    if parts or without != text:
        changes.keys["command"] = Override(words)


def _without_reload(words: list[str]) -> list[str]:
    if len(words) == 3 and words[1] == "-c":
        return [*words[:2], _RELOAD.sub("", words[2])]
    return [word for word in words if not _RELOAD.fullmatch(f" {word}")]


def _split(text: str) -> list[str]:
    try:
        return shlex.split(text)
    except ValueError:
        return []


def hide_secrets(
    project: ReadProject, service: str, environments: Environments, environment: dict[str, str], changes: ServiceChanges
) -> None:
    """Let a command and a health check read a secret from the environment of the container, not from the files."""
    keys = project.marked.services[service]
    test = (keys.get("healthcheck") or {}).get("test") if isinstance(keys.get("healthcheck"), Mapping) else None
    if isinstance(test, list) and len(test) > 1 and (found := _hidden(test[1:], environments, environment)):
        shell = found[0] if test[0] == "CMD-SHELL" else " ".join(found)
        program = environments.programs.get(service, "")
        changes.keys["healthcheck"] = {"test": Override(QUESTIONS.get(program) or ["CMD-SHELL", shell])}
        changes.notes.append("the health check has no secret on its command line any more")
    command = keys.get("command")
    words = [str(word) for word in command] if isinstance(command, list) else _split(str(command or ""))
    is_shell = len(words) == 3 and words[1] in ("-c", "-ec", "-lc")
    if "command" not in changes.keys and (
        found := _hidden(words[2:] if is_shell else words, environments, environment)
    ):
        start = words[:2] if is_shell else ["sh", "-c"]
        script = found[0] if is_shell else _of_redis(found) or f"exec {' '.join(found)}"
        changes.keys["command"] = Override([*start, script])
        changes.notes.append("the command reads the secret from the environment of the container")


def _of_redis(words: list[str]) -> str:
    """Return the script that starts a Redis with its passwords in a configuration, not in the process list.

    Empty if *words* start something else, or have a configuration file, which takes the place of this one.
    """
    if words[0].rpartition("/")[2] not in ("redis-server", "valkey-server"):
        return ""
    settings, options = [], []
    rest = iter(words[1:])
    for word in rest:
        if word in ("--requirepass", "--masterauth"):
            settings.append(f"{word[2:]} {next(rest, '')}")
        else:
            options.append(word)
    if not settings or (options and not options[0].startswith("-")):
        return ""
    return "\n".join([f"exec {' '.join([words[0], '-', *options])} <<CONFIGURATION", *settings, "CONFIGURATION"])


def _hidden(words: list[Any], environments: Environments, environment: dict[str, str]) -> list[str]:
    """Return words with a variable of the shell for each secret; none if there is no secret among them."""
    result, has_secret = [], False
    for word in map(str, words):
        parts, position = [], 0
        quote = len(words) > 1
        for match in MARKER.finditer(word):
            reference = environments.references(match[0])
            name = environments.values.name_of_secret(reference)
            own = next((key for key, text in environment.items() if text == reference), match[1]) if name else ""
            before = word[position : match.start()]
            parts.append((shlex.quote(before) if quote and before else before).replace("$", "$$"))
            if name:
                environment.setdefault(own, reference)
                has_secret = True
            parts.append((f'"$${own}"' if quote else f"$${own}") if name else reference)
            position = match.end()
        rest = word[position:]
        parts.append((shlex.quote(rest) if quote and (rest or not parts) else rest).replace("$", "$$"))
        result.append("".join(parts))
    return result if has_secret else []

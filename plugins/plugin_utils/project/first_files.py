"""The files of a first inventory as text, and the line of each decision in them.

Place in the pipeline: project. Pure.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from ansible_collections.slipway.stack.plugins.plugin_utils.compose_files import inventory_file
from ansible_collections.slipway.stack.plugins.plugin_utils.compose_files.adopt import AdoptedDescription
from ansible_collections.slipway.stack.plugins.plugin_utils.project import collected_values, decisions
from ansible_collections.slipway.stack.plugins.plugin_utils.project.decisions import Decision, Setting
from ansible_collections.slipway.stack.plugins.plugin_utils.project.production import Production

_STACK = """\
The stack {name} as {files} describes it for production, written by playbooks/init.yml. The files are not needed for a \
deploy any more. You can edit everything here. Keys: docs/services.md.
"""
_ENVIRONMENT = """\
What differs in {environment}, written by playbooks/init.yml. A value with undef stops a deploy until you write yours.
"""
_VAULT = """\
Secrets that others have issued, written by playbooks/init.yml. No value of the repository is here. \
Replace each undef by the value of {environment}, encrypted: ansible-vault encrypt_string \
--name NAME. Until then a deploy stops here.
"""
_SECRETS = """\
The server makes each secret with 'generate' once, and keeps it. No value of the repository is used. If data \
that is there already needs a password, write "{{ vault_NAME }}" in its place, and put the value into a vault.
"""


@dataclass(frozen=True)
class Chosen:
    """What the person said: the address of the server, the domain, the registry, the e-mail address; empty if not."""

    name: str
    environment: str
    host: str = ""
    domain: str = ""
    registry: str = ""
    email: str = ""


def files(chosen: Chosen, production: Production, adopted: AdoptedDescription) -> dict[str, str]:
    """Return the texts of the inventory by path."""
    stack = _stack(chosen, production, adopted)
    settings = collected_values.used_only(production.values.settings, stack)
    result = {
        decisions.HOSTS: _hosts(chosen),
        decisions.ENVIRONMENT: _environment(chosen, production, settings, stack),
        decisions.STACK: stack,
    }
    used = {name: text for name, text in production.values.vault.items() if name in stack}
    if used:
        result[decisions.VAULT] = _vault(chosen, used)
    return result


def located(found: Sequence[Decision], texts: Mapping[str, str]) -> list[tuple[Decision, int]]:
    """Return the decisions that the texts have a line for, each with its line, in the order of the files."""
    order = list(texts)
    pairs = [(one, _line(texts.get(one.file, ""), one.anchor)) for one in dict.fromkeys(found)]
    kept = [(one, line) for one, line in pairs if line]
    return sorted(kept, key=lambda pair: (not pair[0].required, order.index(pair[0].file), pair[1]))


def of_person(chosen: Chosen, production: Production, texts: Mapping[str, str]) -> list[Decision]:
    """Return the decisions that every project has, and that the person has not made yet."""
    host = _host(chosen)
    example = f"{host}: {{ansible_host: 203.0.113.10, ansible_user: deploy}}"
    result = []
    if not chosen.host:
        result.append(Decision(decisions.HOSTS, f"{host}:", "the address of the server, and your user there", example))
    settings = {
        "stack_domain": (
            chosen.domain,
            "the host name of the application, which leads to the server",
            "app.example.com",
        ),
        "certificates_email": (chosen.email, "the address for messages about the certificate", "ops@example.com"),
        "app_registry": (
            chosen.registry or production.registry,
            "the registry of your images; playbooks/images.yml pushes them there",
            f"registry.example.com/{chosen.name}",
        ),
    }
    environment = texts[decisions.ENVIRONMENT]
    for name, (value, what, write) in settings.items():
        if not value and f"\n{name}:" in environment:
            result.append(Decision(decisions.ENVIRONMENT, f"{name}:", what, f"{name}: {write}"))
    return result


def _host(chosen: Chosen) -> str:
    return f"{chosen.name}-1" if chosen.name[-1:].isdigit() else f"{chosen.name}1"


def _hosts(chosen: Chosen) -> str:
    address = chosen.host or ""
    user, _at, name = address.rpartition("@")
    value = json.dumps(name) if name else decisions.undecided("write the address of the server in hosts.yml")
    keys = f"ansible_host: {value}" + (f", ansible_user: {json.dumps(user)}" if user else "")
    return f"---\nstack:\n  hosts:\n    {_host(chosen)}: {{{keys}}}\n"


def _environment(chosen: Chosen, production: Production, settings: Mapping[str, Setting], stack: str) -> str:
    lines = [*inventory_file.comment(_ENVIRONMENT.format(environment=chosen.environment)), "---"]
    lines.append(f"stack_environment: {chosen.environment}")
    registry = chosen.registry or production.registry
    has_edge = bool(production.entrance.routes)
    asked = {
        "stack_domain": (chosen.domain, has_edge or "stack_domain" in "".join([stack, *map(str, settings.values())])),
        "certificates_email": (chosen.email, has_edge),
        "app_registry": (registry, "app_registry" in stack),
    }
    for name, (value, is_used) in asked.items():
        if is_used:
            text = json.dumps(value) if value else decisions.undecided(f"write {name} in environment.yml")
            lines.append(f"{name}: {text}")
    for name, setting in settings.items():
        lines += [*inventory_file.comment(setting.comment), f"{name}: {setting.value}"]
    return "\n".join(lines) + "\n"


def _vault(chosen: Chosen, used: Mapping[str, str]) -> str:
    lines = [*inventory_file.comment(_VAULT.format(environment=chosen.environment)), "---"]
    for name, text in used.items():
        lines += [*inventory_file.comment(f"{text}."), f"{name}: {decisions.undecided(f'write {name} in vault.yml')}"]
    return "\n".join(lines) + "\n"


def _stack(chosen: Chosen, production: Production, adopted: AdoptedDescription) -> str:
    project = production.project
    lines = inventory_file.comment(_STACK.format(name=chosen.name, files=" and ".join(project.chosen.files)))
    if project.chosen.others:
        lines += inventory_file.comment(
            f"Not read, because they are not for production: {', '.join(project.chosen.others)}."
        )
    lines += ["---", "app_version: \"{{ undef(hint='say which version, such as -e app_version=1.4.2') }}\""]
    lines += [f"stack_name: {chosen.name}", 'stack_version: "{{ app_version }}"']
    return "\n".join([*lines, *inventory_file.variables(_with_notes(production, adopted), _SECRETS)]) + "\n"


def _with_notes(production: Production, adopted: AdoptedDescription) -> AdoptedDescription:
    """Return the description with a comment for each change on the way to production."""
    notes = {name: list(lines) for name, lines in adopted.notes.items()}
    for name, changes in production.changes.items():
        notes[name] = [*notes.get(name, []), *changes.notes]
    notes.update({name: [reason] for name, reason in production.off.items()})
    found = production.entrance
    for name, entry in production.services.items():
        if isinstance(entry, Mapping) and "routes" in entry:
            told = "the labels for Traefik" if found.by_labels else "names and ports of the services"
            instead = f" in place of {found.replaced}" if found.replaced else ""
            notes[name] = [
                f"is the edge{instead}: the only service that the public reaches. Its routes are those of {told}"
            ]
    if found.kept:
        notes.setdefault(found.kept, []).append(
            "stays the proxy in front, and is replaced in place; an edge of this collection loses no request "
            "(docs/compose_files.md#the-proxy-in-front)"
        )
    order = [*(name for name in adopted.services if adopted.services[name] is not None)]
    order += [name for name in adopted.services if adopted.services[name] is None]
    return replace(adopted, notes=notes, services={name: adopted.services[name] for name in order})


def _line(text: str, anchor: str) -> int:
    """Return the number of the line that begins with *anchor*, 0 if there is none.

    ``db:/memory:`` is the line ``memory:`` of the service ``db``.
    """
    lines = text.splitlines()
    first, _slash, second = anchor.partition("/")
    found = next((number for number, line in enumerate(lines, 1) if line.startswith((f"  {first}", first))), 0)
    found = found or next((number for number, line in enumerate(lines, 1) if line.strip().startswith(first)), 0)
    inner = (number for number, line in enumerate(lines, 1) if number > found and line.startswith(f"    {second}"))
    return next(inner, found) if second and found else found

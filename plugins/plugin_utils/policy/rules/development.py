"""Development: no setting, server or tool for development is deployed."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ..known_software import DEVELOPMENT_TOOLS
from ..rule_registry import Problem, service_rule
from ..stack import Service, Stack

_REFERENCE = "Docker documentation, Compose in production"
_FIX = "Set it only in a development file, such as compose.override.yaml."
_DEBUG_SWITCHES = re.compile(
    r"(?:[A-Z0-9]+_)*DEBUG|(?:[A-Z0-9]+_)*DEBUG_MODE|PYTHONASYNCIODEBUG|WERKZEUG_DEBUG_PIN", re.IGNORECASE
)
_ENVIRONMENT_NAMES = re.compile(
    r"(?:NODE|RAILS|RACK|FLASK|APP|SYMFONY|GO|GIN|DJANGO|ASPNETCORE|DOTNET|MIX|HASURA_GRAPHQL|VITE)_?(?:ENV|ENVIRONMENT|MODE)"
    r"|ENV|ENVIRONMENT",
    re.IGNORECASE,
)
_DEVELOPMENT_VALUES = frozenset({"development", "dev", "local", "debug"})
_DEVELOPMENT_SERVERS = re.compile(
    r"--reload\b(?!-)|--debug\b(?![-=]?(?:false|0))|\bmanage\.py\s+runserver\b|\bflask\b.*\srun\b|\bnodemon\b"
    r"|\b(?:npm|pnpm|yarn|bun)\s+(?:run\s+)?(?:dev|start:dev|develop|serve|watch)\b|\b(?:next|nuxt|astro|nuxi)\s+dev\b"
    r"|\bng\s+serve\b|(?:^|\s|/)vite(?:\s+(?!build|preview)|$)|\bts-node-dev\b|\btsx\s+watch\b|\bwebpack(?:-dev-server|\s+serve)\b"
    r"|\bwatchmedo\b|\bstart-dev\b|\bdebugpy\b|--inspect\b|\bfastapi\s+dev\b|\bphp\s+artisan\s+serve\b|\bdotnet\s+watch\b"
    r"|\brails\s+s(?:erver)?\b.*-e\s+development|(?:^|\s)air(?:\s|$)|\bphp\s+-S\b|\bwatchfiles\b"
)


@service_rule(
    "--ee",
    id="SLP110",
    title="Debugging is off",
    reason="A debug page shows settings, source code and secrets to everybody who causes an error. Some debug pages "
    "run code.",
    fix=_FIX,
    reference=_REFERENCE,
)
def debug(service: Service, stack: Stack) -> Iterator[Problem]:
    """Find debug switches that are on, and variables that name a development environment."""
    for name, value in service.variables.items():
        text = value.strip().lower()
        switched_on = _DEBUG_SWITCHES.fullmatch(name) and text in ("1", "true", "yes", "on", "*", "t", "y")
        if switched_on or (_ENVIRONMENT_NAMES.fullmatch(name) and text in _DEVELOPMENT_VALUES):
            yield f"runs with {name}={value}", ("environment", name)


@service_rule(
    "--ee",
    id="SLP111",
    title="No development server is deployed",
    reason="A development server watches files and serves few requests at a time. Its own documentation warns against "
    "use in production.",
    fix="Start the production server: `uvicorn` without `--reload`, gunicorn, or a built frontend behind nginx.",
    reference=_REFERENCE,
)
def development_server(service: Service, stack: Stack) -> Iterator[Problem]:
    """Find commands that start a development server, a reloader or a debugger."""
    match = _DEVELOPMENT_SERVERS.search(service.command)
    if match:
        key = "command" if service.keys.get("command") else "entrypoint"
        yield f"starts a development server: {match[0].strip()}", (key,)


@service_rule(
    "--ww",
    id="SLP112",
    title="No source code is watched",
    reason="`develop.watch` replaces files in a running container each time that somebody saves a file.",
    fix=_FIX,
    reference="Compose specification, develop",
)
def watched(service: Service, stack: Stack) -> Iterator[Problem]:
    """Find `develop.watch`."""
    if service.mapping("develop").get("watch"):
        yield "is watched for changes of its source code", ("develop", "watch")


@service_rule(
    "--ii",
    id="SLP113",
    title="No service has an interactive terminal",
    reason="`stdin_open` and `tty` are for interactive shells. With them, logs have colour codes and line ends that "
    "make them hard to search.",
    fix="Remove `stdin_open` and `tty`.",
    reference="Compose specification, services, stdin_open and tty",
)
def terminal(service: Service, stack: Stack) -> Iterator[Problem]:
    """Find `stdin_open` and `tty`."""
    for key in ("stdin_open", "tty"):
        if service.keys.get(key) is True:
            yield f"has {key}", (key,)


@service_rule(
    "--ww",
    id="SLP114",
    title="No development tool is deployed",
    reason="A database interface gives access to all data and is seldom updated. A mail catcher keeps mail that should "
    "reach users.",
    fix="Move it to a development file, or give it a profile that is not active here.",
    reference=_REFERENCE,
)
def tool(service: Service, stack: Stack) -> Iterator[Problem]:
    """Find database interfaces, mail catchers and cloud emulators that start with the stack."""
    if service.base in DEVELOPMENT_TOOLS and not service.items("profiles"):
        yield f"is {service.base}, a development tool", ("image",)

"""What belongs to development and was left over."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ..registry import Problem, service_rule
from ..stack import Service, Stack
from ..vocabulary import DEVELOPMENT_TOOLS

_REFERENCE = "Docker documentation, Compose in production"
_FIX = "Set it in a file for development only, such as compose.override.yaml."
_SWITCHES = re.compile(
    r"(?:[A-Z0-9]+_)*DEBUG|(?:[A-Z0-9]+_)*DEBUG_MODE|PYTHONASYNCIODEBUG|WERKZEUG_DEBUG_PIN", re.IGNORECASE
)
_ENVIRONMENTS = re.compile(
    r"(?:NODE|RAILS|RACK|FLASK|APP|SYMFONY|GO|GIN|DJANGO|ASPNETCORE|DOTNET|MIX|HASURA_GRAPHQL|VITE)_?(?:ENV|ENVIRONMENT|MODE)"
    r"|ENV|ENVIRONMENT",
    re.IGNORECASE,
)
_DEVELOPMENT = frozenset({"development", "dev", "local", "debug"})
_SERVERS = re.compile(
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
    reason="A debug page shows settings, source and secrets to whoever provokes an error, and some run code.",
    fix=_FIX,
    reference=_REFERENCE,
)
def debug(service: Service, stack: Stack) -> Iterator[Problem]:
    """Find switches for debugging that are on, and environments named for development."""
    for name, value in service.told.items():
        text = value.strip().lower()
        switched_on = _SWITCHES.fullmatch(name) and text in ("1", "true", "yes", "on", "*", "t", "y")
        if switched_on or (_ENVIRONMENTS.fullmatch(name) and text in _DEVELOPMENT):
            yield f"runs with {name}={value}", ("environment", name)


@service_rule(
    "--ee",
    id="SLP111",
    title="No development server is deployed",
    reason="It watches files, serves one request at a time, and says in its own documentation not to be used so.",
    fix="Start the production server: `uvicorn` without `--reload`, gunicorn, a built frontend behind nginx.",
    reference=_REFERENCE,
)
def development_server(service: Service, stack: Stack) -> Iterator[Problem]:
    """Find commands that start a development server, a reloader or a debugger."""
    match = _SERVERS.search(service.command)
    if match:
        key = "command" if service.keys.get("command") else "entrypoint"
        yield f"starts a development server: {match[0].strip()}", (key,)


@service_rule(
    "--ww",
    id="SLP112",
    title="Nothing is watched",
    reason="`develop.watch` replaces files in running containers whenever somebody saves one.",
    fix=_FIX,
    reference="Compose specification, develop",
)
def watched(service: Service, stack: Stack) -> Iterator[Problem]:
    """Find `develop.watch`."""
    if service.mapping("develop").get("watch"):
        yield "is watched for changes of its source", ("develop", "watch")


@service_rule(
    "--ii",
    id="SLP113",
    title="No service waits for somebody at a terminal",
    reason="`stdin_open` and `tty` are there to attach a shell; logs get colours and line ends that nobody can search.",
    fix="Remove them.",
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
    title="No tool for development is deployed",
    reason="An interface to the database or a mail catcher is a way in that nobody updates, and mail that nobody gets.",
    fix="Move it to a file for development, or under a profile that is not active here.",
    reference=_REFERENCE,
)
def tool(service: Service, stack: Stack) -> Iterator[Problem]:
    """Find database interfaces, mail catchers and stand-ins for clouds that start with the stack."""
    if service.base in DEVELOPMENT_TOOLS and not service.items("profiles"):
        yield f"is {service.base}, a tool for development", ("image",)

"""Stopping: the grace period is long enough, and the stop signal reaches the program."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ...compose_reader.units import decimal, seconds
from .. import processes
from ..known_datastores import DATABASES
from ..rule_registry import Problem, service_rule
from ..stack import MAX_SCANNED, Service, Stack

_REFERENCE = "Compose specification, services, stop_grace_period"
#: The default of Docker, in seconds.
_DEFAULT_GRACE = 10.0
#: Options that set how long a task or a stop can take.
_TIME_OPTIONS = re.compile(
    r"(?<!-)--(?P<name>time-limit|soft-time-limit|graceful-timeout|timeout-graceful-shutdown|shutdown-timeout|job-timeout"
    r"|drain-timeout)[=\s]+(?P<seconds>\d{1,6})(?:\.\d+)?s?\b"
)
_PHP_CONSUMER = re.compile(r"\bmessenger:consume\b|\bbin/console\b|\benqueue:consume\b|\brabbitmq:\S*consumer\b")
#: Variables that set how long a task or a stop can take.
_TIME_VARIABLES = re.compile(
    r"(?:CELERY_?(?:D_)?)?TASK_(?:SOFT_)?TIME_LIMIT|CELERYD_TASK_(?:SOFT_)?TIME_LIMIT|GRACEFUL_TIMEOUT|WORKER_TIMEOUT_SECONDS"
    r"|JOB_TIMEOUT"
)
_SHELL = re.compile(r"(?:/(?:usr/)?bin/)?(?:ba|da|a|z)?sh")


def _grace(service: Service) -> float:
    grace = seconds(service.keys.get("stop_grace_period"))
    return _DEFAULT_GRACE if grace is None else grace


@service_rule(
    "iiww",
    id="SLP120",
    title="The grace period is longer than the longest task",
    reason="After the grace period Docker sends SIGKILL. Every deploy then interrupts tasks that take longer.",
    fix="Set `stop_grace_period` to more than the time limit of the tasks.",
    reference=_REFERENCE,
)
def too_short(service: Service, stack: Stack) -> Iterator[Problem]:
    """Find time limits of tasks and of graceful stops that are above the grace period."""
    grace = _grace(service)
    # Consumers of PHP end by themselves after their time limit, between two tasks.
    command = "" if _PHP_CONSUMER.search(service.command) else service.command
    limits = [(match["name"], float(match["seconds"])) for match in _TIME_OPTIONS.finditer(command)]
    for name, value in service.variables.items():
        limit = decimal(value)
        if limit is not None and _TIME_VARIABLES.fullmatch(name):
            limits.append((name, limit))
    if limits and not stack.is_one_off(service):
        name, longest = max(limits, key=lambda limit: limit[1])
        if longest > grace:
            path = "stop_grace_period" if "stop_grace_period" in service.keys else "command"
            yield f"is killed after {grace:g} s, but {name} allows {longest:g} s", (path,)


@service_rule(
    "--ww",
    id="SLP121",
    title="Workers and databases set a grace period",
    reason="Docker kills a container after 10 s. A task often needs longer, and a database that is killed must recover "
    "at its next start.",
    fix="Set `stop_grace_period`: 60s for a database, more than the longest task for a worker.",
    reference=_REFERENCE,
)
def default_grace_period(service: Service, stack: Stack) -> Iterator[Problem]:
    """Find workers and databases without `stop_grace_period`."""
    if "stop_grace_period" in service.keys or stack.is_one_off(service):
        return
    if service.datastore in DATABASES:
        yield "is a database and is killed after 10 s", ("stop_grace_period",)
    elif processes.of_command(service.arguments) == processes.WORKER:
        yield "is a worker and is killed after 10 s", ("stop_grace_period",)


@service_rule(
    "--iw",
    id="SLP122",
    title="The stop signal reaches the program",
    reason="A shell does not pass SIGTERM on to the program that it started. The program continues until it is killed.",
    fix='Write `exec` before the last command: `sh -c "migrate && exec server"`. Or run the first part in a service of '
    "its own.",
    reference="Docker documentation, Dockerfile reference, ENTRYPOINT",
)
def signal_not_passed_on(service: Service, stack: Stack) -> Iterator[Problem]:
    """Find `sh -c` with several commands and no exec, and SIGKILL as the stop signal."""
    if service.text("stop_signal").upper() in ("SIGKILL", "KILL", "9"):
        yield "is stopped with SIGKILL", ("stop_signal",)
    arguments = service.arguments
    for index, argument in enumerate(arguments[:-2]):
        if _SHELL.fullmatch(argument) and re.fullmatch(r"-[a-z]*c", arguments[index + 1]):
            script = arguments[index + 2].strip()[:MAX_SCANNED]
            several = re.search(r"&&|;|\|\||\n", script.rstrip("; \n"))
            if several and not re.search(r"(?:^|[\s;&|])(?:exec|trap)\s", script) and not stack.is_one_off(service):
                yield (
                    "is started by a shell that does not pass SIGTERM on",
                    ("command" if service.keys.get("command") else "entrypoint",),
                )
            return

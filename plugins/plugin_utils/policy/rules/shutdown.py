"""The way down: time to finish, and a signal that arrives."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ..quantities import amount, seconds
from ..registry import Problem, service_rule
from ..stack import LONGEST, Service, Stack
from ..vocabulary import DATABASES, WORKERS

_REFERENCE = "Compose specification, services, stop_grace_period"
#: What Docker gives where nothing is said, in seconds.
_DEFAULT = 10.0
_LIMITS = re.compile(
    r"(?<!-)--(?P<name>time-limit|soft-time-limit|graceful-timeout|timeout-graceful-shutdown|shutdown-timeout|job-timeout"
    r"|drain-timeout)[=\s]+(?P<seconds>\d{1,6})(?:\.\d+)?s?\b"
)
_VARIABLES = re.compile(
    r"(?:CELERY_?(?:D_)?)?TASK_(?:SOFT_)?TIME_LIMIT|CELERYD_TASK_(?:SOFT_)?TIME_LIMIT|GRACEFUL_TIMEOUT|WORKER_TIMEOUT_SECONDS"
    r"|JOB_TIMEOUT"
)
_SHELL = re.compile(r"(?:/(?:usr/)?bin/)?(?:ba|da|a|z)?sh")


def _grace(service: Service) -> float:
    given = seconds(service.keys.get("stop_grace_period"))
    return _DEFAULT if given is None else given


@service_rule(
    "iiww",
    id="SLP120",
    title="The grace period is longer than the longest task",
    reason="After it comes SIGKILL: a task that was allowed to take longer is cut off in the middle, at every deploy.",
    fix="Set `stop_grace_period` above the limit of the tasks.",
    reference=_REFERENCE,
)
def too_short(service: Service, stack: Stack) -> Iterator[Problem]:
    """Find limits of tasks and of graceful stops that are above the grace period."""
    grace = _grace(service)
    limits = [(match["name"], float(match["seconds"])) for match in _LIMITS.finditer(service.command)]
    for name, value in service.told.items():
        given = amount(value)
        if given is not None and _VARIABLES.fullmatch(name):
            limits.append((name, given))
    if limits and not stack.one_shot(service):
        name, longest = max(limits, key=lambda limit: limit[1])
        if longest > grace:
            path = "stop_grace_period" if "stop_grace_period" in service.keys else "command"
            yield f"is killed after {grace:g} s while {name} allows {longest:g} s", (path,)


@service_rule(
    "--ww",
    id="SLP121",
    title="Workers and databases have a grace period of their own",
    reason="Docker kills after 10 s; a task has seldom ended by then, and a database recovers at its next start.",
    fix="Set `stop_grace_period`: 60s for a database, more than the longest task for a worker.",
    reference=_REFERENCE,
)
def none(service: Service, stack: Stack) -> Iterator[Problem]:
    """Find workers and databases that say nothing of it."""
    if "stop_grace_period" in service.keys or stack.one_shot(service):
        return
    if service.base in DATABASES and service.holds_data:
        yield "is a database and is killed after 10 s", ("stop_grace_period",)
    elif WORKERS.search(service.command):
        yield "is a worker and is killed after 10 s", ("stop_grace_period",)


@service_rule(
    "--iw",
    id="SLP122",
    title="The signal to stop arrives",
    reason="A shell that started the program keeps SIGTERM to itself: the program goes on until it is killed.",
    fix='Write `exec` before the last command: `sh -c "migrate && exec server"`; or run the first part elsewhere.',
    reference="Docker documentation, Dockerfile reference, ENTRYPOINT",
)
def swallowed(service: Service, stack: Stack) -> Iterator[Problem]:
    """Find `sh -c` with several commands, of which the last is not started by exec; and SIGKILL as the signal."""
    if service.text("stop_signal").upper() in ("SIGKILL", "KILL", "9"):
        yield "is stopped with SIGKILL", ("stop_signal",)
    words = service.words
    for index, word in enumerate(words[:-2]):
        if _SHELL.fullmatch(word) and re.fullmatch(r"-[a-z]*c", words[index + 1]):
            script = words[index + 2].strip()[:LONGEST]
            several = re.search(r"&&|;|\|\||\n", script.rstrip("; \n"))
            if several and not re.search(r"(?:^|[\s;&|])(?:exec|trap)\s", script) and not stack.one_shot(service):
                yield (
                    "is started by a shell that does not pass SIGTERM on",
                    ("command" if service.keys.get("command") else "entrypoint",),
                )
            return

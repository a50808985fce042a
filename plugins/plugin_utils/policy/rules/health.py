"""Health checks: there is one, it can fail, and its times make sense."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ...compose_reader.units import integer, seconds
from ..rule_registry import Problem, service_rule
from ..stack import Service, Stack

_REFERENCE = "Compose specification, services, healthcheck"
#: Commands that always succeed.
_ALWAYS_SUCCEEDS = re.compile(
    r"(?:^|;|\|\||&&)\s*(?:exit\s+0|(?:/usr)?(?:/bin/)?true|:)\s*;?\s*$|^\s*(?:/bin/)?echo(?:\s[^;&|]*)?$|^\s*sleep\s+\S+\s*$"
)
#: Seconds. A longer interval finds a failure too late.
_MAX_INTERVAL = 300.0
#: Seconds. Failures do not count during the start period.
_MAX_START_PERIOD = 1800.0
#: Seconds. With a shorter interval the check runs almost without pause, and a timeout above it is intended.
_SHORT_INTERVAL = 5.0


def is_disabled(service: Service) -> bool:
    """Return whether the service disables the health check of its image."""
    check = service.mapping("healthcheck")
    test = check.get("test")
    return check.get("disable") is True or test == "NONE" or (isinstance(test, list) and test[:1] == ["NONE"])


def command(service: Service) -> str:
    """Return the command of the health check as one text, empty if there is none."""
    test = service.mapping("healthcheck").get("test")
    if isinstance(test, list):
        words = [str(word) for word in test if isinstance(word, (str, int, float))]
        if words[:1] in (["CMD"], ["CMD-SHELL"]):
            words = words[1:]
            # Of `sh -c SCRIPT`, the script is the command.
            if len(words) == 3 and re.fullmatch(r"(?:/bin/)?(?:ba|da|a)?sh", words[0]) and words[1].endswith("c"):
                words = words[2:]
        return " ".join(words)
    return test if isinstance(test, str) else ""


def _only_holds_a_network(service: Service, stack: Stack) -> bool:
    """Return whether a service only holds a network for others. It has nothing to check."""
    return service.name in stack.network_owners and service.arguments[:1] in (
        ("sleep",),
        ("pause",),
        ("/pause",),
        ("tail",),
    )


@service_rule(
    "iiwe",
    "compose-auditor:OPS002",
    id="SLP001",
    title="A long-running service has a health check",
    reason="Without one, nobody notices a process that hangs. Dependent services cannot wait until it is ready.",
    fix="Add a `healthcheck` with a `test` that only a working service passes.",
    reference=_REFERENCE,
)
def missing(service: Service, stack: Stack) -> Iterator[Problem]:
    """Find long-running services without a health check."""
    if _only_holds_a_network(service, stack):
        return
    if not stack.is_one_off(service) and not service.mapping("healthcheck"):
        yield "has no health check", ("healthcheck",)


@service_rule(
    "wwee",
    id="SLP002",
    title="A health check can fail",
    reason="A check such as `exit 0` reports a dead service as healthy. Deploys and dependent services rely on it.",
    fix="Query the service: `pg_isready`, `redis-cli ping`, an HTTP path. Remove `|| true` and `|| exit 0`.",
    reference=_REFERENCE,
)
def cannot_fail(service: Service, stack: Stack) -> Iterator[Problem]:
    """Find checks whose command always succeeds."""
    match = _ALWAYS_SUCCEEDS.search(command(service)[:2000])
    if match and not is_disabled(service):
        # Show only the part that always succeeds. The rest of the command may have a password.
        yield f"has a health check that cannot fail: {match[0].strip()[:40]!r}", ("healthcheck", "test")


@service_rule(
    "iiww",
    id="SLP003",
    title="The times of a health check make sense",
    reason="With a timeout above the interval, without retries, or with minutes between checks, a check finds a "
    "failure too late or fails a slow start. Docker replaces 0 with its default and does not say so.",
    fix="Use an interval of 5 s to 60 s, a timeout below the interval, 3 retries or more, and a start period if the "
    "service starts slowly.",
    reference=_REFERENCE,
)
def times(service: Service, stack: Stack) -> Iterator[Problem]:
    """Find intervals, timeouts, start periods and retries that make no sense."""
    check = service.mapping("healthcheck")
    if is_disabled(service):
        return
    interval, timeout = seconds(check.get("interval")), seconds(check.get("timeout"))
    for key, value in (("interval", interval), ("timeout", timeout)):
        if value is not None and value < 0.001:
            yield (
                f"has a health check with {key} {check[key]}; Docker uses its default instead",
                ("healthcheck", key),
            )
    if interval is not None and interval > _MAX_INTERVAL:
        yield f"runs its health check only every {check['interval']}", ("healthcheck", "interval")
    if interval and timeout and timeout > interval >= _SHORT_INTERVAL:
        yield f"has a health check with a timeout above its interval of {check['interval']}", ("healthcheck", "timeout")
    start = seconds(check.get("start_period"))
    if start is not None and start > _MAX_START_PERIOD:
        yield (
            f"has a health check whose failures do not count for {check['start_period']}",
            ("healthcheck", "start_period"),
        )
    if integer(check.get("retries")) == 0:
        yield "has a health check with 0 retries; Docker uses 3 instead", ("healthcheck", "retries")


@service_rule(
    "iwww",
    "compose-auditor:OPS002",
    id="SLP004",
    title="The health check of an image is not disabled",
    reason="The authors of the image know how to check it. Without the check, a service that hangs stays in use.",
    fix="Remove `disable: true` or `NONE`, or write a check of your own.",
    reference=_REFERENCE,
)
def disabled(service: Service, stack: Stack) -> Iterator[Problem]:
    """Find `disable: true` and the test `NONE` in long-running services."""
    if is_disabled(service) and not stack.is_one_off(service) and not _only_holds_a_network(service, stack):
        yield "has its health check disabled", ("healthcheck",)

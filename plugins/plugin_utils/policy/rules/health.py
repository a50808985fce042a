"""Health checks: that there is one, that it can fail, and that its times make sense."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ..parts import number
from ..quantities import seconds
from ..registry import Problem, service_rule
from ..stack import Service, Stack

_REFERENCE = "Compose specification, services, healthcheck"
_SHAM = re.compile(
    r"(?:^|;|\|\||&&)\s*(?:exit\s+0|(?:/usr)?(?:/bin/)?true|:)\s*;?\s*$|^\s*(?:/bin/)?echo(?:\s[^;&|]*)?$|^\s*sleep\s+\S+\s*$"
)
#: A check that is made less often than this finds out too late to be of use.
_RARE = 300.0
_LONG_START = 1800.0
#: Below this a check is made as good as all the time, and a timeout above it is meant.
_SHORT = 5.0


def switched_off(service: Service) -> bool:
    """Return whether the health check of the image is taken away."""
    check = service.mapping("healthcheck")
    test = check.get("test")
    return check.get("disable") is True or test == "NONE" or (isinstance(test, list) and test[:1] == ["NONE"])


def command(service: Service) -> str:
    """Return the command of the health check as one text, empty where there is none."""
    test = service.mapping("healthcheck").get("test")
    if isinstance(test, list):
        words = [str(word) for word in test if isinstance(word, (str, int, float))]
        if words[:1] in (["CMD"], ["CMD-SHELL"]):
            words = words[1:]
            # `sh -c SCRIPT` is the script.
            if len(words) == 3 and re.fullmatch(r"(?:/bin/)?(?:ba|da|a)?sh", words[0]) and words[1].endswith("c"):
                words = words[2:]
        return " ".join(words)
    return test if isinstance(test, str) else ""


def _only_holds_a_network(service: Service, stack: Stack) -> bool:
    """Return whether a service does nothing but keep a network for others: there is nothing to ask it."""
    return service.name in stack.joined and service.words[:1] in (("sleep",), ("pause",), ("/pause",), ("tail",))


@service_rule(
    "iiwe",
    "compose-auditor:OPS002",
    id="SLP001",
    title="A service that keeps running has a health check",
    reason="Without one nobody learns that a process hangs, and whoever depends on it cannot wait until it is ready.",
    fix="Add `healthcheck` with a `test` that asks the service itself for something only a working one answers.",
    reference=_REFERENCE,
)
def missing(service: Service, stack: Stack) -> Iterator[Problem]:
    """Find long-running services without any health check."""
    if _only_holds_a_network(service, stack):
        return
    if not stack.one_shot(service) and not service.mapping("healthcheck"):
        yield "has no health check", ("healthcheck",)


@service_rule(
    "wwee",
    id="SLP002",
    title="A health check can fail",
    reason="A check such as `exit 0` says healthy of a dead service, and a deploy or a dependent believes it.",
    fix="Ask the service: `pg_isready`, `redis-cli ping`, an HTTP path; and leave off `|| true` and `|| exit 0`.",
    reference=_REFERENCE,
)
def sham(service: Service, stack: Stack) -> Iterator[Problem]:
    """Find checks whose command ends well whatever happens."""
    match = _SHAM.search(command(service)[:2000])
    if match and not switched_off(service):
        # Only the part that makes it one: there may be a password in the rest.
        yield f"has a health check that cannot fail: {match[0].strip()[:40]!r}", ("healthcheck", "test")


@service_rule(
    "iiww",
    id="SLP003",
    title="The times of a health check make sense",
    reason="A timeout above the interval, no retry, or minutes between checks make a check that comes too late or "
    "fails a slow start; 0 silently means Docker's default.",
    fix="Use an interval of 5 s to 60 s, a timeout below it, 3 retries or more, a start period for a slow start.",
    reference=_REFERENCE,
)
def times(service: Service, stack: Stack) -> Iterator[Problem]:
    """Find intervals, timeouts, start periods and retries that cannot be meant."""
    check = service.mapping("healthcheck")
    if switched_off(service):
        return
    interval, timeout = seconds(check.get("interval")), seconds(check.get("timeout"))
    for key, value in (("interval", interval), ("timeout", timeout)):
        if value is not None and value < 0.001:
            yield (
                f"has a health check with {key} {check[key]}, which Docker takes for its default",
                ("healthcheck", key),
            )
    if interval is not None and interval > _RARE:
        yield f"is checked every {check['interval']} only", ("healthcheck", "interval")
    if interval and timeout and timeout > interval >= _SHORT:
        yield f"has a health check with a timeout above its interval of {check['interval']}", ("healthcheck", "timeout")
    start = seconds(check.get("start_period"))
    if start is not None and start > _LONG_START:
        yield f"may be dead for {check['start_period']} before that counts", ("healthcheck", "start_period")
    if number(check.get("retries")) == 0:
        yield "has a health check with 0 retries, which Docker takes for 3", ("healthcheck", "retries")


@service_rule(
    "iwww",
    "compose-auditor:OPS002",
    id="SLP004",
    title="The health check of an image is not switched off",
    reason="The image's authors knew how to tell whether it works; without the check a hanging service stays in use.",
    fix="Remove `disable: true` or `NONE`, or write a check that suits.",
    reference=_REFERENCE,
)
def disabled(service: Service, stack: Stack) -> Iterator[Problem]:
    """Find `disable: true` and the test `NONE` on what keeps running."""
    if switched_off(service) and not stack.one_shot(service) and not _only_holds_a_network(service, stack):
        yield "has its health check switched off", ("healthcheck",)

"""Run `hey` and parse the summary that it prints."""

from __future__ import annotations

import re
import shutil
import signal
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field

from testbed import machine, shell

STEP = "load"
#: Seconds after which a request without an answer counts as failed.
TIMEOUT = 20
_ANSWER = re.compile(r"^  \[(\d+)\]\t(\d+) responses$", re.MULTILINE)
_ERROR = re.compile(r"^  \[(\d+)\]\t(?!\d+ responses$)(.+)$", re.MULTILINE)
_PERCENTILE = re.compile(r"^  ([1-9]\d?)% in ([\d.]+) secs$", re.MULTILINE)
# The client's port differs from request to request. Without it, the same error is counted together.
_CLIENT = re.compile(r"\d+\.\d+\.\d+\.\d+:\d+->")


@dataclass(frozen=True)
class Summary:
    """The result of one `hey`: number of answers by status, number of errors by text, seconds by percentile."""

    seconds: float
    answers: Mapping[int, int] = field(default_factory=dict)
    errors: Mapping[str, int] = field(default_factory=dict)
    percentiles: Mapping[int, float] = field(default_factory=dict)

    @property
    def requests(self) -> int:
        """The number of all requests, with those that failed."""
        return sum(self.answers.values()) + sum(self.errors.values())

    @property
    def finished(self) -> int:
        """The number of requests that were answered with 200."""
        return self.answers.get(200, 0)

    @property
    def failed(self) -> int:
        """The number of requests that were not answered with 200."""
        return self.requests - self.finished

    @property
    def reasons(self) -> dict[str, int]:
        """The number of failed requests by reason."""
        return {f"status {status}": n for status, n in self.answers.items() if status != 200} | dict(self.errors)


def parse(text: str) -> Summary:
    """Parse the output of `hey`.

    :raises ValueError: if it is not a summary of requests.
    """
    total = re.search(r"^  Total:\t([\d.]+) secs$", text, re.MULTILINE)
    if total is None:
        raise ValueError(f"hey printed no summary: {text.strip()[-200:]!r}")
    errors: dict[str, int] = {}
    for count, reason in _ERROR.findall(text):
        error = _CLIENT.sub("", reason)
        errors[error] = errors.get(error, 0) + int(count)
    return Summary(
        seconds=float(total[1]),
        answers={int(status): int(count) for status, count in _ANSWER.findall(text)},
        errors=errors,
        percentiles={int(share): float(seconds) for share, seconds in _PERCENTILE.findall(text)},
    )


def arguments(url: str, *, seconds: int, workers: int, rate: float = 0, keepalive: bool = True) -> list[str]:
    """Return the command line.

    :param seconds: duration.
    :param rate: requests per second of all workers together, 0 for no limit.
    """
    argv = ["hey", "-z", f"{seconds}s", "-c", str(workers), "-t", str(TIMEOUT)]
    argv += ["-q", f"{rate / workers:g}"] if rate else []
    argv += [] if keepalive else ["-disable-keepalive"]
    return [*argv, url]


def install() -> None:
    """Install Debian's `hey` unless it is installed.

    :raises StepError: if that fails.
    """
    if not shutil.which("hey"):
        shell.say(STEP, "installing hey")
        machine.install(STEP, ["hey"])


class Hey:
    """One running `hey`."""

    def __init__(self, argv: list[str]) -> None:
        self._process = subprocess.Popen(
            argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )

    def end(self) -> None:
        """Stop sending requests. Requests in flight finish."""
        self._process.send_signal(signal.SIGINT)

    def summary(self) -> Summary:
        """Wait for the requests in flight and return the result.

        :raises ValueError: if `hey` printed no summary.
        """
        try:
            text, _ = self._process.communicate(timeout=TIMEOUT + 10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            text, _ = self._process.communicate()
        return parse(text)

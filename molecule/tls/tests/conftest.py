"""The stack of this scenario, over HTTPS, and load on it in which no request fails."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.support.https import SecureStack
from tests.support.long_form import LONG
from tests.support.secure_load import Report, SecureLoad
from tests.support.stacks import address

#: Requests per second that are sent, and of which so many have to be answered in a second.
SENT, LEAST = (330, 300) if LONG else (60, 20)
#: Seconds of load before a change and after it.
BEFORE, AFTER = 2, 10 if LONG else 1


@pytest.fixture
def kiosk(host: Any) -> SecureStack:
    return SecureStack(host, "kiosk", address(), "kiosk.tls.test")


@pytest.fixture(scope="session")
def reports() -> Iterator[dict[str, Report]]:
    """Collect the reports of all loads, and write them to a file at the end."""
    found: dict[str, Report] = {}
    yield found
    path = Path(os.environ["MOLECULE_PROJECT_DIRECTORY"]) / ".testbed/reports/tls-load.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({step: report.figures() for step, report in found.items()}, indent=1) + "\n")


@pytest.fixture
def under_load(
    kiosk: SecureStack, reports: dict[str, Report]
) -> Callable[..., AbstractContextManager[Callable[[], Report]]]:
    """Return a context manager: meanwhile clients ask over HTTPS, and not one request fails.

    It takes the name of a step, and the statuses that are no failure, if there are others than 200.
    """

    @contextmanager
    def loaded(step: str, *expected: int) -> Iterator[Callable[[], Report]]:
        with SecureLoad(kiosk.server, kiosk.domain, SENT, expected=expected or (200,)) as load:
            time.sleep(BEFORE)
            yield lambda: load.report
            time.sleep(AFTER)
        report = reports[step] = load.report
        print(f"{step}: {report}")
        assert not report.failures, str(report)
        assert report.rate >= LEAST, str(report)

    return loaded

"""Any project means in its release what it means to Compose, or is refused with file and line.

``make test-long`` draws projects for as many minutes as ``DIFFERENTIAL_MINUTES`` says, and prints what came of them.
"""

from __future__ import annotations

import collections
import os
import random
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings

from tests.support.differential import coverage, every_value, examples, strategies
from tests.support.differential.projects import Project, outcome

MINUTES = float(os.environ.get("DIFFERENTIAL_MINUTES", "0"))
#: Keys whose notations are not written, by their beginning.
EXCLUDED = {
    "services.*.build.ssh": "Compose 2.40 cannot write the mapping as JSON",
    "services.*.post_start.[].command": "a hook without a command fails when Compose runs it",
    "services.*.pre_stop.[].command": "a hook without a command fails when Compose runs it",
}
DRAWN = settings(deadline=None, database=None, suppress_health_check=list(HealthCheck), print_blob=False)
QUICK = settings(DRAWN, max_examples=100)
#: The same projects in every checkout.
SEED = 1


def test_every_key_of_the_schema_is_written_in_each_notation() -> None:
    files = [file.text() for project, _values in every_value.projects() for file in project.files]
    files += [text for path, text in examples.FILES.items() if path.endswith(".yml")]
    missing = coverage.of_schema() - coverage.written(files)
    assert [notation for notation in sorted(missing) if not notation[0].startswith(tuple(EXCLUDED))] == []


def test_every_value_is_carried_or_refused(tmp_path: Path) -> None:
    assert every_value.report(tmp_path).defects == []


def _check(project: Project, folder: Path) -> str:
    found, refused = outcome(project, folder)
    text = "\n".join(f"--- {path}\n{content}" for path, content in project.texts().items())
    defects = [*found.defects(), *every_value.without_place(refused)]
    assert defects == [], "\n".join([*defects, text])
    return found.outcome


@seed(SEED)
@QUICK
@given(project=strategies.projects())
def test_a_drawn_project_is_carried_or_refused(tmp_path_factory: pytest.TempPathFactory, project: Project) -> None:
    _check(project, tmp_path_factory.getbasetemp() / "drawn")


@seed(SEED)
@QUICK
@given(project=strategies.invalid_projects())
def test_what_compose_refuses_is_refused(tmp_path_factory: pytest.TempPathFactory, project: Project) -> None:
    _check(project, tmp_path_factory.getbasetemp() / "invalid")


@pytest.mark.skipif(not MINUTES, reason="DIFFERENTIAL_MINUTES is not set")
@pytest.mark.parametrize("strategy", [strategies.projects(), strategies.invalid_projects()], ids=["valid", "invalid"])
def test_projects_are_drawn_for_minutes(strategy: object, tmp_path: Path) -> None:
    outcomes: collections.Counter[str] = collections.Counter()
    end = time.monotonic() + 60 * MINUTES / 2

    while time.monotonic() < end:
        number = random.randrange(2**32)
        print(f"seed {number}")

        @seed(number)
        @settings(DRAWN, max_examples=50, phases=[Phase.generate, Phase.shrink])
        @given(project=strategy)
        def draw(project: Project) -> None:
            outcomes[_check(project, tmp_path / "drawn")] += 1

        draw()
    print(dict(outcomes))

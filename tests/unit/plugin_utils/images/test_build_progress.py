from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from ansible_collections.slipway.stack.plugins.plugin_utils.images.bake import Target
from ansible_collections.slipway.stack.plugins.plugin_utils.images.build_progress import Event, Progress

LOGS = Path(__file__).parent / "bake_logs"


def _target(name: str, tags: int) -> Target:
    return Target(name, f"{name}:1", ("tag",) * tags, "/src", "Dockerfile", None, {}, {}, ())


def _follow(log: str, tags: dict[str, int], push: bool = True) -> tuple[Progress, list[Event]]:
    """Return the events of a recorded log, with one line per second."""
    progress = Progress([_target(name, count) for name, count in tags.items()], push)
    lines = (LOGS / f"{log}.txt").read_text().splitlines()
    events = [progress.read(line, float(second)) for second, line in enumerate(lines)]
    return progress, [event for event in events if event]


def _ends(events: Sequence[Event]) -> list[tuple[str, bool]]:
    return [(event.target, event.ended) for event in events]


def test_a_target_ends_with_its_last_push() -> None:
    progress, events = _follow("pushed", {"a": 2, "b": 1})
    assert _ends(events) == [("a", False), ("b", False), ("b", True), ("a", True)]
    assert progress.finish() == []
    assert progress.failed is None


def test_the_seconds_count_from_the_first_line_of_a_target() -> None:
    _, events = _follow("pushed", {"a": 2, "b": 1})
    lines = (LOGS / "pushed.txt").read_text().splitlines()
    begun = lines.index("#3 [b internal] load build definition from Dockerfile")
    assert events[2] == Event("b", True, float(lines.index("#14 DONE 0.2s") - begun))


def test_without_a_push_a_target_ends_with_its_export() -> None:
    _, events = _follow("pushed", {"a": 2, "b": 1}, push=False)
    assert _ends(events) == [("a", False), ("b", False), ("b", True), ("a", True)]


def test_a_single_target_is_followed_without_its_name() -> None:
    _, events = _follow("one_target", {"a": 1})
    assert _ends(events) == [("a", False), ("a", True)]


def test_a_push_during_the_export_ends_with_finish() -> None:
    progress = Progress([_target("a", 1), _target("b", 1)], push=True)
    lines = ["#2 [a internal] load build definition", "#3 [b internal] load build definition"]
    lines += ["#8 [a] exporting to image", "#8 DONE 3.0s", "#9 [b] exporting to image", "#9 DONE 5.0s"]
    assert _ends([event for second, line in enumerate(lines) if (event := progress.read(line, second))]) == [
        ("a", False),
        ("b", False),
    ]
    assert progress.finish() == [Event("a", True, 3.0), Event("b", True, 4.0)]


def test_the_failed_target_is_known() -> None:
    progress, events = _follow("failed", {"a": 1, "b": 1})
    assert progress.failed == "b"
    assert ("b", True) not in _ends(events)


def test_an_end_is_reported_once() -> None:
    progress, _ = _follow("pushed", {"a": 2, "b": 1})
    late = ["#20 [a] resolving provenance", "#20 DONE 0.0s"]
    assert [progress.read(line, 99.0) for line in late] == [None, None]


@pytest.mark.parametrize("line", ["", "------", " > [b 2/2] RUN exit 3:", "Dockerfile:2", "#5 [other 1/2] RUN x"])
def test_other_lines_give_no_event(line: str) -> None:
    assert Progress([_target("a", 1), _target("b", 1)], True).read(line, 0.0) is None

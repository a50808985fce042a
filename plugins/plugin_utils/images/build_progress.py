"""The beginning and the end of each image's build, from the output of ``docker buildx bake --progress plain``.

Place in the pipeline: next to bake, while it runs. Pure. The lines are ``#N [TARGET STEP] …``, ``#N DONE 1.3s`` and the
like. If there is only one target, no line contains its name.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from ansible_collections.slipway.stack.plugins.plugin_utils.images.bake import Target

_VERTEX = re.compile(r"#(?P<number>\d+) (?P<text>.+)")
_ENDED = re.compile(r"DONE [\d.]+s|CACHED")
_PREFIX = re.compile(r"\[(?P<name>[a-zA-Z0-9_-]+)[ \]]")
_PUSHING = re.compile(r"(?:\[[^]]+\] )?pushing \S+ with docker")
_EXPORTING = re.compile(r"(?:\[[^]]+\] )?exporting to ")


@dataclass(frozen=True)
class Event:
    """The beginning or the end of a target; ``seconds`` since its beginning."""

    target: str
    ended: bool
    seconds: float


class Progress:
    """Follows one run of bake.

    A target ends with its last push. A builder outside the engine pushes during the export and prints no line for it;
    :meth:`finish` returns these ends. ``failed`` is the target of the first step that failed.
    """

    def __init__(self, targets: Iterable[Target], push: bool) -> None:
        self.failed: str | None = None
        self._tags = {target.name: len(target.tags) for target in targets}
        self._push = push
        self._steps: dict[str, tuple[str, str]] = {}
        self._pushed: Counter[str] = Counter()
        self._begun: dict[str, float] = {}
        self._last: dict[str, float] = {}
        self._ended: set[str] = set()

    def read(self, line: str, now: float) -> Event | None:
        """Return the event that *line* stands for, if any; it was printed at *now* (seconds of any clock)."""
        match = _VERTEX.fullmatch(line.strip())
        if match is None:
            return None
        number, text = match["number"], match["text"]
        if number not in self._steps:
            name = self._target(text)
            if name is None:
                return None
            self._steps[number] = (name, text)
        name, step = self._steps[number]
        self._last[name] = now
        if name not in self._begun:
            self._begun[name] = now
            return Event(name, False, 0.0)
        if text.startswith("ERROR"):
            self.failed = self.failed or name
        if name not in self._ended and _ENDED.fullmatch(text) and self._completes(name, step):
            self._ended.add(name)
            return Event(name, True, now - self._begun[name])
        return None

    def finish(self) -> list[Event]:
        """Return the ends that no line has reported. Call it after bake has ended successfully."""
        return [
            Event(name, True, self._last[name] - begun)
            for name, begun in self._begun.items()
            if name not in self._ended
        ]

    def _target(self, text: str) -> str | None:
        if len(self._tags) == 1:
            return next(iter(self._tags))
        match = _PREFIX.match(text)
        return match["name"] if match and match["name"] in self._tags else None

    def _completes(self, name: str, step: str) -> bool:
        if not self._push:
            return _EXPORTING.match(step) is not None
        if _PUSHING.fullmatch(step):
            self._pushed[name] += 1
        return self._pushed[name] == self._tags[name]

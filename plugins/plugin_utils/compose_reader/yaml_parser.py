"""A YAML parser whose values know the file and the line of every key. It limits size, depth and aliases.

Place in the pipeline: compose_reader, its first step. Values are read as Compose reads them, see ``scalars``. The
parser counts an alias as often as it is used, while it reads the text. So it refuses an alias bomb before the bomb
takes memory.
"""

from __future__ import annotations

from typing import Any

import yaml

from . import scalars
from .source_positions import Map, Mark, Override, Refusal, Seq

MAX_BYTES = 2 * 1024**2
MAX_NODES = 150_000
#: Bytes of all files of one check.
MAX_TOTAL_BYTES = 8 * 1024**2
#: Characters of all values with variables, after these are replaced.
MAX_TOTAL_TEXT = 16 * 1024**2
MAX_DEPTH = 60
#: Characters of one value. Linux accepts arguments and variables of at most twice that length.
MAX_TEXT = 64 * 1024


class Unreadable(ValueError):
    """A file cannot be read. The message starts with the name of the file."""


class Budget:
    """What all files of one check may have: values, where an alias counts as often as it is used, bytes and text."""

    def __init__(self, nodes: int = MAX_NODES) -> None:
        self.left = nodes
        self.bytes_left = MAX_TOTAL_BYTES
        self.text_left = MAX_TOTAL_TEXT

    def spend(self, nodes: int, file: str, line: int) -> None:
        """Subtract *nodes* values. :raises Unreadable: if fewer are left."""
        self.left -= nodes
        if self.left < 0:
            raise Unreadable(
                f"{file}:{line}: more than {MAX_NODES} values, where an alias counts as often as it is used, and a "
                "service as often as it is extended; a Compose file is smaller than that"
            )

    def spend_bytes(self, size: int, file: str) -> None:
        """Subtract the bytes of a file. :raises Unreadable: if fewer are left."""
        self.bytes_left -= size
        if self.bytes_left < 0:
            raise Unreadable(f"{file}: all files together have more than {MAX_TOTAL_BYTES // 1024**2} MB")

    def spend_text(self, size: int, file: str, line: int) -> None:
        """Subtract the characters of a value. :raises Unreadable: if the value is too long, or fewer are left."""
        self.text_left -= size
        if size > MAX_TEXT:
            raise Unreadable(f"{file}:{line}: a value has more than {MAX_TEXT // 1024} kB with its variables replaced")
        if self.text_left < 0:
            raise Unreadable(
                f"{file}:{line}: all values together have more than {MAX_TOTAL_TEXT // 1024**2} MB with their "
                "variables replaced"
            )


class _Frame:
    """A mapping or a list whose end is not read yet."""

    def __init__(self, value: Map | Seq, anchor: str | None, tag: str | None, mark: Mark, in_brackets: bool) -> None:
        self.value = value
        self.anchor = anchor
        self.tag = tag
        self.mark = mark
        self.key: str | None = None
        self.key_mark = mark
        self.keys: set[str] = set()
        self.in_brackets = in_brackets
        #: Whether the key is `<<`.
        self.inherits = False
        self.merges: list[Map] = []
        self.size = 1


def _line(event: Any) -> int:
    return int(event.start_mark.line) + 1


class _Builder:
    def __init__(self, file: str, budget: Budget, refusals: list[Refusal]) -> None:
        self.file = file
        self.refusals = refusals
        self.budget = budget
        self.frames: list[_Frame] = []
        self.anchors: dict[str, tuple[Any, int]] = {}
        self.documents: list[Any] = []

    def add_event(self, event: yaml.Event) -> None:
        if isinstance(event, yaml.ScalarEvent):
            self._scalar(event)
        elif isinstance(event, (yaml.MappingStartEvent, yaml.SequenceStartEvent)):
            self._open(event)
        elif isinstance(event, (yaml.MappingEndEvent, yaml.SequenceEndEvent)):
            self._close()
        elif isinstance(event, yaml.AliasEvent):
            self._alias(event)

    def _mark(self, event: yaml.Event, source: str | None = None) -> Mark:
        return Mark(self.file, _line(event), source)

    def _scalar(self, event: yaml.ScalarEvent) -> None:
        value: Any = event.value
        source = None
        if len(value) > MAX_TEXT:
            raise Unreadable(f"{self.file}:{_line(event)}: a value has more than {MAX_TEXT // 1024} kB")
        if not event.style and "?" in value and any(frame.in_brackets for frame in self.frames):
            # This parser takes it. The one of Compose takes the sign as the start of a key.
            raise Unreadable(f"{self.file}:{_line(event)}: not YAML: put {value!r} in quotes, because it has a '?'")
        if event.tag in ("!reset", "!override"):
            value = Override(None if event.tag == "!reset" else value)
        elif event.tag is not None and event.tag != "!":
            value, source = self._tagged(event.tag, event)
        elif not event.style:
            value, source = scalars.plain(event.value)
        if event.anchor:
            self.anchors[event.anchor] = (value, 1)
        self._add(value, 1, self._mark(event, source), event)

    def _tagged(self, tag: str, event: yaml.ScalarEvent) -> tuple[Any, str | None]:
        try:
            return scalars.tagged(tag, event.value)
        except ValueError as error:
            raise Unreadable(f"{self.file}:{_line(event)}: {error}") from None

    def _open(self, event: Any) -> None:
        mark = self._mark(event)
        if len(self.frames) >= MAX_DEPTH:
            raise Unreadable(f"{self.file}:{mark.line}: the file is nested deeper than {MAX_DEPTH} levels")
        if event.anchor:
            self.anchors.pop(event.anchor, None)
        value: Map | Seq = Map() if isinstance(event, yaml.MappingStartEvent) else Seq()
        self.frames.append(_Frame(value, event.anchor, event.tag, mark, bool(event.flow_style)))

    def _close(self) -> None:
        frame = self.frames.pop()
        value: Any = frame.value
        for merged in frame.merges:
            for key, inherited in merged.items():
                if key not in value:
                    value[key] = inherited
                    value.marks[key] = merged.marks.get(key, frame.mark)
        if frame.tag in ("!reset", "!override"):
            value = Override(None if frame.tag == "!reset" else value)
        if frame.anchor:
            self.anchors[frame.anchor] = (value, frame.size)
        self._add(value, frame.size, frame.mark, counted=frame.size - 1)

    def _alias(self, event: yaml.AliasEvent) -> None:
        line = _line(event)
        if event.anchor not in self.anchors:
            is_open = any(frame.anchor == event.anchor for frame in self.frames)
            problem = "contains itself" if is_open else "is not defined above"
            raise Unreadable(f"{self.file}:{line}: the anchor {event.anchor!r} {problem}")
        value, size = self.anchors[event.anchor]
        self._add(value, size, self._mark(event))

    def _add(self, value: Any, size: int, mark: Mark, event: yaml.ScalarEvent | None = None, counted: int = 0) -> None:
        """Add a value. :param event: its event if it is a scalar that the file writes here, not an alias."""
        self.budget.spend(size - counted, self.file, mark.line)
        if not self.frames:
            self.documents.append(value)
            return
        frame = self.frames[-1]
        frame.size += size
        if isinstance(frame.value, Seq):
            frame.value.append(value)
            frame.value.marks.append(mark)
        elif frame.key is None:
            self._key(frame, value, mark, event)
        else:
            key, frame.key = frame.key, None
            if frame.inherits:
                self._inherit(frame, value, mark)
            else:
                frame.value[key] = value
                # The line of the key, where people look first. A long value may start on a later line.
                frame.value.marks[key] = Mark(self.file, frame.key_mark.line, mark.source)

    def _key(self, frame: _Frame, value: Any, mark: Mark, event: yaml.ScalarEvent | None) -> None:
        if isinstance(value, (Map, Seq, Override)):
            raise Unreadable(f"{self.file}:{mark.line}: a key must be a word, not a list or a mapping")
        key = event.value if event is not None else str(value)
        frame.inherits = key == "<<" and event is not None and not event.style and event.tag in (None, "!")
        if key in frame.keys:
            raise Unreadable(f"{self.file}:{mark.line}: the key {key!r} occurs twice in one mapping")
        frame.keys.add(key)
        if not isinstance(value, str) or isinstance(value, scalars.Timestamp):
            problem = f"is no text for YAML, and every key must be one; write {key!r}"
            self.refusals.append(Refusal(mark, f"key {key}", problem))
        frame.key = key
        frame.key_mark = mark

    def _inherit(self, frame: _Frame, value: Any, mark: Mark) -> None:
        sources = value if isinstance(value, Seq) else [value]
        for source in sources:
            if not isinstance(source, Map):
                raise Unreadable(f"{self.file}:{mark.line}: '<<' needs a mapping or a list of mappings")
            self.budget.spend(len(source), self.file, mark.line)
            frame.merges.append(source)


def parse(text: str, file: str, budget: Budget | None = None, refusals: list[Refusal] | None = None) -> list[Any]:
    """Return the documents in *text*.

    :param file: the name of the file in marks and messages.
    :param budget: the values that are left; a new budget if ``None``.
    :param refusals: gets what Compose refuses although it is YAML: a key that is no text.
    :raises Unreadable: if the text is not YAML, a key occurs twice in a mapping, or a limit is exceeded.
    """
    if len(text) > MAX_BYTES:
        raise Unreadable(f"{file}: the file has {len(text) / 1024**2:.1f} MB; the limit is {MAX_BYTES // 1024**2} MB")
    builder = _Builder(file, budget or Budget(), refusals if refusals is not None else [])
    try:
        # The loader in C is ten times as fast. Some builds of PyYAML do not have it.
        for event in yaml.parse(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
            builder.add_event(event)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 1
        raise Unreadable(f"{file}:{line}: not YAML: {error.problem or error.context}") from None
    except yaml.YAMLError as error:
        raise Unreadable(f"{file}: not YAML: {' '.join(str(error).split())}") from None
    return builder.documents

"""The page docs/tutorial.md as steps: files that its reader writes, commands, and what they print."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

PAGE = Path(__file__).resolve().parents[2] / "docs/tutorial.md"
COMMAND, OUTPUT, FILE = "sh", "text", "file"
#: Languages of blocks that are files. The first line of a file is a comment with its path.
FILES = ("yaml", "ini", "properties")
GAP = "…"
#: What differs from run to run: a part that is left out, a release, a time, a duration.
_VARYING = (r"…", r"\d{8}T\d{6}Z-[0-9a-f]{8}", r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", r"\b\d+(?:\.\d)?(?= s\b)")
_COLOURS = re.compile(r"\x1b\[[\d;]*m")


@dataclass(frozen=True)
class Step:
    """A command with what the page shows of its output, or a file with its path. ``line``: on the page.

    ``output``: ``None`` if the page shows none.
    """

    sort: str
    text: str
    line: int
    path: str = ""
    output: str | None = None

    @property
    def fails(self) -> bool:
        """Whether the page shows that the command fails."""
        return "fatal: " in (self.output or "")


def steps(page: str) -> list[Step]:
    """Return the steps of a page in their order.

    :raises ValueError: with the line of a block that is of no known sort, or in the wrong place.
    """
    result: list[Step] = []
    for language, text, line in _blocks(page):
        if language == COMMAND:
            result.append(Step(COMMAND, text, line))
        elif language == OUTPUT:
            if not result or result[-1].sort != COMMAND or result[-1].output is not None:
                raise ValueError(f"line {line}: an output follows a command")
            result[-1] = Step(COMMAND, result[-1].text, result[-1].line, output=text)
        elif language in FILES:
            first = re.match(r"# (\S+)\n", text)
            if not first:
                raise ValueError(f"line {line}: the first line of a file is a comment with its path")
            result.append(Step(FILE, text, line, first[1]))
        else:
            known = ", ".join([COMMAND, OUTPUT, *FILES])
            raise ValueError(f"line {line}: a block of the language {language!r}; valid languages: {known}")
    return result


def names() -> set[str]:
    """Return the paths of the inventory that the reader of the page gets."""
    return set(re.findall(r"inventories/production(?:/[\w./-]*\w)?", PAGE.read_text()))


def _blocks(page: str) -> Iterator[tuple[str, str, int]]:
    """Yield the language, the text and the first line of each block."""
    language, lines, start = None, [], 0
    for number, line in enumerate(page.splitlines(), 1):
        fence = re.fullmatch(r"\s*```(.*)", line)
        if fence and language is None:
            language, lines, start = fence[1].strip(), [], number
        elif fence and language is not None:
            yield language, "".join(f"{one}\n" for one in lines), start
            language = None
        elif language is not None:
            lines.append(line)
        elif line.startswith("    "):
            raise ValueError(f"line {number}: an indented block; write its language")
    if language is not None:
        raise ValueError(f"line {start}: the block has no end")


def difference(shown: str, printed: str) -> str:
    """Return the first lines of *shown* that *printed* does not have there; empty if it has all of them.

    A line that is only ``…`` stands for any number of lines. Other lines follow each other, from the first printed
    line to the last one. Blank lines, the number of blanks and what varies do not count.
    """
    lines = _lines(printed)
    wanted = _lines(shown)
    position, is_anchored = 0, True
    for index, part in enumerate(parts := _parts(wanted)):
        is_last = index == len(parts) - 1
        starts = [position] if is_anchored else list(range(position, len(lines) + 1))
        if is_last and (part or not is_anchored):
            # It ends where the output ends.
            starts = [start for start in starts if start == len(lines) - len(part)]
        found = next((start for start in starts if _is_at(part, lines, start)), None)
        if found is None or (is_last and found + len(part) != len(lines)):
            return "\n".join(part) or "the end"
        position, is_anchored = found + len(part), False
    return ""


def _parts(lines: list[str]) -> list[list[str]]:
    """Return the runs of lines between the gaps."""
    parts: list[list[str]] = [[]]
    for line in lines:
        if line == GAP:
            parts.append([])
        else:
            parts[-1].append(line)
    return parts


def _is_at(part: list[str], lines: list[str], start: int) -> bool:
    return len(lines) - start >= len(part) and all(
        _pattern(line).fullmatch(lines[start + index]) for index, line in enumerate(part)
    )


def _pattern(line: str) -> re.Pattern[str]:
    result, position = "", 0
    for match in re.finditer("|".join(_VARYING), line):
        form = next(form for form in _VARYING if re.match(form, line[match.start() :]))
        result += re.escape(line[position : match.start()]) + (".*" if form == GAP else form)
        position = match.end()
    return re.compile(result + re.escape(line[position:]))


def _lines(text: str) -> list[str]:
    plain = (" ".join(line.split()) for line in _COLOURS.sub("", text).splitlines())
    return [line for line in plain if line]

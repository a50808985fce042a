"""Ask both versions of Compose what a project means, and what its release means; say what differs."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ansible_collections.slipway.stack.plugins.plugin_utils.controller import inventory
from ansible_collections.slipway.stack.plugins.plugin_utils.rendering.bundle import Bundle

from tests.support import compose_projects, real_compose
from tests.support.differential import same_meaning
from tests.support.differential.same_meaning import Side

#: A complaint about a file: its name, the line, and what is wrong. One about the inventory has no line.
_PLACE = re.compile(r"[^\s:][^:]*:[0-9]+: ")


_KeyPath = tuple[str, ...]


@dataclass(frozen=True)
class Comparison:
    """What came of a project.

    ``refusals``: the text of each version of Compose that refuses it. ``refusal``: ours; ``None`` if there is a
    release. ``differences``: by version of those that accept it, what is not the same in the release.
    """

    refusals: Mapping[str, str]
    refusal: str | None
    differences: Mapping[str, list[str]] = field(default_factory=dict)

    @property
    def outcome(self) -> str:
        """Return what happened: ``equal``, ``different``, ``refused by …``."""
        if self.refusal is not None:
            return "refused by both" if self._refused_by_all else "refused by ours only"
        if self._refused_by_all:
            return "refused by Compose only"
        return "different" if any(self.differences.values()) else "equal"

    @property
    def _refused_by_all(self) -> bool:
        return len(self.refusals) == len(real_compose.SUITES)

    def defects(self) -> list[str]:
        """Return what must not be: a difference, a project that only Compose refuses, a refusal that names no place."""
        if self.outcome == "refused by Compose only":
            return [f"Compose ({suite}) refuses the project: {text}" for suite, text in self.refusals.items()]
        suites: dict[str, list[str]] = {}
        for suite, lines in self.differences.items():
            for line in lines:
                suites.setdefault(line, []).append(suite)
        found = [f"{' and '.join(names)}: {line}" for line, names in suites.items()]
        lines = self.refusal.splitlines() if self.refusal is not None else []
        return [*found, *(f"the refusal has no file and line: {line}" for line in lines if not _PLACE.match(line))]

    def kinds_of_refusal(self) -> list[str]:
        """Return our complaints without what differs from project to project: files, names, values."""
        without_places = (_PLACE.sub("", line) for line in (self.refusal or "").splitlines())
        return [re.sub(r"service '[^']*': ", "", line) for line in without_places]


def compare(folder: Path, *files: str, profiles: Sequence[str] = (), **given: Any) -> Comparison:
    """Return what came of the project in *folder*, called ``shop``.

    The release is written next to *folder*.

    :param given: more arguments of the action, such as ``compose_variables``.
    """
    options = [word for file in files for word in ("--file", file)]
    options += [word for profile in profiles for word in ("--profile", profile)]
    options = ["--project-name", "shop", *options]
    theirs = {suite: real_compose.read(suite, folder, *options) for suite in real_compose.SUITES}
    refusals = {suite: read.printed for suite, read in theirs.items() if read.config is None}
    arguments = _arguments(folder, *files, compose_profiles=list(profiles), **given)
    try:
        release = inventory.bundle_of(arguments, folder)
    except ValueError as error:
        return Comparison(refusals, str(error))
    if len(refusals) == len(theirs):
        return Comparison(refusals, None)
    directory = real_compose.write_release(release)
    side = Side((folder,), functools.cache(lambda: real_compose.variables(folder, *options)))
    notes = _Notes(arguments, folder, release)
    expected = {
        suite: same_meaning.comparable(read.config, side) for suite, read in theirs.items() if read.config is not None
    }
    unequal = {
        suite: _differences(keys, theirs[suite].printed, real_compose.read(suite, directory), release, notes)
        for suite, keys in expected.items()
    }
    oldest, newest = (unequal.get(suite) for suite in (real_compose.SUITES[0], real_compose.SUITES[-1]))
    if oldest and newest is not None:
        # Where the two versions read different values, the release has that of the newest.
        changed = {keys for keys, *_values in _unequal(*expected.values())}
        for keys in [keys for keys in oldest if keys in changed and keys not in newest]:
            del oldest[keys]
    return Comparison(refusals, None, {suite: list(found.values()) for suite, found in unequal.items()})


def refusal(folder: Path, *files: str, **given: Any) -> str | None:
    """Return why there is no release of the project in *folder*, ``None`` if there is one."""
    try:
        inventory.bundle_of(_arguments(folder, *files, **given), folder)
    except ValueError as error:
        return str(error)
    return None


def _arguments(folder: Path, *files: str, **given: Any) -> dict[str, Any]:
    return compose_projects.arguments(*files, **{"root": str(folder.parent / "stacks"), **given})


class _Notes:
    """What the plan says about services: the keys that are left out, the files that become read-only, the images."""

    def __init__(self, arguments: Mapping[str, Any], folder: Path, release: Bundle) -> None:
        plain = inventory.plain_of(arguments)
        translated = inventory.translate_files(plain, plain["services"], folder)
        assert translated is not None
        self.services = translated.services
        self._lines = release.notes
        self._left_out = translated.left_out

    def name(self, service: str, keys: Sequence[str]) -> bool:
        """Return whether a note names the key at *keys* or one above it: in quotes, or among those left out."""
        written = [".".join(keys[: index + 1]) for index in range(len(keys))]
        lines = self._lines.get(service, [])
        return any(
            key in self._left_out.get(service, []) or any(f"'{key}'" in line for line in lines) for key in written
        )

    def says(self, service: str, words: str) -> bool:
        """Return whether a note about a service has *words*."""
        return any(words in line for line in self._lines.get(service, []))


def _differences(
    expected: dict[str, Any], warned: str, ours: real_compose.Read, release: Bundle, notes: _Notes
) -> dict[_KeyPath, str]:
    """Return a sentence for each key whose value differs, by the keys that lead to it.

    :param expected: what Compose reads in the project, comparable. :param warned: what it prints about the project.
    """
    if ours.config is None:
        return {(): f"Compose refuses the release: {ours.printed}"}
    found = same_meaning.comparable(ours.config, Side((Path(release.home, "files"), Path(release.home, "secrets"))))
    same_meaning.without_owners(expected, found)
    for name, service in found["services"].items():
        if "build" in expected["services"].get(name, {}):
            service["build"] = _build(expected["services"][name]["build"], notes.services[name].get("build", {}))
    result = {}
    for keys, before, after in _unequal(expected, found):
        if keys[0] == "services" and len(keys) > 2 and _is_noted(keys[1], keys[2:], notes):
            continue
        result[keys] = f"{'.'.join(keys)}: Compose reads {before!r} in the project, {after!r} in the release"
    if set(_warnings(ours.printed)) - set(_warnings(warned)):
        result[()] = f"Compose warns about the release: {ours.printed}"
    return result


def _warnings(printed: str) -> list[str]:
    return re.findall('msg="(.*)"', printed)


def _build(theirs: Mapping[str, Any], ours: Mapping[str, Any]) -> dict[str, Any]:
    # Compose writes the default, which is no file of its own if the file is inline.
    default = {} if "dockerfile_inline" in theirs else {"dockerfile": "Dockerfile"}
    return {**default, **ours}


def _is_noted(service: str, keys: Sequence[str], notes: _Notes) -> bool:
    if tuple(keys[:2]) == ("files", "set") and keys[-1] == "writable":
        return notes.says(service, "mounted read-only")
    if keys[0] == "files":
        return any(notes.name(service, (section, *keys[3:])) for section in ("configs", "secrets", "volumes"))
    return notes.name(service, keys)


def _unequal(before: Any, after: Any, keys: tuple[str, ...] = ()) -> Iterator[tuple[_KeyPath, Any, Any]]:
    """Yield what differs: the keys that lead to it, and both values; ``None`` for one that is not there."""
    if len(keys) == 2 and None in (before, after):
        yield keys, before, after
        return
    if before and isinstance(before, dict) and after is None:
        after = {}
    if after and isinstance(after, dict) and before is None:
        before = {}
    if isinstance(before, dict) and isinstance(after, dict):
        for key in sorted({*before, *after}):
            yield from _unequal(before.get(key), after.get(key), (*keys, key))
    elif before != after:
        yield keys, before, after

"""Reads the machine's apt sources and derives the entry for another suite on the same mirror. Pure functions."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

# The options of a one-line entry, with their names in a deb822 stanza. Source: sources.list(5).
_FIELDS = {
    "arch": "Architectures",
    "signed-by": "Signed-By",
    "trusted": "Trusted",
    "check-valid-until": "Check-Valid-Until",
}
_OPTIONS = {name.lower(): option for option, name in _FIELDS.items()}


@dataclass(frozen=True)
class Source:
    """One apt source of binary packages; `options` are one-line option names (`signed-by`) with their values."""

    uri: str
    suites: tuple[str, ...]
    components: tuple[str, ...]
    options: Mapping[str, str] = field(default_factory=dict)

    def for_suite(self, suite: str, **options: str) -> Source:
        """Return this entry for another suite. More options can be given, with `_` instead of `-`."""
        extra = {name.replace("_", "-"): value for name, value in options.items()}
        return replace(self, suites=(suite,), options={**self.options, **extra})

    def one_line(self) -> list[str]:
        """Return the entry in the one-line format, one line for each suite."""
        options = " ".join(f"{name}={value}" for name, value in sorted(self.options.items()))
        middle = f" [{options}]" if options else ""
        return [f"deb{middle} {self.uri} {suite} {' '.join(self.components)}" for suite in self.suites]

    def without_keyring(self) -> Source:
        """Return the entry without `signed-by`, for an image that does not have the machine's keyring file."""
        return replace(self, options={name: value for name, value in self.options.items() if name != "signed-by"})


def parse_one_line(text: str) -> list[Source]:
    """Return the enabled `deb` entries of a one-line file (`*.list`)."""
    found = []
    for line in text.splitlines():
        match = re.match(r"\s*deb\s+(?:\[(?P<options>[^\]]*)\]\s+)?(?P<rest>\S.*)", line.split("#", 1)[0])
        words = match["rest"].split() if match else []
        if match is None or len(words) < 2:
            continue
        pairs = (word.split("=", 1) for word in (match["options"] or "").split() if "=" in word)
        options = {name.rstrip("+-").lower(): value for name, value in pairs}
        found.append(Source(words[0], (words[1],), tuple(words[2:]), options))
    return found


def parse_deb822(text: str) -> list[Source]:
    """Return the enabled `deb` entries of a deb822 file (`*.sources`), one per URI.

    An inline key (a `Signed-By` block) is left out, because the one-line format cannot express it.
    """
    found = []
    for stanza in re.split(r"\n[ \t]*\n", _without_comments(text)):
        fields = _fields(stanza)
        types = fields.get("types", "").split()
        if "deb" not in types or fields.get("enabled", "yes").strip().lower() in {"no", "false", "0"}:
            continue
        options = {
            option: ",".join(fields[name].split())
            for name, option in _OPTIONS.items()
            if name in fields and "BEGIN PGP" not in fields[name]
        }
        for uri in fields.get("uris", "").split():
            suites, components = fields.get("suites", "").split(), fields.get("components", "").split()
            found.append(Source(uri, tuple(suites), tuple(components), options))
    return found


def parse(files: Mapping[str, str]) -> list[Source]:
    """Return the entries of all source files, given as {name: text}. The suffix of the name tells the format."""
    found: list[Source] = []
    for name in sorted(files):
        found += parse_deb822(files[name]) if name.endswith(".sources") else parse_one_line(files[name])
    return found


def serving(sources: Iterable[Source], suite: str) -> Source | None:
    """Return the first entry that has the section `main` of a suite, reduced to that section, or None."""
    for source in sources:
        if suite in source.suites and "main" in source.components:
            return replace(source, suites=(suite,), components=("main",))
    return None


def pins(suite: str, packages: Iterable[str], rank: int = 990) -> str:
    """Return apt preferences: `packages` come from `suite`, everything else from the system's own release.

    :param rank: the pin priority. Above 1000, apt also downgrades installed packages.
    """
    stanzas = (("*", 100), (" ".join(packages), rank))
    release = f"Pin: release n={suite}"
    return "\n".join(f"Package: {names}\n{release}\nPin-Priority: {priority}\n" for names, priority in stanzas)


def _without_comments(text: str) -> str:
    return "\n".join(line for line in text.splitlines() if not line.lstrip().startswith("#"))


def _fields(stanza: str) -> dict[str, str]:
    """Return the fields of a stanza by lower-case name. Continuation lines are joined by newlines."""
    fields: dict[str, str] = {}
    name = ""
    for line in stanza.splitlines():
        if line[:1].isspace() and name:
            fields[name] += "\n" + line.strip()
        elif ":" in line:
            name, value = line.split(":", 1)
            name = name.strip().lower()
            fields[name] = value.strip()
    return fields

"""How the pages read: one name for each thing, and none of the words that a reader has to read twice."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.contracts.checkout import ROOT, tracked
from tests.contracts.pages import PAGES

GLOSSARY = (ROOT / "docs/glossary.md").read_text()
TERMS = {
    "barrier",
    "cleanup",
    "drain",
    "edge",
    "finding",
    "health check",
    "journal",
    "kind",
    "lease",
    "manifest",
    "oneshot",
    "overlay",
    "plan",
    "pod",
    "policy",
    "probe",
    "release",
    "revert",
    "rollback",
    "rolling",
    "service",
    "singleton",
    "stack",
    "stateful",
    "update strategy",
    "upload",
}
#: What makes a reader stop, and what to write in its place.
BANNED = {
    r"as wanted": "optional",
    r"beside (itself|themselves|the (live|new|old)( ones?)?)": "next to",
    r"breaks? off|broken off|broke off": "is interrupted",
    r"for ever": "forever, or how long",
    r"gates?": "barrier",
    r"h(o|e)ld(s|ing)? .{0,40}to the policy": "check against the policy",
    r"held (to|against)": "checked against",
    r"hence|thereof|therein|whereby|whilst": "a plain word",
    r"in step(?! \d)": "together",
    r"known are": "valid values",
    r"la(y|ys|id|ying) (it |them |the \w+ )?(down|out|beside)": "write, or upload",
    r"manners?": "update strategy",
    r"of (which|whom)": "a sentence of its own",
    r"(take|takes|taking|taken|took) .{0,30}\bback\b": "revert",
    r"the way back|going back": "revert, or rollback",
    r"there must never be two": "singleton",
    r"there is to say": "settings",
    r"whose it is": "who holds it",
    r"word to go on": "answer",
}
#: Written by `make docs`. Their text comes from scripts/ and kinds/, which are looked at, and from tables in the code.
GENERATED = {"services.md", "roles.md", "policy.md"}
PROSE = [
    *(page for page in PAGES if page.name not in GENERATED),
    *tracked("scripts/reference*.py", "examples/*.md", "docs/*.svg", "kinds/*.yml", "inventories/*.yml"),
    *tracked("examples/stacks/*.yml"),
]


@pytest.mark.parametrize("term", sorted(TERMS))
def test_a_term_is_in_the_glossary(term: str) -> None:
    assert re.search(rf"^\| {term} \| [^|]+ \|$", GLOSSARY, re.MULTILINE)


def test_the_glossary_says_a_thing_in_one_or_two_sentences() -> None:
    rows = dict(re.findall(r"^\| ([\w ]+) \| ([^|]+) \|$", GLOSSARY, re.MULTILINE))
    assert [term for term, text in rows.items() if len(re.findall(r"[.:] (?=[A-Z])", text)) > 2] == []


@pytest.mark.parametrize("page", PROSE, ids=lambda page: str(page.relative_to(ROOT)))
def test_a_page_is_written_in_plain_words(page: Path) -> None:
    text = re.sub(r"\s+", " ", page.read_text())
    found = [
        f"{match[0]!r}: write {instead}; in: {text[max(0, match.start() - 40) : match.end() + 40]}"
        for pattern, instead in BANNED.items()
        for match in re.finditer(rf"\b(?:{pattern})\b", text, re.IGNORECASE)
    ]
    assert found == []

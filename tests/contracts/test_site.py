"""The documentation site: it is built without a warning, has each page in a menu, and asks no other server."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import pytest

from scripts import site
from tests.contracts.checkout import ROOT
from tests.contracts.pages import DOCS


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    done = site.build(folder)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


def test_each_page_is_there_and_the_search_knows_it(built: Path) -> None:
    found = json.loads((built / "search/search_index.json").read_text())["docs"]
    known = {entry["location"].partition("#")[0] for entry in found}
    pages = {f"{page.stem}.html" for page in DOCS} | {"readme.html", "contributing.html", "security.html"}
    assert pages - known == set()
    assert [name for name in pages if not (built / name).is_file()] == []


def test_a_page_loads_nothing_from_another_server(built: Path) -> None:
    """Links that a reader may click are no requests."""
    loads = r"<(?:script|img|iframe|source)\b[^>]*\bsrc=[\"']?([^\"' >]+)|<link\b[^>]*\bhref=[\"']?([^\"' >]+)"
    styles = r"(?:url\(|@import )[\"']?((?:https?:)?//[^\"')]+)"
    targets = []
    for path in built.rglob("*.html"):
        text = path.read_text()
        targets += [(path.name, a or b) for a, b in re.findall(loads, text)]
        targets += [
            (path.name, target) for target in re.findall(styles, "".join(re.findall(r"(?s)<style.*?</style>", text)))
        ]
    for path in built.rglob("*.css"):
        targets += [(path.name, target) for target in re.findall(styles, path.read_text())]
    assert len(targets) > len(DOCS)
    assert [found for found in targets if re.match(r"(https?:)?//", found[1])] == []


def test_what_is_a_list_in_the_source_is_one_on_the_page(built: Path) -> None:
    """A list needs a blank line before it, and a list in a list four blanks."""
    text = (built / "decisions.html").read_text()
    assert re.search(r"<li>\s*<p>(?:(?!</li>).)*<ul>\s*<li>nginx: after a reload", text, re.DOTALL)
    for page in DOCS:
        html = (built / f"{page.stem}.html").read_text()
        assert [line for line in re.findall(r"<p>.*?</p>", html, re.DOTALL) if re.search(r"\n- ", line)] == [], (
            page.name
        )


def test_what_is_built_is_not_in_git() -> None:
    path = ROOT / ".cache/site/index.html"
    assert subprocess.run(["git", "check-ignore", "--quiet", path], cwd=ROOT, check=False).returncode == 0

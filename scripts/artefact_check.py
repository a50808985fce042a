"""Check the collection's artefact as Galaxy does, and its documentation as the documentation site does.

    python3 -m scripts.artefact_check  # `make artifact-check`

galaxy-importer reads the artefact and lints it; antsibull-docs checks the texts of modules and roles and renders a page
for each. A warning of either counts as a failure. Everything is written below `.cache/artefact`.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import sysconfig
import time
from pathlib import Path

from scripts import artefact, environments

ROOT = Path(__file__).resolve().parents[1]
CACHE = ROOT / ".cache/artefact"
PAGES = CACHE / "pages"

#: How a line begins that tells of something wrong, in the output of either tool.
FAULTS = ("WARNING", "ERROR", "CRITICAL", "[WARNING]", "[ERROR]")


def main() -> None:
    """Run the checks, print what they find, and leave with 1 where they find something."""
    programs = environments.checks()
    link_dependencies(programs)
    built = artefact.build(CACHE / "built")
    shutil.rmtree(PAGES, ignore_errors=True)
    PAGES.mkdir()
    collections = CACHE / "collections"
    artefact.unpack(built, collections / "ansible_collections/slipway/stack")
    site = ["antsibull-docs", "collection", "--use-current", "--fail-on-error", "--dest-dir", str(PAGES)]
    lint = ["antsibull-docs", "lint-collection-docs", "--plugin-docs", "--check-extra-docs-refs"]
    lint += ["--validate-collection-refs=self", str(CACHE / "built/sources")]
    passed = [
        check("galaxy-importer", ["python", "-m", "galaxy_importer.main", str(built)], programs, collections),
        check("antsibull-docs lint", lint, programs, collections),
        check("antsibull-docs pages", [*site, "slipway.stack"], programs, collections),
    ]
    modules = [path.stem for path in (ROOT / "plugins/modules").glob("*.py")]
    without = [name for name in modules if not list(PAGES.rglob(f"{name}_module.rst"))]
    if without:
        print(f"antsibull-docs pages: no page of {', '.join(without)}")
    sys.exit(not all(passed) or bool(without))


def link_dependencies(programs: Path) -> None:
    """Let the tools find the collections that ours depends on: those of the package `ansible` in .venv.

    galaxy-importer runs ansible-lint, which replaces the path of collections, but also looks into its own environment.
    """
    code = "import sysconfig; print(sysconfig.get_path('purelib'))"
    theirs = subprocess.run([programs / "python", "-c", code], capture_output=True, text=True, check=True).stdout
    link = Path(theirs.strip(), "ansible_collections")
    link.unlink(missing_ok=True)
    link.symlink_to(Path(sysconfig.get_path("purelib"), "ansible_collections"))


def check(name: str, command: list[str], programs: Path, collections: Path) -> bool:
    """Run a tool, print the lines of its output that tell of a fault, and return whether there are none."""
    began = time.monotonic()
    path = os.pathsep.join([str(programs), os.environ["PATH"]])
    known = {**os.environ, "PATH": path, "ANSIBLE_COLLECTIONS_PATH": str(collections), "NO_COLOR": "1"}
    done = subprocess.run(
        [programs / command[0], *command[1:]], cwd=CACHE, env=known, capture_output=True, text=True, check=False
    )
    lines = (done.stdout + done.stderr).splitlines()
    faults = [line for line in lines if line.startswith(FAULTS) or re.match(r"[\w/.-]+:\d+:\d+: ", line)]
    if done.returncode and not faults:
        faults = lines
    print(*faults, sep="\n", end="\n" if faults else "")
    outcome = f"{len(faults)} findings" if faults else "clean"
    print(f"{name}: {outcome} in {time.monotonic() - began:.0f} s", flush=True)
    return not faults and not done.returncode


if __name__ == "__main__":
    main()

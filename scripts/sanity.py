"""Run `ansible-test sanity` on the files that the collection ships.

    python3 -m scripts.sanity          # with the ansible-core of .venv, without the tests in SLOW: part of `make lint`
    python3 -m scripts.sanity --whole  # all tests, with the ansible-core of .venv and those of VERSIONS: `make sanity`

Everything is written below `.cache/sanity`: the files under test, the environments that ansible-test makes for its
tools, and one environment for each further ansible-core. A version or a test that is skipped is named with the reason.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import time
from pathlib import Path

from scripts import artefact, environments

ROOT = Path(__file__).resolve().parents[1]
CACHE = ROOT / ".cache/sanity"
HOME = CACHE / "home"
FILES = CACHE / "ansible_collections/slipway/stack"

#: The versions of ansible-core that are tested beside the one in .venv, each with the Python for it.
VERSIONS = {"2.20.10": "3.12", "2.21.5": "3.13"}
#: Left to `--whole`.
SLOW = ("import",)
#: What ansible-test would download to install pip into its environments, and the same without a network.
GET_PIP = "import ensurepip\n\nensurepip.bootstrap()\n"
#: Warnings of ansible-test that say nothing about what it tests.
IDLE = ("Using locale", "Reviewing previous")


def prepare() -> None:
    """Unpack the files under test into a git repository of their own, as ansible-test wants it."""
    artefact.unpack(artefact.build(CACHE / "built"), FILES)
    artefact.copy(FILES, "tests/config.yml")
    subprocess.run(["git", "init", "--quiet"], cwd=FILES, check=True)


def test(programs: Path, whole: bool) -> bool:
    """Run the tests with the ansible-test in *programs*, print what came of them, and return whether all passed."""
    name = _output([str(programs / "python"), "-c", "from ansible.release import __version__ as v; print(v)"])
    began = time.monotonic()
    skipped = [] if whole else [f"--skip-test={one}" for one in SLOW]
    command = [str(programs / "ansible-test"), "sanity", "--color", "no", *skipped]
    done = subprocess.run(command, cwd=FILES, env=_environment(programs), capture_output=True, text=True, check=False)
    text = done.stdout + done.stderr
    lines = dict.fromkeys(re.findall(r"^WARNING: (.*)", text, re.MULTILINE))
    for line in lines:
        if not line.startswith(IDLE):
            print(f"sanity: ansible-core {name}: {line}")
    seconds = time.monotonic() - began
    tests = len(re.findall(r"^Running sanity test", text, re.MULTILINE))
    if done.returncode:
        print(*re.findall(r"^(?:ERROR|FATAL): .*(?:\n(?!WARNING|Running|See ).*)*", text, re.MULTILINE), sep="\n")
    outcome = "failed" if done.returncode else "clean"
    print(f"sanity: ansible-core {name}: {outcome}, {tests} tests in {seconds:.0f} s", flush=True)
    return not done.returncode


def _environment(programs: Path) -> dict[str, str]:
    """Return the variables for ansible-test: a home of its own, and all Pythons that this machine has."""
    cache = HOME / ".ansible/test/cache"
    cache.mkdir(parents=True, exist_ok=True)
    for version in _pip_versions(programs):
        (cache / f"get_pip_{version.replace('.', '_')}.py").write_text(GET_PIP, encoding="utf-8")
    settings = HOME / ".config/pip/pip.conf"
    settings.parent.mkdir(parents=True, exist_ok=True)
    settings.write_text(environments.pip_settings(), encoding="utf-8")
    pythons = [str(path.parent) for path in environments.pythons().values()]
    return {**os.environ, "HOME": str(HOME), "PATH": os.pathsep.join([str(programs), *pythons, os.environ["PATH"]])}


def _pip_versions(programs: Path) -> set[str]:
    """Return the versions of pip that this ansible-test may want."""
    code = "import ansible_test._internal.python_requirements as found; print(found.__file__)"
    source = Path(_output([str(programs / "python"), "-c", code])).read_text(encoding="utf-8")
    return set(re.findall(r"pip='([\d.]+)'", source))


def _output(command: list[str]) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def main() -> None:
    """Run the tests with one version or all; the exit code is 1 where one of them failed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--whole", action="store_true", help="all tests, with all versions")
    whole = parser.parse_args().whole
    prepare()
    passed = [test(Path(sys.executable).parent, whole)]
    for version, python in VERSIONS.items() if whole else ():
        found = environments.pythons().get(python)
        if found is None:
            print(f"sanity: ansible-core {version}: skipped, this machine has no Python {python}")
            continue
        programs = environments.make(CACHE / f"ansible-core-{version}", found, f"ansible-core=={version}")
        passed.append(test(programs, whole))
    sys.exit(not all(passed))


if __name__ == "__main__":
    main()

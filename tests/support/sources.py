"""Copy the example application's sources into a checkout for tests, or remove the checkout.

python3 -m tests.support.sources DIRECTORY
python3 -m tests.support.sources --remove DIRECTORY
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
from pathlib import Path

from testbed import shop

#: Files that the playbook writes.
GENERATED = ("Dockerfile", ".dockerignore")
PROJECT = "ws-shop"


def copy(target: Path) -> None:
    """Copy backend and frontend to *target*, without files of tools and files that the playbook writes."""
    for name in shop.NAMES:
        ignore = shutil.ignore_patterns(*shop.LEFT_BEHIND, *GENERATED)
        shutil.copytree(shop.SOURCE / name, target / name, ignore=ignore)


def remove(target: Path) -> None:
    """Remove the stack of the checkout, the images built for it, and the checkout."""
    down = ["docker", "compose", "--project-name", PROJECT, "down", "--volumes", "--remove-orphans", "--timeout", "2"]
    subprocess.run(down, check=True, cwd=Path(__file__).parent)
    listed = ["docker", "image", "ls", "--quiet", "--filter", f"reference={PROJECT}-*:development"]
    images = subprocess.run(listed, check=True, capture_output=True, text=True).stdout.split()
    if images:
        subprocess.run(["docker", "image", "rm", "--force", *sorted(set(images))], check=True)
    shutil.rmtree(target, ignore_errors=True)


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python3 -m tests.support.sources")
    parser.add_argument("target", type=Path)
    parser.add_argument("--remove", action="store_true")
    arguments = parser.parse_args()
    (remove if arguments.remove else copy)(arguments.target)


if __name__ == "__main__":
    main()

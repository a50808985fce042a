"""The testbed's images as plain data: which there are, what each is built from, and when one is out of date. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

#: The Debian release that images are built from unless a recipe says otherwise.
SUITE = "trixie"
NGINX_SUITE = "forky"
#: Not released yet: the index of such a suite may be older than its own expiry date.
UNRELEASED = ("forky",)
#: Their systemd boots only where the machine has control groups v2 alone.
UNIFIED = ("forky",)
#: What a server of such a suite takes from SUITE on any other machine.
SYSTEMD = ("systemd", "systemd-sysv", "libsystemd-shared", "libsystemd0", "libudev1")


def bootstrap(suite: str) -> str:
    """Return the reference of a suite's base system, as mmdebstrap makes it."""
    return f"slipway/bootstrap:{suite}"


def base(suite: str) -> str:
    """Return the reference of the image that a suite's images build on."""
    return f"slipway/base:{suite}"


def official_base(suite: str) -> str:
    """Return how a hub calls a suite's base system."""
    return f"debian:{suite}-slim"


BASE = base(SUITE)
OFFICIAL_BASE = official_base(SUITE)


@dataclass(frozen=True)
class Recipe:
    """One image: `context` is its directory under images/, `official` says that a hub may have the real one.

    Images of another suite than SUITE are made only where they are named.
    """

    reference: str
    context: str
    parent: str = BASE
    official: bool = True
    # Builds that talk TLS take the Dockerfile's stage `extra-certificates` on a machine that has such.
    certificates: bool = False
    suite: str = SUITE

    @property
    def name(self) -> str:
        """Its short name: `postgres` for `postgres:17`, `server:forky` for `slipway/server:forky`."""
        return self.context if self.suite == SUITE else f"{self.context}:{self.suite}"


RECIPES = (
    Recipe("python:3.13-slim", "python", certificates=True),
    Recipe("nginx:1.30", "nginx"),
    Recipe("postgres:17", "postgres"),
    Recipe("redis:8", "redis"),
    Recipe("slipway/registry", "registry", official=False),
    Recipe("slipway/server", "server", official=False),
    Recipe("slipway/server-engine", "server-engine", parent="slipway/server", official=False),
    Recipe("node:20-slim", "node", certificates=True),
    Recipe("traefik:3", "traefik", parent="python:3.13-slim"),
    Recipe("slipway/server:bookworm", "server", parent=base("bookworm"), official=False, suite="bookworm"),
    Recipe("slipway/server:forky", "server", parent=base("forky"), official=False, suite="forky"),
    Recipe(
        "slipway/server-engine:forky", "server-engine", parent="slipway/server:forky", official=False, suite="forky"
    ),
)
SUITES = tuple(dict.fromkeys(recipe.suite for recipe in RECIPES))


def choose(names: Collection[str]) -> list[Recipe]:
    """Return the recipes of these names (`postgres`, `postgres:17`), their parents first; all of SUITE for no names.

    Raises ValueError for a name that is not among them.
    """
    if not names:
        return [recipe for recipe in RECIPES if recipe.suite == SUITE]
    wanted = set()
    for name in names:
        found = [recipe for recipe in RECIPES if name in (recipe.reference, recipe.name)]
        if not found and name not in (OFFICIAL_BASE, "base"):
            known = ", ".join(recipe.name for recipe in RECIPES)
            raise ValueError(f"images: there is no image {name}; there are base, {known}")
        wanted |= {recipe.reference for recipe in found}
        wanted |= {recipe.parent for recipe in found}
    return [recipe for recipe in RECIPES if recipe.reference in wanted]


def context_digest(directory: Path, arguments: Mapping[str, str], *, without: Collection[str] = ()) -> str:
    """Return a digest over a build context (paths, modes, content) and everything else that goes into the build.

    Files and directories with a name among `without` do not count.
    """
    digest = hashlib.sha256()
    for name in sorted(arguments):
        digest.update(f"{name}={arguments[name]}\0".encode())
    for path in sorted(path for path in directory.rglob("*") if path.is_file()):
        if not set(without).isdisjoint(path.relative_to(directory).parts):
            continue
        content = hashlib.sha256(path.read_bytes()).hexdigest()
        executable = "x" if path.stat().st_mode & 0o100 else "-"
        digest.update(f"{path.relative_to(directory).as_posix()}\0{executable}\0{content}\0".encode())
    return digest.hexdigest()

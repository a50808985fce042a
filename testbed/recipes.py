"""The testbed's images as data: their names, their build contexts, and when they are out of date. Pure functions."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

#: The Debian release that images are built from by default.
SUITE = "trixie"
NGINX_SUITE = "forky"
#: The build arguments of Postgres in each suite. From version 18 on, the volume is one level higher.
POSTGRES = {
    "trixie": {"MAJOR": "17", "VOLUME": "/var/lib/postgresql/data", "DATA": "/var/lib/postgresql/data"},
    "forky": {"MAJOR": "18", "VOLUME": "/var/lib/postgresql", "DATA": "/var/lib/postgresql/18/docker"},
}
#: Suites that are not released yet. Their package index can be past its expiry date.
UNRELEASED = ("forky",)
#: Suites whose systemd boots only on machines that have control groups v2 only.
UNIFIED = ("forky",)
#: Packages that servers of these suites take from SUITE on other machines.
SYSTEMD = ("systemd", "systemd-sysv", "libsystemd-shared", "libsystemd0", "libudev1")


def bootstrap(suite: str) -> str:
    """Return the image reference of a suite's base system from mmdebstrap."""
    return f"slipway/bootstrap:{suite}"


def base(suite: str) -> str:
    """Return the image reference that a suite's images build on."""
    return f"slipway/base:{suite}"


def official_base(suite: str) -> str:
    """Return the image reference of a suite's base system on a hub."""
    return f"debian:{suite}-slim"


BASE = base(SUITE)
OFFICIAL_BASE = official_base(SUITE)


@dataclass(frozen=True)
class Recipe:
    """One image. `context` is its directory below images/. If it is `official`, a hub can have the real image.

    Images of other suites than SUITE are built only on request, and so are those that only a few tests use.
    """

    reference: str
    context: str
    parent: str = BASE
    official: bool = True
    # Builds that use TLS: on machines with extra CA certificates, the stage `extra-certificates` is built.
    certificates: bool = False
    suite: str = SUITE
    on_request: bool = False

    @property
    def name(self) -> str:
        """The short name, such as `postgres` for `postgres:17` or `server:forky` for `slipway/server:forky`."""
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
    Recipe("slipway/testssl", "testssl", official=False, on_request=True),
    Recipe("slipway/chromium", "chromium", parent="python:3.13-slim", official=False, on_request=True),
    Recipe("mariadb:11.8", "mariadb", on_request=True),
    Recipe("mariadb:10.11", "mariadb", parent=base("bookworm"), suite="bookworm", on_request=True),
    Recipe("rabbitmq:4", "rabbitmq", on_request=True),
    Recipe("valkey/valkey:8", "valkey", on_request=True),
    Recipe("memcached:1.6", "memcached", on_request=True),
    Recipe("prom/prometheus:v2.53", "prometheus", on_request=True),
    Recipe("postgres:18", "postgres", parent=base("forky"), suite="forky"),
    Recipe("slipway/server:bookworm", "server", parent=base("bookworm"), official=False, suite="bookworm"),
    Recipe("slipway/server:forky", "server", parent=base("forky"), official=False, suite="forky"),
    Recipe(
        "slipway/server-engine:forky", "server-engine", parent="slipway/server:forky", official=False, suite="forky"
    ),
)
SUITES = tuple(dict.fromkeys(recipe.suite for recipe in RECIPES))


def choose(names: Collection[str]) -> list[Recipe]:
    """Return the recipes with these names (`postgres`, `postgres:17`), parents first. The default is all of SUITE.

    Raises ValueError for an unknown name.
    """
    if not names:
        return [recipe for recipe in RECIPES if recipe.suite == SUITE and not recipe.on_request]
    wanted = set()
    for name in names:
        found = [recipe for recipe in RECIPES if name in (recipe.reference, recipe.name)]
        if not found and name not in (OFFICIAL_BASE, "base"):
            known = ", ".join(recipe.name for recipe in RECIPES)
            raise ValueError(f"images: {name} is not an image of the testbed; valid names: base, {known}")
        wanted |= {recipe.reference for recipe in found}
        wanted |= {recipe.parent for recipe in found}
    return [recipe for recipe in RECIPES if recipe.reference in wanted]


def context_digest(directory: Path, arguments: Mapping[str, str], *, without: Collection[str] = ()) -> str:
    """Return a digest over a build context (paths, modes, contents) and the build arguments.

    Files and directories whose names are in `without` are ignored.
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

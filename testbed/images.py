"""Makes sure that the base images exist: official images if a hub answers, else stand-ins from Debian packages."""

from __future__ import annotations

import queue
import shutil
import subprocess
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import IO

from testbed import apt, machine, recipes, shell
from testbed.recipes import NGINX_SUITE, SUITE, SUITES, SYSTEMD, UNIFIED, UNRELEASED, Recipe

STEP = "images"
CONTEXTS = Path(__file__).parent / "images"
GENERATED = shell.STATE / "context"
CONTEXT_LABEL = f"{shell.LABEL}.context"
HUB_ANSWERS_WITHIN = 2.5
# Images take over these settings of the machine's apt. With a frozen mirror, for example, apt must not check dates.
APT_SETTINGS = ("Acquire::Check-Valid-Until", "Acquire::Check-Date")


class Hub:
    """The image hub that the engine pulls from. The first pull finds out whether it answers."""

    def __init__(self, *, use: bool = True) -> None:
        self._answers: bool | None = None if use else False

    def pull(self, reference: str) -> bool:
        """Pull an image and return whether it succeeded. Without a hub, only the first call waits for an answer."""
        if self._answers is False:
            return False
        started = self._pull(reference, HUB_ANSWERS_WITHIN if self._answers is None else 60)
        if self._answers is None:
            self._answers = started is not None
            shell.say(
                STEP, "a hub answers" if self._answers else "no hub answers, so images are built from Debian packages"
            )
        return bool(started)

    @staticmethod
    def _pull(reference: str, first_line_within: float) -> bool | None:
        """Return whether the pull succeeded, or None if the hub did not answer in time."""
        argv = ["docker", "pull", reference]
        with subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
            lines: queue.Queue[str] = queue.Queue()
            threading.Thread(target=_feed, args=(process.stdout, lines), daemon=True).start()
            try:
                # Docker prints "TAG: Pulling from NAME" when the hub has sent the manifest.
                reached = "Pulling from" in lines.get(timeout=first_line_within)
            except queue.Empty:
                reached = False
            if not reached:
                process.kill()
                return None
            shell.say(STEP, f"pulling {reference}")
            return process.wait() == 0


def ensure(names: Sequence[str] = (), *, stand_ins: bool = False) -> None:
    """Make sure that these images exist, by default all of SUITE. Raises StepError.

    :param stand_ins: build all images, and ask no hub.
    """
    try:
        chosen = recipes.choose(names)
    except ValueError as error:
        raise shell.StepError(str(error)) from None
    hub = Hub(use=not stand_ins)
    suites = {recipe.suite for recipe in chosen} or {SUITE}
    for suite in sorted(suites):
        _ensure_base(hub, suite)
    for recipe in chosen:
        if recipe.official and _is_foreign(recipe.reference):
            continue
        if recipe.official and image_id(recipe.reference) is None and hub.pull(recipe.reference):
            continue
        _build(recipe.reference, CONTEXTS / recipe.context, recipe.parent, _arguments(recipe), _target(recipe))
    shell.say(STEP, f"{len(chosen) + len(suites)} images are ready")


def image_id(reference: str) -> str | None:
    """Return the id of a local image, or None if it does not exist."""
    return shell.answer(["docker", "image", "inspect", "--format", "{{.Id}}", reference])


def context_label(reference: str) -> str:
    """Return the digest of the build context of an image that was built here. It is empty for other images."""
    template = f'{{{{index .Config.Labels "{CONTEXT_LABEL}"}}}}'
    return shell.answer(["docker", "image", "inspect", "--format", template, reference]) or ""


def remove() -> None:
    """Remove all images that were built here."""
    ours = [recipe.reference for recipe in reversed(recipes.RECIPES)]
    for suite in SUITES:
        ours += [recipes.official_base(suite), recipes.base(suite), recipes.bootstrap(suite)]
    for reference in ours:
        if context_label(reference):
            shell.say(STEP, f"removing {reference}")
            shell.run(STEP, ["docker", "image", "rm", "--force", reference])


def _feed(stream: IO[str], lines: queue.Queue[str]) -> None:
    for line in stream:
        lines.put(line)


def _is_foreign(reference: str) -> bool:
    """Return whether a local image was not built here. Such an official image is never replaced."""
    return image_id(reference) is not None and not context_label(reference)


def _ensure_base(hub: Hub, suite: str) -> None:
    base, hubs = recipes.base(suite), recipes.official_base(suite)
    official = _is_foreign(hubs) or (image_id(hubs) is None and hub.pull(hubs))
    if not official:
        _ensure_bootstrap(suite)
    _build(base, _base_context(suite), hubs if official else recipes.bootstrap(suite), {}, None)
    if not official and image_id(hubs) != image_id(base):
        shell.run(STEP, ["docker", "tag", base, hubs])


def _ensure_bootstrap(suite: str) -> None:
    """Import the base system of a suite. mmdebstrap makes it from the machine's own mirror."""
    sources = _suite_sources(suite)
    digest = recipes.context_digest(GENERATED / "none", {"sources": "\n".join(sources)})
    if context_label(recipes.bootstrap(suite)) == digest:
        return
    if not shutil.which("mmdebstrap"):
        machine.require_debian()
        shell.say(STEP, "installing mmdebstrap (about 15 s)")
        machine.install(STEP, ["mmdebstrap"])
    shell.say(STEP, f"making the base system of Debian {suite} (about 20 s)")
    tar = shell.STATE / "bootstrap.tar"
    unneeded = [f"--dpkgopt=path-exclude=/usr/share/{name}/*" for name in ("man", "doc", "info", "locale", "lintian")]
    kept = [
        "--dpkgopt=path-include=/usr/share/locale/locale.alias",
        "--dpkgopt=path-include=/usr/share/doc/*/copyright",
    ]
    what = ["--variant=minbase", "--include=ca-certificates", suite, str(tar), *sources]
    try:
        shell.run(STEP, ["mmdebstrap", "--quiet", *unneeded, *kept, *what])
        labels = [f"LABEL {shell.LABEL}=stand-in {CONTEXT_LABEL}={digest}", 'CMD ["bash"]']
        changes = [argument for label in labels for argument in ("--change", label)]
        shell.run(STEP, ["docker", "import", *changes, str(tar), recipes.bootstrap(suite)])
    finally:
        tar.unlink(missing_ok=True)


def _suite_source(suite: str) -> apt.Source:
    """Return the apt entry of a suite on the machine's mirror."""
    options = {"check_valid_until": "no"} if suite in UNRELEASED else {}
    return machine.apt_source().without_keyring().for_suite(suite, **options)


def _suite_sources(suite: str) -> list[str]:
    """Return the apt lines of a suite on the machine's mirror, with its security suite if the machine has one."""
    mine = _suite_source(suite).one_line()
    security = machine.apt_security_source()
    # Unreleased suites have no security updates.
    if security and suite not in UNRELEASED:
        mine += security.without_keyring().for_suite(f"{suite}-security").one_line()
    return mine


def _base_context(suite: str) -> Path:
    """Write the build context of a suite's base image: its Dockerfile, and files from this machine."""
    context = GENERATED / f"base-{suite}"
    shutil.rmtree(context, ignore_errors=True)
    shutil.copytree(CONTEXTS / "base", context)
    for directory in ("apt/apt.conf.d", "certificates"):
        (context / directory).mkdir(parents=True)
    for number, certificate in enumerate(machine.extra_certificates()):
        shutil.copy(certificate, context / "certificates" / f"{number}-{certificate.name}")
    if machine.os_release().get("ID") == "debian":
        (context / "apt/sources.list").write_text("\n".join(_suite_sources(suite)) + "\n")
        if suite in UNIFIED and not machine.has_unified_control_groups():
            _add_older_systemd(context / "apt")
        set_here = {name: (shell.answer(["apt-config", "dump", "--format", "%v", name]) or "") for name in APT_SETTINGS}
        settings = [f'{name} "{value}";' for name, value in set_here.items() if value]
        quiet = 'Acquire::Languages "none";'
        (context / "apt/apt.conf.d/90machine").write_text("\n".join([quiet, *settings]) + "\n")
    return context


def _add_older_systemd(directory: Path) -> None:
    """Make apt install systemd from SUITE, and everything else from the image's own suite."""
    with (directory / "sources.list").open("a") as sources:
        sources.write(_suite_source(SUITE).one_line()[0] + "\n")
    (directory / "preferences.d").mkdir()
    (directory / "preferences.d/systemd").write_text(apt.pins(SUITE, SYSTEMD, rank=1001))
    (directory / "apt.conf.d/90systemd").write_text('APT::Get::allow-downgrades "true";\n')


def _arguments(recipe: Recipe) -> dict[str, str]:
    """Return the build arguments of an image, except its parent."""
    if recipe.context == "postgres":
        return recipes.POSTGRES[recipe.suite]
    if recipe.context != "nginx":
        return {}
    return {"NGINX_SOURCE": _suite_source(NGINX_SUITE).one_line()[0], "NGINX_SUITE": NGINX_SUITE}


def _target(recipe: Recipe) -> str | None:
    if not recipe.certificates:
        return None
    return "extra-certificates" if machine.extra_certificates() else "plain"


def _build(reference: str, context: Path, parent: str, arguments: dict[str, str], target: str | None) -> None:
    """Build an image, unless the existing one was built from the same context and the same parent."""
    inputs = {**arguments, "parent": image_id(parent) or "", "target": target or ""}
    digest = recipes.context_digest(context, inputs)
    if context_label(reference) == digest:
        return
    shell.say(STEP, f"building {reference}")
    options = [f"--build-arg={name}={value}" for name, value in {**arguments, "PARENT": parent}.items()]
    options += [f"--label={shell.LABEL}=stand-in", f"--label={CONTEXT_LABEL}={digest}", f"--tag={reference}"]
    options += [f"--target={target}"] if target else []
    shell.run(STEP, ["docker", "buildx", "build", "--progress=plain", "--load", *options, str(context)])

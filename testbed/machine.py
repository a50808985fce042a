"""Facts about the machine that the testbed runs on."""

from __future__ import annotations

import os
from pathlib import Path

from testbed import apt, shell

APT = Path("/etc/apt")
EXTRA_CERTIFICATES = Path("/usr/local/share/ca-certificates")


def os_release() -> dict[str, str]:
    """Return /etc/os-release as a dictionary."""
    lines = Path("/etc/os-release").read_text().splitlines()
    pairs = (line.split("=", 1) for line in lines if "=" in line)
    return {name: value.strip("\"'") for name, value in pairs}


def require_debian() -> str:
    """Return the codename: `bookworm` or `trixie`. Raises StepError on other systems, and without root."""
    release = os_release()
    if release.get("ID") != "debian" or release.get("VERSION_CODENAME") not in {"bookworm", "trixie"}:
        name = release.get("PRETTY_NAME", "unknown")
        raise shell.StepError(f"this machine runs {name}; the testbed installs its packages on Debian 12 and 13 only")
    if os.geteuid():
        raise shell.StepError("installing packages needs root; run the same command with sudo")
    return release["VERSION_CODENAME"]


def apt_source() -> apt.Source:
    """Return the machine's own apt entry for Debian. Raises StepError if there is none."""
    codename = require_debian()
    source = apt.serving(_apt_sources(), codename)
    if source is None:
        raise shell.StepError(f"apt: no source serves {codename} main; add the entry of a Debian mirror to {APT}")
    return source


def apt_security_source() -> apt.Source | None:
    """Return the machine's own apt entry for Debian's security updates, or None."""
    return apt.serving(_apt_sources(), f"{require_debian()}-security")


def _apt_sources() -> list[apt.Source]:
    files = [APT / "sources.list", *APT.glob("sources.list.d/*.list"), *APT.glob("sources.list.d/*.sources")]
    return apt.parse({str(path): path.read_text() for path in files if path.is_file()})


def install(step: str, packages: list[str]) -> None:
    """Update the package index and install Debian packages without recommended packages."""
    shell.run(step, ["apt-get", "update"])
    env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    options = ["-y", "--no-install-recommends", "-o", "Dpkg::Options::=--force-confold"]
    shell.run(step, ["apt-get", "install", *options, *packages], env=env)


def has_systemd() -> bool:
    """Return whether systemd is the init system of this machine."""
    return Path("/run/systemd/system").is_dir()


def has_unified_control_groups() -> bool:
    """Return whether this machine has control groups v2 only."""
    return Path("/sys/fs/cgroup/cgroup.controllers").is_file()


def extra_certificates() -> list[Path]:
    """Return the CA certificates that were added to this machine, for example for a TLS-inspecting gateway."""
    return sorted(EXTRA_CERTIFICATES.rglob("*.crt"))

"""Why the engine of this host cannot be used, in a sentence with the remedy.

Place in the pipeline: target, under ``docker``.
"""

from __future__ import annotations

import errno
import getpass
import os
import re
import shutil

_PROVISION = "run playbooks/provision.yml"
#: What a docker without its plugin says: it takes the options of `docker compose` for its own.
_NO_COMPOSE = re.compile(
    r"'compose' is not a docker command|unknown command: docker compose|unknown (?:shorthand )?flag"
)
#: What an engine says whose newest version of the API is older than ours.
_TOO_OLD = re.compile(r"client version [\d.]+ is too new")
#: Where daemons are. A login without root's environment does not search there.
_PLACES_OF_DAEMONS = ("/usr/local/sbin", "/usr/sbin", "/sbin", "/usr/local/bin", "/usr/bin")


def of_engine(error: Exception) -> str:
    """Return why there was no answer on the engine's socket."""
    number = error.errno if isinstance(error, OSError) else None
    if number in (errno.EACCES, errno.EPERM):
        return f"the user {_user()} may not use the Docker engine of this host; run the play as root (become: true)"
    if number in (errno.ENOENT, errno.ECONNREFUSED):
        if not _has("dockerd"):
            return f"there is no Docker Engine on this host; {_PROVISION}"
        return "the Docker Engine of this host is not running; start it (systemctl start docker)"
    return f"the Docker engine does not answer: {error}"


def of_command(error: OSError) -> str:
    """Return why the command ``docker`` cannot be started."""
    if isinstance(error, FileNotFoundError) and not _has("docker"):
        return f"there is no command 'docker' on this host; {_PROVISION}"
    return f"docker cannot be started: {error}"


def of_compose(output: str) -> str:
    """Return why ``docker compose`` does not work, by the *output* of the failed command; empty if it does work."""
    if _NO_COMPOSE.search(output):
        return f"'docker compose' is missing on this host, or it is too old; {_PROVISION}"
    return ""


def of_refusal(message: str) -> str:
    """Return why the engine refuses this collection's version of its API; empty for any other *message* of it."""
    if _TOO_OLD.search(message):
        return f"the Docker Engine of this host is older than 25 ({message}); {_PROVISION} -e engine_install=always"
    return ""


def _has(command: str) -> bool:
    return shutil.which(command, path=os.pathsep.join([os.environ.get("PATH", ""), *_PLACES_OF_DAEMONS])) is not None


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        # A uid without a name.
        return str(os.getuid())

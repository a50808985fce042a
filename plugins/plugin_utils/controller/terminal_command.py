"""The command line with which a person runs something on a host in a terminal of their own.

Place in the pipeline: used by the action ``run``. Pure.
"""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from typing import Any


def over_ssh(words: Sequence[str], folder: str, login: dict[str, Any], as_root: bool) -> str:
    """Return the ``ssh`` command that runs *words* in a directory of the host.

    :param login: ``host``, and where they are known ``user``, ``port`` and ``key``, the path of a private key.
    :param as_root: whether sudo is needed for that.
    """
    there = f"cd {shlex.quote(folder)} && exec {shlex.join(words)}"
    remote = f"sudo sh -c {shlex.quote(there)}" if as_root else there
    options = ["-t"]
    options += ["-p", str(login["port"])] if login.get("port") not in (None, 22, "22") else []
    options += ["-i", str(login["key"])] if login.get("key") else []
    target = f"{login['user']}@{login['host']}" if login.get("user") else str(login["host"])
    return shlex.join(["ssh", *options, target, remote])

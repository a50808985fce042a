"""The command line of restic: what it is asked, and what it answers.

Place in the pipeline: target, under :mod:`repository`. restic gets its password and the credentials of the storage in
its environment. Exit codes say what is wrong from version 0.17 on; for older versions its text does.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ansible_collections.slipway.stack.plugins.module_utils.engine import program
from ansible_collections.slipway.stack.plugins.module_utils.engine.docker import last_error_line
from ansible_collections.slipway.stack.plugins.module_utils.state.journal import RolloutFailed, duration

#: Seconds for a question, such as which snapshots there are. Without a limit, restic tries for 15 minutes.
ASK_SECONDS = 90.0
#: Where restic keeps what it has read of a repository. It is not needed, and saves transfers.
_CACHE = "/var/cache/slipway-restic"
_NO_REPOSITORY = 10
_LOCKED = 11
_WRONG_PASSWORD = 12
#: Seconds between two tries while another host uses the repository.
_LOCK_SECONDS = 5.0
#: Credentials in a location, which must not be in a message.
_CREDENTIALS = re.compile(r"//[^/@\s]*@")
#: What restic says before it tries again, such as for a bucket that does not exist: it may be made meanwhile.
_RETRY = re.compile(r"retrying after [^:]*: (.+)")
_SSH = "subprocess ssh: "
_NO_SESSION = "unable to start the sftp session"
_MAX_LINES = 10
_MAX_OUTPUT = 16 * 1024**2


class NoRepository(RolloutFailed):
    """There is certainly no repository at the location."""


@dataclass(frozen=True)
class Restic:
    """A repository. ``location``: in restic's notation. ``environment``: the variables that restic needs for it."""

    location: str
    environment: Mapping[str, str]

    @property
    def shown(self) -> str:
        """The location without credentials."""
        return _CREDENTIALS.sub("//", self.location)

    def run(self, *words: str, timeout: float = ASK_SECONDS) -> str:
        """Return what restic prints.

        :param timeout: seconds that it may take.
        :raises NoRepository: if there is no repository. :raises RolloutFailed: if anything else is wrong.
        """
        deadline = time.monotonic() + timeout
        while True:
            done = self._run(words, timeout)
            is_locked = done.returncode == _LOCKED or "already locked" in done.stderr
            if not is_locked or time.monotonic() > deadline:
                break
            # Another host uses the repository. Old versions of restic do not wait for it.
            time.sleep(_LOCK_SECONDS)
        if done.returncode != 0:
            raise self._error(done.returncode, done.stderr)
        return done.stdout[:_MAX_OUTPUT]

    def _run(self, words: Sequence[str], timeout: float) -> subprocess.CompletedProcess[str]:
        environment = {
            **{name: os.environ[name] for name in ("PATH", "HOME", "SSH_AUTH_SOCK") if name in os.environ},
            "HOME": os.environ.get("HOME") or "/root",
            "RESTIC_CACHE_DIR": _CACHE,
            # Of the times that restic is told.
            "TZ": "UTC",
            **self.environment,
            "RESTIC_REPOSITORY": self.location,
        }
        try:
            return program.run(["restic", *words], timeout, environment=environment)
        except OSError as error:
            raise RolloutFailed(f"restic cannot be started: {error.strerror}; run the role backup again") from None
        except subprocess.TimeoutExpired as expired:
            lines = _CREDENTIALS.sub("//", (expired.stderr or b"").decode("utf-8", "replace")).splitlines()
            tried = [found[1] for found in map(_RETRY.search, lines) if found][-1:]
            text = ": ".join([f"the repository {self.shown} did not answer within {duration(timeout)}", *tried])
            raise RolloutFailed(text) from None

    def json(self, *words: str) -> Any:
        """Return the JSON that restic prints. :raises RolloutFailed: as :meth:`run`, and if it is none."""
        try:
            return json.loads(self.run(*words, "--json"))
        except ValueError:
            raise RolloutFailed(f"the repository {self.shown}: restic {words[0]} printed no JSON") from None

    def _error(self, code: int, stderr: str) -> RolloutFailed:
        lines = [_CREDENTIALS.sub("//", line) for line in stderr.splitlines() if line.strip()]
        said = "\n".join(lines)
        detail = tuple(lines[-_MAX_LINES:])
        if code == _WRONG_PASSWORD or "wrong password or no key found" in said:
            return RolloutFailed(f"the repository {self.shown} has another password than RESTIC_PASSWORD", detail)
        if code == _NO_REPOSITORY or ("config" in said and "no such file or directory" in said):
            return NoRepository(f"there is no repository at {self.shown}", detail)
        # With sftp, ssh says what is wrong. restic often ends before it has passed that on.
        told = [line.replace(_SSH, "") for line in lines if line.startswith(_SSH)]
        told = told or [line for line in lines if line.startswith("Fatal:")]
        reason = told[0] if told else last_error_line(lines)
        text = reason.replace("Fatal:", "").strip().rstrip(".") or f"exit code {code}"
        text += "; try ssh to its host as root of this host, which says why" if _NO_SESSION in text else ""
        return RolloutFailed(f"the repository {self.shown}: {text}", detail)

"""Run a program of this host within a time limit.

Place in the pipeline: target, under every command of a rollout. A program and the programs that it starts, such as the
plugin behind ``docker compose``, are one process group. All of them end at the limit, when the rollout is aborted, and
when its process is killed.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from typing import Any

from ansible_collections.slipway.stack.plugins.module_utils.engine.parent_death import end_with_parent
from ansible_collections.slipway.stack.plugins.module_utils.state.abort import watch

#: Seconds between two looks at the limit and at requests to abort.
_INTERVAL = 0.1
#: Seconds between SIGTERM and SIGKILL. ``docker compose run`` passes SIGTERM on to its container.
_GRACE = 10.0


def run(
    command: Sequence[str],
    timeout: float,
    cwd: str | None = None,
    environment: Mapping[str, str] | None = None,
    text: str | None = None,
) -> subprocess.CompletedProcess[str]:
    """Run a program and return its exit code and output.

    :param timeout: seconds that it may take. :param text: its standard input, which is empty by default.
    :raises OSError: if it cannot be started.
    :raises subprocess.TimeoutExpired: if it takes longer. Then it has ended. It has the output until then, as bytes.
    :raises RolloutFailed: if the rollout is aborted meanwhile. Then it has ended.
    """
    # Not AnsibleModule.run_command, which ansible-test expects here: a detached rollout has no AnsibleModule.
    with subprocess.Popen(  # pylint: disable=ansible-bad-function
        list(command),
        cwd=cwd,
        env=environment,
        stdin=subprocess.DEVNULL if text is None else subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
        start_new_session=True,
        preexec_fn=end_with_parent(),
    ) as process:
        try:
            out, err = _output(process, timeout, text)
        except BaseException:
            end(process)
            raise
        return subprocess.CompletedProcess(process.args, process.returncode, out, err)


def _output(process: subprocess.Popen[str], timeout: float, text: str | None) -> tuple[str, str]:
    deadline = time.monotonic() + timeout
    while True:
        left = deadline - time.monotonic()
        try:
            return process.communicate(text, timeout=max(0.0, min(_INTERVAL, left)))
        except subprocess.TimeoutExpired as expired:
            # All calls together send what the first one was given.
            text = None
            watch.check()
            if left <= 0:
                raise subprocess.TimeoutExpired(process.args, timeout, expired.output, expired.stderr) from None


def end(process: subprocess.Popen[Any]) -> None:
    """End a program and all programs of its process group: ask them, and kill those that are left."""
    _signal_group(process, signal.SIGTERM)
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(_GRACE)
    _signal_group(process, signal.SIGKILL)


def _signal_group(process: subprocess.Popen[Any], number: int) -> None:
    # Every process of the group may have ended.
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, number)

"""Containers that do nothing while their volume is read.

Place in the pipeline: target, for those who save.
"""

from __future__ import annotations

import contextlib
import subprocess
from collections.abc import Iterator, Sequence

from ansible_collections.slipway.stack.plugins.module_utils.engine import docker
from ansible_collections.slipway.stack.plugins.module_utils.state.journal import RolloutFailed


@contextlib.contextmanager
def quiet(mode: str, container_ids: Sequence[str]) -> Iterator[None]:
    """Pause or stop containers while their volume is read.

    They go on even if this process is killed: another process waits for the end of this one.
    """
    if mode == "running" or not container_ids:
        yield
        return
    before, after = {"paused": ("pause", "unpause"), "stopped": ("stop", "start")}[mode]
    script = f'cat >/dev/null; exec docker {after} "$@" >/dev/null 2>&1'
    # Not AnsibleModule.run_command, which ansible-test expects here: it waits for the end.
    with subprocess.Popen(  # pylint: disable=ansible-bad-function
        ["sh", "-c", script, "sh", *container_ids], stdin=subprocess.PIPE, start_new_session=True
    ) as guard:
        docker.run([before, *container_ids])
        try:
            yield
        finally:
            if guard.stdin:
                guard.stdin.close()
            guard.wait()
    if guard.returncode != 0:
        raise RolloutFailed(f"docker {after} failed for {', '.join(container_ids)}; {after} them by hand")

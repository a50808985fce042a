"""The last log lines of a container. The application decides what is in them, and how long they are.

Place in the pipeline: target, in the report of a failure.
"""

from __future__ import annotations

import subprocess
import threading

#: Limits: the bytes that are read, and the seconds that this may take.
_MAX_BYTES = 1024**2
_SECONDS = 30.0


def last_lines(container_id: str, lines: int, in_swarm: bool = False) -> list[str]:
    """Return the last log lines of a container, standard output and standard error together.

    :param lines: the number of lines, fewer if they are very long.
    :param in_swarm: whether the id is that of a service of a Swarm, see ``scheduled_services``.
    """
    try:
        # Not AnsibleModule.run_command, which ansible-test expects here: a detached rollout has no AnsibleModule.
        with subprocess.Popen(  # pylint: disable=ansible-bad-function
            ["docker", *(["service", "logs", "--raw"] if in_swarm else ["logs"]), "--tail", str(lines), container_id],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        ) as process:
            limit = threading.Timer(_SECONDS, process.kill)
            limit.start()
            try:
                content = process.stdout.read(_MAX_BYTES) if process.stdout else b""
            finally:
                limit.cancel()
                process.kill()
    except OSError as error:
        # The log is part of the report of another failure. That failure must stay visible.
        return [f"(the log cannot be read: {error})"]
    return content.decode("utf-8", "replace").splitlines()[-lines:]

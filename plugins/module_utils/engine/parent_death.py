"""Make a child process end when this process is killed.

Place in the pipeline: target, under ``program``. A killed rollout must not leave a command behind, which would go on
without the lease. The kernel sends the signal (prctl(2), PR_SET_PDEATHSIG), because ``kill -9`` lets no code run.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable

try:
    import ctypes
except ImportError:
    # A Python that was built without libffi. Its children outlive it, as before.
    ctypes = None  # type: ignore[assignment]

_PR_SET_PDEATHSIG = 1


def end_with_parent() -> Callable[[], None] | None:
    """Return a function for ``preexec_fn``, or ``None`` where it must not be used.

    A process with several threads must not run Python code between fork and exec.
    """
    if ctypes is None or threading.active_count() > 1:
        return None
    library, parent = ctypes.CDLL(None), os.getpid()

    def request() -> None:
        # SIGKILL: on SIGTERM `docker compose run` would stop its container.
        library.prctl(_PR_SET_PDEATHSIG, int(signal.SIGKILL))
        if os.getppid() != parent:
            # It has been killed before the request.
            os._exit(1)

    return request

"""Run a function in a process of its own that outlives this one, its session and its connection.

Place in the pipeline: target, between the controller's call and the rollout.
"""

from __future__ import annotations

import os
import traceback
from pathlib import Path
from typing import Callable


def detach(function: Callable[[], None], log: Path) -> None:
    """Start *function* in a detached process and return at once.

    Standard output and error go to *log*. Everything that *function* uses must be imported already: the archive that a
    module's code comes in is gone by the time it would be asked again. Open files are kept, a held lease among them.
    """
    child = os.fork()
    if child:
        os.waitpid(child, 0)
        return
    try:
        os.setsid()
        if os.fork():
            os._exit(0)
        os.chdir("/")
        os.umask(0o022)
        nothing = os.open(os.devnull, os.O_RDONLY)
        written = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        for source, target in ((nothing, 0), (written, 1), (written, 2)):
            os.dup2(source, target)
        function()
    except BaseException:
        traceback.print_exc()
        os._exit(1)
    os._exit(0)

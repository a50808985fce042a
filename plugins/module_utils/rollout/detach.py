"""Run a function in a detached process, which outlives this process, its session and its connection.

Place in the pipeline: target, between the module and the rollout.
"""

from __future__ import annotations

import contextlib
import os
import sys
import traceback
from pathlib import Path
from typing import Callable


def detach(function: Callable[[], None], log: Path, mask: Callable[[str], str] = str) -> None:
    """Start *function* in a detached process and return at once.

    Standard output and standard error go to *log*. Everything that *function* uses must be imported already: Ansible
    removes the archive with the code when the module ends. Open files stay open, and with them a held lease.

    :param mask: masks secrets in the traceback of an error.
    """
    child = os.fork()
    if child:
        os.waitpid(child, 0)
        return
    code = 0
    try:
        os.setsid()
        if os.fork():
            os._exit(0)
        os.chdir("/")
        os.umask(0o022)
        stdin = os.open(os.devnull, os.O_RDONLY)
        output = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        for source, target in ((stdin, 0), (output, 1), (output, 2)):
            os.dup2(source, target)
        function()
    except BaseException:
        code = 1
        print_traceback(mask)
    finally:
        # Whatever happens here, this process must not return into the module.
        os._exit(code)


def print_traceback(mask: Callable[[str], str] = str) -> None:
    """Print the traceback of the current exception. A log that cannot be written is no other failure.

    :param mask: masks secrets in a text: an error may have the output of a command.
    """
    with contextlib.suppress(OSError, ValueError):
        sys.stderr.write(mask(traceback.format_exc()))
        sys.stderr.flush()

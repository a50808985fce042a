"""Do something in the network of another process, such as the main process of a container.

Place in the pipeline: target, used to ask the edge from inside of its own network.
"""

from __future__ import annotations

import ctypes
import os
from collections.abc import Iterator
from contextlib import contextmanager

#: setns(2): the descriptor has to be of a network.
_NETWORK = 0x40000000


@contextmanager
def entered(pid: int) -> Iterator[None]:
    """Let this thread be in the network of a process. A socket that it opens there stays in that network.

    :raises OSError: if there is no such process, or the kernel refuses.
    """
    own = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
    try:
        other = os.open(f"/proc/{pid}/ns/net", os.O_RDONLY)
        try:
            _enter(other)
        finally:
            os.close(other)
        try:
            yield
        finally:
            _enter(own)
    finally:
        os.close(own)


def _enter(descriptor: int) -> None:
    if ctypes.CDLL(None, use_errno=True).setns(descriptor, _NETWORK) != 0:
        errno = ctypes.get_errno()
        raise OSError(errno, os.strerror(errno))

"""Which of several listeners on one port gets the new connections.

Place in the pipeline: target, under ``traefik``. Sockets that share a port (``SO_REUSEPORT``) are a group, over which
the kernel deals out connections by chance, or by a program that says the number of a listener (``socket(7)``,
``SO_ATTACH_REUSEPORT_CBPF``). The program belongs to the group and goes with its last socket; where it names a
listener that is not there the kernel deals by chance again, so nothing is lost when whoever set it dies.
"""

from __future__ import annotations

import ctypes
import os
import re
import socket
import struct
from collections.abc import Iterator
from pathlib import Path

#: pidfd_getfd(2), the same number on every architecture; Linux 5.6.
_PIDFD_GETFD = 438
_ATTACH_REUSEPORT_CBPF = 51
#: BPF_RET | BPF_K: the whole program is to return a number.
_RETURN = 0x06
_LISTENING = "0A"


def prefer(pid: int, port: int, number: int) -> None:
    """Have all new connections of *port* go to one of its listeners.

    :param pid: a process that listens there; the group is that of its socket.
    :param number: of the listener, in the order in which they began to listen, from 0.
    :raises OSError: when the process does not listen there, or the kernel refuses.
    """
    found = list(_listeners(pid, port))
    if not found:
        raise OSError(f"process {pid} does not listen on port {port}")
    instruction = ctypes.create_string_buffer(struct.pack("HBBI", _RETURN, 0, 0, number))
    program = struct.pack("HP", 1, ctypes.addressof(instruction))
    for descriptor in found:
        with _borrowed(pid, descriptor) as listener:
            listener.setsockopt(socket.SOL_SOCKET, _ATTACH_REUSEPORT_CBPF, program)


def _listeners(pid: int, port: int) -> Iterator[int]:
    """Yield the descriptors that a process has of sockets that listen on *port*."""
    inodes = {
        fields[9]
        for table in ("tcp", "tcp6")
        for fields in map(str.split, Path(f"/proc/{pid}/net/{table}").read_text(encoding="ascii").splitlines()[1:])
        if fields[3] == _LISTENING and int(fields[1].rsplit(":", 1)[1], 16) == port
    }
    for path in Path(f"/proc/{pid}/fd").iterdir():
        try:
            match = re.fullmatch(r"socket:\[(\d+)\]", os.readlink(path))
        except FileNotFoundError:
            # Closed meanwhile.
            continue
        if match and match[1] in inodes:
            yield int(path.name)


def _borrowed(pid: int, descriptor: int) -> socket.socket:
    """Return a socket of another process as one of this one."""
    process = os.pidfd_open(pid)
    try:
        own = ctypes.CDLL(None, use_errno=True).syscall(_PIDFD_GETFD, process, descriptor, 0)
    finally:
        os.close(process)
    if own < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return socket.socket(fileno=own)

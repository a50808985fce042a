"""Choose which of several listeners on one port gets the new connections.

Place in the pipeline: target, used by ``traefik``. Sockets that share a port (``SO_REUSEPORT``) are a group. The kernel
distributes new connections over the group at random, or asks a program for the index of a listener (``socket(7)``,
``SO_ATTACH_REUSEPORT_CBPF``). The program belongs to the group and is removed with its last socket. If the index does
not exist, the kernel distributes at random again. So no connection is lost if the process that set the program dies.
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
#: BPF_RET | BPF_K: the whole program is one instruction that returns a constant.
_RETURN = 0x06
_LISTENING = "0A"


def prefer(pid: int, port: int, index: int) -> None:
    """Send all new connections of *port* to one of its listeners.

    :param pid: a process that listens on the port. Its socket selects the group.
    :param index: the index of the listener, from 0, in the order in which they started to listen.
    :raises OSError: if the process does not listen on the port, or the kernel refuses.
    """
    descriptors = list(_listening_descriptors(pid, port))
    if not descriptors:
        raise OSError(f"process {pid} does not listen on port {port}")
    instruction = ctypes.create_string_buffer(struct.pack("HBBI", _RETURN, 0, 0, index))
    program = struct.pack("HP", 1, ctypes.addressof(instruction))
    for descriptor in descriptors:
        with _duplicate_socket(pid, descriptor) as listener:
            listener.setsockopt(socket.SOL_SOCKET, _ATTACH_REUSEPORT_CBPF, program)


def _listening_descriptors(pid: int, port: int) -> Iterator[int]:
    """Yield the file descriptors of a process for sockets that listen on *port*."""
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
            # It was closed after the listing.
            continue
        if match and match[1] in inodes:
            yield int(path.name)


def _duplicate_socket(pid: int, descriptor: int) -> socket.socket:
    """Return a socket of another process as a socket of this process."""
    process = os.pidfd_open(pid)
    try:
        duplicate = ctypes.CDLL(None, use_errno=True).syscall(_PIDFD_GETFD, process, descriptor, 0)
    finally:
        os.close(process)
    if duplicate < 0:
        errno = ctypes.get_errno()
        raise OSError(errno, os.strerror(errno))
    return socket.socket(fileno=duplicate)

"""The public addresses of this host, of which another host can be sure that nobody else has them.

Place in the pipeline: target, read-only, for ``verify``. A container whose port is published for all addresses answers
at every one of them, IPv6 included, although people often think of one only.
"""

from __future__ import annotations

import contextlib
import fcntl
import ipaddress
import socket
import struct
from pathlib import Path

_IPV6 = Path("/proc/net/if_inet6")
#: Linux: ``SIOCGIFADDR``, which asks for the first IPv4 address of an interface.
_FIRST_ADDRESS = 0x8915


def public() -> list[str]:
    """Return the public addresses of this host; none if it has private ones only."""
    found = [address for _index, name in socket.if_nameindex() for address in _ipv4(name)]
    # A kernel without IPv6 does not have the file.
    with contextlib.suppress(OSError):
        found += ipv6(_IPV6.read_text(encoding="ascii"))
    return [address for address in dict.fromkeys(found) if ipaddress.ip_address(address).is_global]


def ipv6(table: str) -> list[str]:
    """Return the addresses in the text of ``/proc/net/if_inet6``: in each line the first word, in 32 digits."""
    words = (line.split() for line in table.splitlines())
    return [str(ipaddress.IPv6Address(int(word[0], 16))) for word in words if word]


def _ipv4(interface: str) -> list[str]:
    """Return the first IPv4 address of an interface, if it has one."""
    request = struct.pack("256s", interface.encode()[:15])
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asked:
        try:
            return [socket.inet_ntoa(fcntl.ioctl(asked.fileno(), _FIRST_ADDRESS, request)[20:24])]
        except OSError:
            return []

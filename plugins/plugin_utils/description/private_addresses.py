"""The private address of a host, ``stack_address``: what other hosts of the stack connect to.

Place in the pipeline: description, and everything that connects hosts. Pure.
"""

from __future__ import annotations

import ipaddress


def private_address(host: str, text: str) -> str:
    """Return the private address of a host, in the usual notation.

    :param text: ``stack_address`` of the host; not empty.
    :raises ValueError: if that is no IP address, or not one of a private network, with host and value.
    """
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        raise ValueError(f"host {host!r}: stack_address: {text!r} is no IP address; write 10.0.0.2") from None
    if address.is_global or address.is_loopback or address.is_link_local or address.is_unspecified:
        raise ValueError(
            f"host {host!r}: stack_address: {text} is not the address of a private network, so anybody could reach "
            "what is published there"
        )
    return str(address)

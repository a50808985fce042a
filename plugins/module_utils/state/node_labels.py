"""The labels of the nodes of a Swarm, which say what the inventory says of their hosts.

Place in the pipeline: everywhere. Pure.
"""

from __future__ import annotations

#: The label with the name of the host.
HOST_LABEL = "slipway.host"
#: What the label of a group begins with. Its value is ``true``.
GROUP_LABEL = "slipway.group."

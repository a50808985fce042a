"""Options about data services: which may be down, and which keep other data than the description says."""

from __future__ import annotations


class ModuleDocFragment:
    """Documentation fragment ``slipway.stack.downtime``."""

    DOCUMENTATION = r"""
options:
  allow_downtime:
    description:
      - Names of data services that may be down while they are replaced.
      - A change to any other data service is refused. Its image stays at the digest that it has.
    type: list
    elements: str
    default: []
  changed_in_data:
    description:
      - Names of databases whose user, password or database you have changed in the data, too.
      - A change in the description alone is refused, because no service could log in.
    type: list
    elements: str
    default: []
"""

    #: ``slipway.stack.downtime.data``: what a rollout does with the data before it replaces anything.
    DATA = r"""
options:
  backup:
    description:
      - Whether to save the data of the live release first, if this rollout runs a release job or replaces a data
        service. If that fails, the rollout fails and has changed nothing.
    type: bool
    default: false
  data_back:
    description:
      - Data services that get the data back that they had before the last upgrade to another major version. What was
        written since then is put aside.
    type: list
    elements: str
    default: []
"""

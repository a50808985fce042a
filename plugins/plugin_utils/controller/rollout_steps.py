"""The steps of a rollout in which hosts go together, or one host with hooks: verbs and hooks in their order. Pure.

Place in the pipeline: controller, before a rollout begins. The role ``deploy`` has a file of tasks for each step.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from ansible_collections.slipway.stack.plugins.plugin_utils.controller.deploy_hooks import Hook

Step = dict[str, Any]


def steps(hooks: Sequence[Hook], stages: int, batches: Sequence[Sequence[str]]) -> dict[str, list[Step]]:
    """Return the steps ``until_proven``, in which a failure reverts every host, the ``last`` ones, and ``reverted``.

    A step says in ``do`` what it is, and has the ``stage``, the ``hosts`` or the ``hook`` that this takes.

    :param stages: the number of groups of hosts that begin one after the other.
    :param batches: the hosts that switch at the same time.
    """

    def at(point: str) -> Iterator[Step]:
        for hook in hooks:
            if hook.at == point:
                yield {"do": "hook", "name": hook.name, "hook": hook.plain()}

    begin: list[Step] = [{"do": "stage", "name": "begin", "stage": stage} for stage in range(stages)]
    switch: list[Step] = [{"do": "switch", "name": ", ".join(batch), "hosts": list(batch)} for batch in batches]
    return {
        "until_proven": [
            *at("before_begin"),
            *begin,
            *at("after_begin"),
            *at("before_prepare"),
            {"do": "prepare", "name": "prepare"},
            *at("after_prepare"),
            *at("before_switch"),
            *switch,
            *at("after_switch"),
            *at("before_finalize"),
        ],
        "last": [{"do": "finalize", "name": "finalize"}, *at("after_finalize")],
        "reverted": list(at("after_revert")),
    }

"""Which host tells about a rollout of several hosts."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.slipway.stack.plugins.plugin_utils.controller.telling_host import choose


def _stages(**stages: int) -> dict[str, Any]:
    return {name: {"stack_release": {"stage": stage}} for name, stage in stages.items()}


@pytest.mark.parametrize(
    ("variables", "host"),
    [
        ({"inventory_hostname": "app1"}, "app1"),
        ({"ansible_play_hosts": ["app2", "app3"], "ansible_play_hosts_all": ["app1", "app2", "app3"]}, "app2"),
        ({"ansible_play_hosts": ["app", "db"], "hostvars": _stages(app=1, db=0)}, "db"),
        ({"ansible_play_hosts": ["app1", "app2"], "hostvars": _stages(app1=0, app2=0)}, "app1"),
        ({"ansible_play_hosts": ["app1", "app2"], "hostvars": {"app1": {"stack_release": None}}}, "app1"),
    ],
)
def test_the_first_host_of_the_first_stage_that_gets_the_release(variables: dict[str, Any], host: str) -> None:
    assert choose(variables) == host

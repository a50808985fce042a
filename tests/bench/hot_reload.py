"""Time hot reload: the example application in a checkout, its backend and an open page."""

from __future__ import annotations

import os
import subprocess

from tests.bench.figures import Contest
from tests.bench.server import ROOT, STATE
from tests.support import sources
from tests.support.hot_reload import BROWSER, Checkout

_CHECKOUT = STATE / "checkout"
_SCENARIO = ROOT / "molecule/workspace"
_AIMS = {"a file of the backend": "below 1 s"}


def measure(rounds: int) -> Contest:
    """Return the seconds from saving a file until it is visible through the edge, *rounds* times each."""
    sources.remove(_CHECKOUT)
    sources.copy(_CHECKOUT)
    try:
        subprocess.run(["docker", "build", "--quiet", "--tag", BROWSER, str(_SCENARIO / "browser")], check=True)
        subprocess.run(
            [
                "ansible-playbook",
                "--inventory=nowhere,",
                f"--extra-vars=@{_SCENARIO / 'group_vars/all.yml'}",
                f"--extra-vars=workspace_path={_CHECKOUT}",
                "--extra-vars=stack_hosts=all",
                str(ROOT / "playbooks/workspace.yml"),
            ],
            check=True,
            cwd=ROOT,
            env={**os.environ, "MOLECULE_PROJECT_DIRECTORY": str(ROOT)},
        )
        checkout = Checkout(_CHECKOUT)
        with checkout.up():
            backend = checkout.backend_seconds(rounds)
            page, facts = checkout.page_seconds(rounds)
        assert all(fact["kept"] for fact in facts[1:]), facts
    finally:
        sources.remove(_CHECKOUT)
    taken = {"a file of the backend": backend, "a file of the page": page}
    return Contest("from saving a file to seeing it", taken, None, _AIMS)

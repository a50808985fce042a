"""`uvicorn --reload` that keeps the libraries loaded, so that a saved file costs loading the application alone.

Written by playbooks/workspace.yml. uvicorn starts a new process for each change and a new process imports everything,
which takes a second and more for an application of usual size. Here a server process imports the libraries once, and
each new process is its fork (the start method `forkserver` of multiprocessing). The application itself is imported by
the fork and by nobody before. Arguments are uvicorn's.
"""

from __future__ import annotations

import json
import multiprocessing
import subprocess
import sys

#: Imports the application as uvicorn would and prints the names of all modules that are not its own.
PROBE = """
import json, os, sys
import uvicorn
config = uvicorn.Config(sys.argv[1])
config.load()
own = os.path.join(os.getcwd(), "")
def is_own(module):
    path = getattr(module, "__file__", None) or ""
    return path.startswith(own) and "site-packages" not in path
print()
print(json.dumps([name for name, module in list(sys.modules.items()) if name != "__main__" and not is_own(module)]))
"""


def libraries(application: str) -> list[str]:
    """Return the modules that an application uses beside its own; none where it cannot be imported."""
    probe = subprocess.run(
        [sys.executable, "-c", PROBE, application],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        check=False,
    )
    if probe.returncode != 0:
        return []
    names: list[str] = json.loads(probe.stdout.splitlines()[-1])
    return names


if __name__ == "__main__":
    # The container of the application has it.
    import uvicorn
    from uvicorn import _subprocess

    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(libraries(sys.argv[1]))
    # The start method is not among uvicorn's settings.
    _subprocess.spawn = context
    uvicorn.main()

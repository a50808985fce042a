"""The command ``python3 plugins/plugin_utils/policy FILE...``, which checks Compose files without Ansible.

Python does not import a directory that is started by its path as a package. The relative imports need a package, so
this module sets its name and the import path.
"""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

if not __package__:
    sys.path[0] = str(Path(__file__).resolve().parents[2])
    __package__ = "plugin_utils.policy"

if __name__ == "__main__":
    sys.exit(importlib.import_module(f"{__package__}.cli").main())

"""``python3 plugins/plugin_utils/policy FILE...``: the review on a command line, without Ansible.

Started by its path this is no package: it is made one here, below the directory that has ``plugin_utils``.
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

"""Whether tests run in their long form, as `make test-long` does: with ROLLOUT_LONG in the environment."""

from __future__ import annotations

import os

import pytest

LONG = bool(os.environ.get("ROLLOUT_LONG"))
#: For tests that are in the long form only.
ONLY_LONG = pytest.mark.skipif(not LONG, reason="part of make test-long")

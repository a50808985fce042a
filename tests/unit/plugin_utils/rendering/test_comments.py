"""Comments in a Compose file: each directly above its key, and nowhere else."""

from __future__ import annotations

import yaml
from ansible_collections.slipway.stack.plugins.plugin_utils.rendering import comments

from tests.support.descriptions import documents, example, parcel

TEXT = """\
services:
  web:
    command:
    - |
      command: not this one
    image: a:1
  command:
    image: b:1
networks:
  data:
    internal: true
"""


def test_a_comment_is_above_its_key() -> None:
    found = comments.annotate(TEXT, {("services", "web"): {"command": "Why."}, ("networks", "data"): {"": "Closed."}})
    assert found == TEXT.replace("    command:\n    -", "    # Why.\n    command:\n    -").replace(
        "  data:", "  # Closed.\n  data:"
    )


def test_a_long_comment_is_wrapped() -> None:
    found = comments.annotate(TEXT, {("services", "web"): {"image": "word " * 50}})
    lines = [line for line in found.splitlines() if line.lstrip().startswith("#")]
    assert len(lines) > 1
    assert max(map(len, found.splitlines())) <= 110
    assert yaml.safe_load(found) == yaml.safe_load(TEXT)


def test_a_release_explains_surprising_values() -> None:
    text = parcel(example()).files["compose.yaml"]
    lines = [line.strip() for line in text.splitlines()]
    assert lines[lines.index("stop_signal: SIGQUIT") - 1].startswith(
        "# nginx finishes the requests in flight on SIGQUIT"
    )
    assert lines[lines.index("network_mode: service:edge-pod") - 1].startswith(
        "# Ports and networks are those of the pod"
    )
    assert lines[lines.index("internal: true") - 2].startswith("# No way out of it")
    assert lines[lines.index("profiles: [release]") - 1].startswith("# `docker compose up` leaves it alone")
    assert documents(example())[0]["services"]["edge"]["stop_signal"] == "SIGQUIT"

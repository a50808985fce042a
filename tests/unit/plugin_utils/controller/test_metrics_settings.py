"""The settings of the monitoring: what is refused before a host is asked."""

from __future__ import annotations

import pytest
from ansible_collections.slipway.stack.plugins.plugin_utils.controller.metrics_settings import check_metrics


def test_a_directory_and_none() -> None:
    check_metrics("/var/lib/prometheus/node-exporter", 15)
    check_metrics("", 60)


@pytest.mark.parametrize(
    ("directory", "every", "said"),
    [
        ("node-exporter", 60, "monitoring_metrics_directory: 'node-exporter' is not an absolute path on the host"),
        ("/srv", 14, "monitoring_metrics_every: 14 is not at least 15 seconds"),
    ],
)
def test_what_cannot_be_is_refused(directory: str, every: int, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        check_metrics(directory, every)

"""The text format of Prometheus: metrics with their help and type, as node_exporter reads them from a file. Pure.

Place in the pipeline: target, under :mod:`measuring`. The format: prometheus.io, "Exposition formats".
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

#: Longest value of a label in characters. A version is a text that anybody may have written.
_LONGEST = 200


@dataclass(frozen=True)
class Gauge:
    """A metric with its samples: the labels of each, and its value."""

    name: str
    help: str
    samples: tuple[tuple[Mapping[str, str], float], ...]


def text(gauges: Iterable[Gauge]) -> str:
    """Return the content of a file. A metric without a sample is left out."""
    lines = []
    for gauge in gauges:
        if gauge.samples:
            lines += [f"# HELP {gauge.name} {_escaped(gauge.help)}", f"# TYPE {gauge.name} gauge"]
            lines += [f"{gauge.name}{{{_labels(labels)}}} {_number(value)}" for labels, value in gauge.samples]
    return "".join(f"{line}\n" for line in lines)


def _labels(labels: Mapping[str, str]) -> str:
    return ",".join(f'{name}="{_quoted(value[:_LONGEST])}"' for name, value in labels.items())


def _quoted(value: str) -> str:
    # What is no text would make the whole file invalid.
    valid = value.encode("utf-8", "replace").decode()
    return _escaped(valid).replace('"', r"\"")


def _escaped(value: str) -> str:
    return value.replace("\\", r"\\").replace("\n", r"\n")


def _number(value: float) -> str:
    return str(int(value)) if value == int(value) else repr(float(value))

"""Prometheus' text format, read for the few numbers that the pages show."""

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Final, NamedTuple

_LINE: Final = re.compile(r"([a-z_]+)(?:\{(.*)\})? (\S+)")
_LABEL: Final = re.compile(r'([a-z_]+)="((?:[^"\\]|\\.)*)"')


class Sample(NamedTuple):
    """One number with its labels."""

    name: str
    labels: Mapping[str, str]
    value: float


def samples(text: str, names: Collection[str]) -> Iterator[Sample]:
    """Give the samples of these metrics; lines that are none are passed over."""
    for line in text.splitlines():
        match = _LINE.fullmatch(line)
        if match and match[1] in names:
            yield Sample(match[1], dict(_LABEL.findall(match[2] or "")), float(match[3]))

"""The pipeline's picture: where each service and each topic stands in it, and what is written there.

An order travels from the left to the right; billing and inventory work on it at once, which is why one stands above
the other.  Outside parties stand at the rim, above or below whom they speak with.  A service that has no place there
stands below them, with the topics that it hears and writes beside it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Final

from services.console.core.instances import Together
from services.console.core.trends import sparkline, thinned
from services.console.core.wording import duration, number, rate

BOX_WIDTH, BOX_HEIGHT, RIM_HEIGHT = 196, 116, 28
TREND_WIDTH, TREND_HEIGHT, TREND_POINTS = 74, 20, 40
FLOWS_ABOVE: Final = 0.01  # messages a second

_COLUMNS: Final = (16, 343, 670, 997)
_TOP, _MIDDLE, _BOTTOM = 74, 160, 246
_RIM_TOP, _RIM_BOTTOM = 6, 404
_HEIGHT, _MARGIN = 440, 8
_ROW_COLUMNS, _ROW_GAP = _COLUMNS[::2], 24  # between two boxes there is room for the longest name of a topic
_BESIDE, _ARROW, _TIP = 28, 28, 6  # of topics beside a box: from one to the next, their arrows, and what a tip needs
_SERVICES: Final = {
    "intake": (_COLUMNS[0], _MIDDLE),
    "billing": (_COLUMNS[1], _TOP),
    "inventory": (_COLUMNS[1], _BOTTOM),
    "fulfillment": (_COLUMNS[2], _BOTTOM),
    "shipping": (_COLUMNS[3], _BOTTOM),
    "notifications": (_COLUMNS[3], _TOP),
}
_RIM: Final = (
    ("channels", _COLUMNS[0], _RIM_TOP),
    ("payment provider, bank", _COLUMNS[1], _RIM_TOP),
    ("customers", _COLUMNS[3], _RIM_TOP),
    ("suppliers", _COLUMNS[1], _RIM_BOTTOM),
    ("warehouse floor", _COLUMNS[2], _RIM_BOTTOM),
    ("carriers", _COLUMNS[3], _RIM_BOTTOM),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Line:
    """A topic's way from who writes it to who reads it; where its name stands, or none where it stands elsewhere."""

    topic: str
    path: str
    label: tuple[int, int] | None = None
    is_beside: bool = False


_LINES: Final = (
    _Line(topic="channel-orders", path="M60 34V154", label=(66, 84), is_beside=True),
    _Line(topic="channel-updates", path="M166 160V40", label=(172, 72), is_beside=True),
    _Line(topic="intake-orders", path="M212 182C290 182 270 118 337 118", label=(248, 124)),
    _Line(topic="intake-orders", path="M212 254C290 254 270 322 337 322", label=(248, 320)),
    _Line(topic="billing-accounts", path="M343 146C290 146 282 199 218 199"),
    _Line(topic="inventory-allocations", path="M343 292C290 292 282 237 218 237"),
    _Line(topic="billing-accounts", path="M539 120H991", label=(768, 116)),
    _Line(topic="payment-notices", path="M400 34V68", label=(406, 50), is_beside=True),
    _Line(topic="inventory-allocations", path="M539 304H664", label=(601, 300)),
    _Line(topic="fulfillment-work", path="M866 304H991", label=(928, 300)),
    _Line(topic="shipping-shipments", path="M1050 246V230Q1050 218 1038 218H218", label=(768, 214)),
    _Line(topic="shipping-shipments", path="M492 218Q480 218 480 206V196"),
    _Line(topic="shipping-shipments", path="M1120 246V196"),
    _Line(topic="notification-messages", path="M1054 74V40", label=(1060, 54), is_beside=True),
    _Line(topic="supplier-notices", path="M363 404V368", label=(369, 384), is_beside=True),
    _Line(topic="inventory-purchases", path="M484 362V398", label=(490, 384), is_beside=True),
    _Line(topic="floor-scans", path="M700 404V368", label=(706, 384), is_beside=True),
    _Line(topic="fulfillment-work", path="M800 362V398"),
    _Line(topic="carrier-tracking", path="M1030 404V368", label=(1036, 384), is_beside=True),
    _Line(topic="shipping-shipments", path="M1150 362V398"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """A service's box."""

    name: str
    x: int
    y: int
    state: str
    tone: str
    rate: str
    trend: str
    lag: str
    is_behind: bool
    waits: str
    early: str
    dead: str
    is_blocked: bool
    timers: str
    lag_s: str
    oldest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Rim:
    """An outside party's box."""

    name: str
    x: int
    y: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Edge:
    """A topic's line."""

    topic: str
    writer: str
    path: str
    flows: bool
    rate: str
    label_x: int | None
    label_y: int | None
    is_beside: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawing:
    """All of it, and how high it is."""

    height: int
    nodes: Sequence[Node]
    rims: Sequence[Rim]
    edges: Sequence[Edge]


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """A service as it was seen, with what only the broker and time tell, and its topics as declared."""

    service: Together
    lag: int
    rate: float | None
    trend: Sequence[float]
    hears: Sequence[str] = ()
    writes: Sequence[str] = ()


def drawing(services: Mapping[str, Measured], rates: Mapping[str, float | None], writers: Mapping[str, str]) -> Drawing:
    """Draw the pipeline with its numbers."""
    below, lines, height = _below({name: each for name, each in services.items() if name not in _SERVICES})
    return Drawing(
        height=height,
        nodes=[_node(name, at, services[name]) for name, at in (_SERVICES | below).items() if name in services],
        rims=[Rim(name=name, x=x, y=y) for name, x, y in _RIM],
        edges=[_edge(line, rates.get(line.topic), writers.get(line.topic, "outside")) for line in (*_LINES, *lines)],
    )


def _below(services: Mapping[str, Measured]) -> tuple[dict[str, tuple[int, int]], list[_Line], int]:
    """Find places for services that have none, and lines for their topics; tell how high the picture becomes."""
    places, lines, height = dict[str, tuple[int, int]](), list[_Line](), _HEIGHT
    names = list(services)
    for begin in range(0, len(names), len(_ROW_COLUMNS)):
        y, bottom = height + _ROW_GAP, height + _ROW_GAP + BOX_HEIGHT
        for x, name in zip(_ROW_COLUMNS, names[begin:], strict=False):
            places[name] = (x, y)
            beside = _beside(x + BOX_WIDTH, y, services[name])
            lines += beside
            bottom = max(bottom, y + _BESIDE * len(beside))
        height = bottom + _MARGIN
    return places, lines, height


def _beside(x: int, y: int, service: Measured) -> list[_Line]:
    """Let the topics of a service stand to the right of its box, what it hears above what it writes."""
    ways = [(topic, x + _ARROW, x + _TIP) for topic in service.hears]
    ways += [(topic, x, x + _ARROW - _TIP) for topic in service.writes]
    levels = count(y + _BESIDE // 2, _BESIDE)
    return [
        _Line(topic=topic, path=f"M{begin} {level}H{end}", label=(x + _ARROW + _TIP, level - 2), is_beside=True)
        for (topic, begin, end), level in zip(ways, levels, strict=False)
    ]


def _node(name: str, at: tuple[int, int], measured: Measured) -> Node:
    service = measured.service
    state, tone = _state(service)
    return Node(
        name=name,
        x=at[0],
        y=at[1],
        state=state,
        tone=tone,
        rate=rate(measured.rate),
        trend=sparkline(thinned(measured.trend, TREND_POINTS), TREND_WIDTH, TREND_HEIGHT),
        lag=number(measured.lag),
        is_behind=measured.lag > 0,
        waits=number(service.waits),
        early=number(service.early),
        dead=number(service.dead),
        is_blocked=service.dead > 0,
        timers=number(service.timers),
        lag_s=duration(service.lag_s),
        oldest=duration(service.longest_s),
    )


def _state(service: Together) -> tuple[str, str]:
    if not service.instances:
        return "not watched", "muted"
    if service.is_ready:
        return ("ready" if service.instances == 1 else f"{service.instances} ready"), "good"
    return f"{service.ready} of {service.instances} ready", "bad"


def _edge(line: _Line, per_s: float | None, writer: str) -> Edge:
    x, y = line.label or (None, None)
    return Edge(
        topic=line.topic,
        writer=writer,
        path=line.path,
        flows=(per_s or 0) > FLOWS_ABOVE,
        rate=rate(per_s),
        label_x=x,
        label_y=y,
        is_beside=line.is_beside,
    )

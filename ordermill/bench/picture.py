"""The results as a picture in plain SVG: rates, what an order costs, how long it takes, and who does the work."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from html import escape
from itertools import accumulate

from ordermill.bench.results import APART, SERVERS, Part, Results

WIDTH, MARGIN, GAP = 1060, 30, 50
PANEL = (WIDTH - 2 * MARGIN - GAP) / 2
LABELS, VALUES = 120, 118  # room beside the bars
BAR, STEP, HEAD = 20, 32, 46
TEAL, BLUE, AMBER, GREY = "#0f766e", "#3b6fb6", "#d9962b", "#c3cbd3"
COLOURS = {"services": TEAL, "PostgreSQL": BLUE, "Kafka": AMBER}
FORMS = ("floor", "pipeline", "naive")
STYLE = """
text{font-family:system-ui,-apple-system,"Segoe UI","DejaVu Sans",sans-serif;font-size:13px;fill:#1f2933}
.title{font-size:20px;font-weight:600} .head{font-size:15px;font-weight:600} .sub{font-size:11.5px;fill:#52606d}
.name{text-anchor:end} .ours{font-weight:600} .range{stroke:#0f766e;stroke-width:2}
"""


def draw(results: Results) -> str:
    """The whole picture; what was not measured is left out."""
    panels = [
        panel
        for panel in (
            rates(results.parts), costs(results.parts), times(results.parts.get("half-load")),
            work(results.parts.get("pipeline")),
        )
        if panel
    ]  # fmt: skip
    shapes: list[str] = []
    top, bottom = 92.0, 92.0
    for place, panel in enumerate(panels):
        if place % 2 == 0:
            top = bottom
        left = MARGIN + (place % 2) * (PANEL + GAP)
        shapes += [f'<g transform="translate({left:.0f} {top:.0f})">', *panel.shapes, "</g>"]
        bottom = max(bottom, top + panel.height + 26)
    made = results.made
    heading = f"{made['orders']:,} orders a run, medians of {made['rounds']} rounds · {made['machine']}"
    return "\n".join([
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {bottom:.0f}" role="img">',
        "<title>What an order costs, beside the least it could</title>",
        f"<style>{STYLE}</style>",
        f'<rect width="{WIDTH}" height="{bottom:.0f}" fill="#ffffff"/>',
        _text(MARGIN, 40, "What an order costs, beside the least it could", "title"),
        _text(MARGIN, 62, f"{heading} · commit {made['commit']}", "sub"),
        *shapes,
        "</svg>\n",
    ])  # fmt: skip


class Panel:
    """Rows of bars below a heading."""

    def __init__(self, head: str, sub: str) -> None:
        self.shapes = [_text(0, 0, head, "head"), _text(0, 18, sub, "sub")]
        self._rows = 0

    @property
    def height(self) -> float:
        """How far it reaches."""
        return HEAD + self._rows * STEP

    def legend(self, colours: Mapping[str, str]) -> None:
        """Say which colour is what, to the right of the heading."""
        left = PANEL - 90.0 * len(colours)
        for name, colour in colours.items():
            self.shapes += [_rect(left, -10, 11, 11, colour), _text(left + 16, 0, name, "sub")]
            left += 90.0

    def bar(self, name: str, parts: Iterable[tuple[float, str]], value: str, *, is_ours: bool = False) -> None:
        """One row: pieces of a bar as shares of the whole room; what is longer is torn off at its end."""
        y, room = HEAD + self._rows * STEP, PANEL - LABELS - VALUES
        pieces = list(parts)
        ends = [min(end, 1.0) for end in accumulate(share for share, _ in pieces)]
        self._rows += 1
        self.shapes.append(_text(LABELS - 12, y + 15, name, "name ours" if is_ours else "name"))
        for begin, end, (_, colour) in zip([0.0, *ends], ends, pieces, strict=False):
            if end > begin:
                self.shapes.append(_rect(LABELS + begin * room, y, (end - begin) * room, BAR, colour))
        if sum(share for share, _ in pieces) > 1:
            self.shapes.append(_tear(LABELS + room - 16, y))
        self.shapes.append(_text(LABELS + ends[-1] * room + 8, y + 15, value, "ours" if is_ours else ""))

    def range(self, name: str, low: float, high: float, value: str) -> None:
        """One row: from a dot to a stroke."""
        y, room = HEAD + self._rows * STEP, PANEL - LABELS - VALUES
        begin, end = LABELS + low * room, LABELS + high * room
        self._rows += 1
        self.shapes += [
            _text(LABELS - 12, y + 15, name, "name"),
            _rect(LABELS, y + 4, begin - LABELS, BAR - 8, TEAL),
            f'<path class="range" d="M{begin:.1f} {y + 10:.1f}H{end:.1f}M{end:.1f} {y + 4:.1f}v12"/>',
            _text(end + 8, y + 15, value, ""),
        ]


def rates(parts: Mapping[str, Part]) -> Panel | None:
    """Orders a second of each form."""
    found = {name: parts[name] for name in FORMS if name in parts}
    if not found:
        return None
    panel = Panel("Orders a second", "all of the machine; more is better")
    most = max(part.orders_a_second for part in found.values())
    for name, part in found.items():
        share, ours = part.orders_a_second / most, name == "pipeline"
        panel.bar(name, [(share, TEAL if ours else GREY)], f"{part.orders_a_second:,.0f}", is_ours=ours)
    return panel


def costs(parts: Mapping[str, Part]) -> Panel | None:
    """CPU of an order in each form, by who used it."""
    if "pipeline" not in parts:
        return None
    panel = Panel("CPU of an order", "services and servers; less is better")
    panel.legend(COLOURS)
    whole = max(parts[name].inside_us for name in FORMS[:2] if name in parts)
    for name, part in ((name, parts[name]) for name in FORMS if name in parts):
        used = (part.python_us, *map(part.of, SERVERS))
        pieces = [(us / whole, colour) for us, colour in zip(used, COLOURS.values(), strict=True)]
        panel.bar(name, pieces, _milliseconds(part.inside_us), is_ours=name == "pipeline")
    return panel


def times(part: Part | None) -> Panel | None:
    """How long an order takes at half load."""
    if part is None:
        return None
    rate = f"{part.orders_a_second:,.0f} a second over HTTP"
    panel = Panel("Time since placement at half load", f"{rate}; bar: half of all orders, stroke: 99 of 100")
    most = max(latency.p99 for latency in part.latency.values())
    for name, latency in part.latency.items():
        panel.range(name, latency.p50 / most, latency.p99 / most, latency.text)
    return panel


def work(part: Part | None) -> Panel | None:
    """Which process does the work, those that stand for the outside last and in grey."""
    if part is None:
        return None
    panel = Panel("CPU of an order by process", "grey: the simulated world and the load generator")
    most = max(part.cpu_us.values())
    for name, us in _ordered(part):
        panel.bar(name, [(us / most, _colour(name))], f"{us:,.0f} µs")
    return panel


def _ordered(part: Part) -> Iterator[tuple[str, float]]:
    inside = {name: us for name, us in part.cpu_us.items() if name not in APART}
    yield from sorted(inside.items(), key=lambda each: -each[1])
    yield from ((name, us) for name, us in part.cpu_us.items() if name in APART)


def _colour(name: str) -> str:
    return GREY if name in APART else dict(zip(SERVERS, (BLUE, AMBER), strict=True)).get(name, TEAL)


def _milliseconds(us: float) -> str:
    return f"{us / 1000:,.2f} ms"


def _text(x: float, y: float, text: str, kind: str) -> str:
    return f'<text class="{kind}" x="{x:.1f}" y="{y:.1f}">{escape(text)}</text>'


def _rect(x: float, y: float, width: float, height: float, colour: str) -> str:
    return f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" fill="{colour}"/>'


def _tear(x: float, y: float) -> str:
    """Two strokes through a bar that is longer than there is room."""
    return f'<path d="M{x:.1f} {y + BAR + 3:.1f}l7 {-BAR - 6}m5 0l-7 {BAR + 6}" stroke="#fff" stroke-width="3"/>'

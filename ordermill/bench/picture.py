"""The results as a picture in plain SVG: rates, what an order costs, how long it takes, and who does the work."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from html import escape
from itertools import accumulate

from ordermill.bench.results import APART, SERVERS, Part, Results

TITLE = "What an order costs, beside the least it could"
WIDTH, MARGIN, GAP, TOP, BETWEEN = 1060, 30, 50, 108, 34
PANEL = (WIDTH - 2 * MARGIN - GAP) / 2
LABELS, VALUES = 112, 122  # room beside the bars
ROOM = PANEL - LABELS - VALUES
HEAD, BAR, NARROW, SPACE, LETTER = 36, 22, 14, 10, 7
TEAL, BLUE, AMBER, GREY = "#0f766e", "#3b6fb6", "#d9962b", "#c3cbd3"
COLOURS = {"services": TEAL, "PostgreSQL": BLUE, "Kafka": AMBER}
RATIOS = {
    "rate_to_floor": "orders a second,\nto the floor's",
    "cpu_to_floor": "CPU of an order,\nto the floor's",
    "rate_to_naive": "orders a second,\nto the naive form's",
}
TIMES = "\N{MULTIPLICATION SIGN}"
FORMS = ("floor", "pipeline", "naive")
STYLE = """
text{font-family:system-ui,-apple-system,"Segoe UI","DejaVu Sans",sans-serif;font-size:13px;fill:#1f2933}
.title{font-size:20px;font-weight:600} .head{font-size:15px;font-weight:600} .sub{font-size:11.5px;fill:#52606d}
.name{text-anchor:end} .ours{font-weight:600} .large{font-size:26px;font-weight:600;fill:#0f766e}
.range{stroke:#0f766e;stroke-width:2} .tear{stroke:#fff;stroke-width:3}
"""


def draw(results: Results) -> str:
    """The whole picture; what was not measured is left out."""
    parts = results.parts
    ours = parts.get("pipeline")
    left = [rates(parts), times(parts.get("half-load")), ratios(results)]
    right = [costs(parts), work(ours)]
    columns = [_column(MARGIN, left), _column(MARGIN + PANEL + GAP, right)]
    height = max(bottom for _, bottom in columns)
    made = results.made
    heading = f"{made['orders']:,} orders a run, median of {made['rounds']} · {made['machine']} · {made['commit']}"
    return "\n".join([
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height:.0f}" role="img">',
        f"<title>{TITLE}</title>",
        f"<style>{STYLE}</style>",
        f'<rect width="{WIDTH}" height="{height:.0f}" fill="#ffffff"/>',
        _text(MARGIN, 42, TITLE, "title"),
        _text(MARGIN, 64, heading, "sub"),
        *(shape for shapes, _ in columns for shape in shapes),
        "</svg>\n",
    ])  # fmt: skip


def _column(left: float, panels: Iterable[Panel | None]) -> tuple[list[str], float]:
    """Panels below each other, and where they end."""
    shapes: list[str] = []
    bottom = float(TOP)
    for panel in panels:
        if panel:
            shapes += [f'<g transform="translate({left:.0f} {bottom:.0f})">', *panel.shapes, "</g>"]
            bottom += panel.height + BETWEEN
    return shapes, bottom


class Panel:
    """Rows of bars below a heading."""

    def __init__(self, head: str, sub: str, bar: int = BAR) -> None:
        self.shapes = [_text(0, 0, head, "head"), _text(0, 18, sub, "sub")]
        self.height = HEAD
        self._bar = bar

    def _row(self) -> int:
        """Where the next row begins."""
        self.height += self._bar + SPACE
        return self.height - self._bar - SPACE

    def legend(self, colours: Mapping[str, str]) -> None:
        """Say which colour is what, to the right of the heading."""
        x = PANEL
        for name, colour in reversed(list(colours.items())):
            x -= LETTER * len(name) + 34
            self.shapes += [_rect(x, -10, 11, 11, colour), _text(x + 17, 0, name, "sub")]

    def bar(self, name: str, parts: Iterable[tuple[float, str]], value: str, *, is_ours: bool = False) -> None:
        """One row: pieces of a bar as shares of the whole room; a longer one is torn, its pieces in proportion."""
        y, (shares, colours) = self._row(), zip(*parts, strict=True)
        ends = [LABELS + ROOM * end / max(1.0, sum(shares)) for end in accumulate(shares)]
        self._name(name, y, is_ours=is_ours)
        for begin, end, colour in zip([LABELS, *ends], ends, colours, strict=False):
            self.shapes.append(_rect(begin, y, end - begin, self._bar, colour))
        if sum(shares) > 1:
            self.shapes.append(_tear(LABELS + ROOM - 16, y, self._bar))
        self.shapes.append(_text(ends[-1] + 8, y + self._bar / 2 + 5, value, "ours" if is_ours else ""))

    def range(self, name: str, low: float, high: float, value: str) -> None:
        """One row: a bar up to one value, and a stroke up to another."""
        y, begin, end = self._row(), LABELS + low * ROOM, LABELS + high * ROOM
        middle = y + self._bar / 2
        self._name(name, y)
        self.shapes += [
            _rect(LABELS, y + 4, begin - LABELS, self._bar - 8, TEAL),
            f'<path class="range" d="M{begin:.1f} {middle:.1f}H{end:.1f}M{end:.1f} {middle - 6:.1f}v12"/>',
            _text(end + 8, middle + 5, value, ""),
        ]

    def numbers(self, numbers: Mapping[str, str]) -> None:
        """Large numbers beside each other, each with what it says in lines below."""
        for place, (said, number) in enumerate(numbers.items()):
            x = place * PANEL / len(numbers)
            self.shapes.append(_text(x, HEAD + 18, number, "large"))
            self.shapes += [_text(x, HEAD + 38 + 15 * n, line, "sub") for n, line in enumerate(said.split("\n"))]
        self.height += 60

    def _name(self, name: str, y: float, *, is_ours: bool = False) -> None:
        self.shapes.append(_text(LABELS - 12, y + self._bar / 2 + 5, name, "name ours" if is_ours else "name"))


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
    panel = Panel("CPU of an order by process", "grey: the simulated world and the load generator", NARROW)
    most = max(part.cpu_us.values())
    for name, us in _ordered(part):
        panel.bar(name, [(us / most, _colour(name))], f"{us:,.0f} µs")
    return panel


def ratios(results: Results) -> Panel | None:
    """How the forms compare."""
    found = results.ratios()
    numbers = {said: f"{found[name]:.2f} {TIMES}" for name, said in RATIOS.items() if name in found}
    if not numbers:
        return None
    panel = Panel("Compared in the same run", "which says more than any figure alone")
    panel.numbers(numbers)
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


def _tear(x: float, y: float, height: int) -> str:
    """Two strokes through a bar that is longer than there is room."""
    stroke = f"l7 {-height - 6}"
    return f'<path class="tear" d="M{x:.1f} {y + height + 3:.1f}{stroke}M{x + 6:.1f} {y + height + 3:.1f}{stroke}"/>'

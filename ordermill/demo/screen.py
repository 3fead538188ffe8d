"""What the demo shows while it runs: a table that changes in a terminal, lines elsewhere."""

from __future__ import annotations

import time
from types import TracebackType
from typing import Self

from rich.live import Live
from rich.table import Table

from ordermill.demo.watch import Watch
from ordermill.render import console, table

# Stage, what is counted, and which service does it.
STAGES = (
    ("received", "orders", "intake"),
    ("funds_secured", "orders", "billing"),
    ("released", "orders", "intake"),
    ("allocated", "orders", "inventory"),
    ("packed", "shipments", "fulfillment"),
    ("dispatched", "shipments", "shipping"),
    ("invoiced", "invoices", "billing"),
    ("delivered", "parcels", "shipping"),
    ("completed", "orders", "intake"),
    ("told", "mails", "notifications"),
)
LINE_EVERY_S = 2.0


class Screen:
    """Shows a watch."""

    def __init__(self) -> None:
        self._console = console()
        self._live: Live | None = None
        self._begun = time.monotonic()
        self._line_at = 0.0

    def __enter__(self) -> Self:
        """Take the terminal, if there is one."""
        if self._console.is_terminal:
            self._live = Live(console=self._console, auto_refresh=False)
            self._live.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Give it back."""
        if self._live:
            self._live.stop()

    def show(self, watch: Watch, *, last: bool = False) -> None:
        """Show how it stands."""
        if self._live:
            self._live.update(self._table(watch), refresh=True)
        elif last or time.monotonic() - self._line_at >= LINE_EVERY_S:
            self._line_at = time.monotonic()
            print(line_of(watch, self._elapsed), flush=True)

    def _table(self, watch: Watch) -> Table:
        newest = watch.newest
        rows: list[tuple[object, ...]] = [("placed", "orders", newest.published, None, "the channels", None)]
        rows += [
            (
                stage.replace("_", " "),
                what,
                watch.passed(stage),
                round(watch.rate(stage)),
                service,
                newest.lags.get(service, 0),
            )
            for stage, what, service in STAGES
        ]
        others = [state for state in ("held", "cancelled", "rejected") if watch.came_to(state)]
        rows += [(state, "orders", watch.came_to(state), None, None, None) for state in others]
        shown = table(["stage", "of", "count", "a second", "by", "lag"], rows, right=["count", "a second", "lag"])
        shown.caption = f"{self._elapsed:.1f} s"
        return shown

    @property
    def _elapsed(self) -> float:
        return time.monotonic() - self._begun


def line_of(watch: Watch, elapsed_s: float) -> str:
    """On one line; what is counted is named where it is not orders."""
    newest = watch.newest
    stages = "  ".join(
        f"{stage} {watch.passed(stage):,}{'' if what == 'orders' else f' {what}'}" for stage, what, _ in STAGES
    )
    rate = watch.rate("completed")
    return f"{elapsed_s:6.1f} s  placed {newest.published:,}  {stages}  {rate:,.0f} orders/s  lag {newest.lag:,}"

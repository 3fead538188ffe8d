"""The demo's end: orders by state, what was sent, what was earned, and whether everything ties."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from contracts.values import decimal_text
from ordermill.check import Finding, print_areas
from ordermill.demo.watch import ENDS, SQL, Watch
from ordermill.demo.workload import Workload
from ordermill.services import service_names

if TYPE_CHECKING:
    from chassis.postgres import Connection

RESTING = "select count(*) from {0}.later where reason = 'dead'"
# Accounts that tell a newcomer something; income stands as a credit, below zero in the books.
SHOWN = (
    ("revenue", "revenue", -1),
    ("carriage", "carriage", -1),
    ("discounts", "discounts", -1),
    ("cost_of_goods", "cost of goods", 1),
    ("tax_payable", "tax owed", -1),
    ("cash_in_transit", "cash at the provider", 1),
    ("bank", "cash at the bank", 1),
    ("receivable", "receivable", 1),
    ("customer_deposits", "deposits", -1),
)


@dataclass(frozen=True, slots=True)
class Summary:
    """How a run ended."""

    # Of this run.
    states: Mapping[str, int]
    # Of all runs: they share the goods, and the books.
    orders_before: int
    goods: Mapping[str, int]
    # By currency and account.
    money: Mapping[tuple[str, str], int]
    figures: Sequence[tuple[str, str]]
    unfinished: Sequence[Mapping[str, Any]]
    resting: int
    taken_s: float
    # Orders of this run that have not come to an end.
    waiting: int
    is_complete: bool
    # Programs that ended on the way.
    dead: Sequence[str]
    # An order of this run that was completed; none, if none was.
    example: Mapping[str, Any] | None

    @property
    def ended(self) -> int:
        """Orders of this run that are at an end."""
        return sum(orders for state, orders in self.states.items() if state in ENDS)

    def as_json(self) -> dict[str, Any]:
        """For programs."""
        return {
            "is_complete": self.is_complete,
            "seconds": round(self.taken_s, 3),
            "orders": dict(self.states),
            "goods": dict(self.goods),
            "money": [{"currency": c, "account": a, "balance": b} for (c, a), b in self.money.items()],
            "dead_letters": self.resting,
            "figures": dict(self.figures),
        }


async def summary_of(
    connection: Connection,
    workload: Workload,
    watch: Watch,
    order_ids: Sequence[str],
    taken_s: float,
    dead: Sequence[str],
) -> Summary:
    """Read the end from the tables."""
    goods = await connection.fetchrow(SQL.goods.text)
    completed = await connection.fetchrow(SQL.one_completed.text, order_ids)
    money = await connection.fetch(SQL.money.text)
    return Summary(
        states={row["state"]: row["orders"] for row in await connection.fetch(SQL.states_of.text, order_ids)},
        orders_before=sum(watch.before.states.values()) + len(watch.left),
        goods=dict(goods or {}),
        money={(row["currency"], row["account"]): row["balance"] for row in money},
        figures=workload.figures(),
        unfinished=[dict(row) for row in await connection.fetch(SQL.unfinished.text, order_ids)],
        resting=await resting(connection),
        taken_s=taken_s,
        waiting=watch.expected - watch.newest.ended,
        is_complete=watch.is_over,
        dead=dead,
        example=dict(completed) if completed else None,
    )


async def resting(connection: Connection) -> int:
    """How many messages no service could handle."""
    return sum([await connection.fetchval(RESTING.format(service)) for service in service_names()])


def print_summary(summary: Summary, findings: list[Finding], addresses: Mapping[str, str]) -> None:
    """Print it for people, with where to look around."""
    # Goods and money are what they are; nobody can tell whose orders left a unit on its shelf.
    of_all = ", with those of earlier runs" if summary.orders_before else ""
    for title, rows in (("Read", summary.figures), ("Orders", _orders(summary)), (f"Goods{of_all}", _goods(summary)),
                        (f"Money{of_all}", _money(summary))):  # fmt: skip
        print(f"\n{title}")
        for label, value in rows:
            print(f"  {label:<26}{value:>22}")
    print("\nDoes it tie?")
    print_areas(findings)
    if not summary.is_complete:
        _print_unfinished(summary)
    elif summary.unfinished:
        print(f"\nHeld until somebody decides, for example: {_name(summary.unfinished[0])}")
    print("\nIt keeps running until `ordermill down`: look with `ordermill order`, `topics`, `lag` or `dead-letters`.")
    if summary.example:
        print(f"One order's story  {_name(summary.example)}")
    for what, address in addresses.items():
        print(f"{what:<19}{address}")


def _orders(summary: Summary) -> list[tuple[str, str]]:
    rate = summary.ended / summary.taken_s if summary.taken_s else 0.0
    by_state = [(state, f"{orders:,}") for state, orders in summary.states.items()]
    return [*by_state, ("time", f"{summary.taken_s:,.1f} s"), ("orders a second", f"{rate:,.0f}")]


def _goods(summary: Summary) -> list[tuple[str, str]]:
    names = ("shipments", "parcels", "units", "purchases", "on_hand", "reserved", "mails_sent", "mails_on_their_way")
    return [(name.replace("_", " "), f"{summary.goods[name]:,}") for name in names]


def _money(summary: Summary) -> list[tuple[str, str]]:
    return [
        (label, f"{decimal_text(sign * balance, currency)} {currency}")
        for account, label, sign in SHOWN
        for (currency, name), balance in summary.money.items()
        if name == account
    ]


def _print_unfinished(summary: Summary) -> None:
    print(f"\n{summary.waiting:,} orders have not come to an end, and nothing moves any more.")
    if summary.dead:
        print(f"Not running any more: {', '.join(summary.dead)}. Start it again with: ordermill up")
    if summary.resting:
        print(f"{summary.resting:,} messages rest: ordermill dead-letters list")
    for row in summary.unfinished:
        print(f"  {row['state']:<10}{_name(row)}")


def _name(row: Mapping[str, Any]) -> str:
    return f"ordermill order {row['channel']}:{row['channel_order_id']}"

"""Invoicing: however an order's units leave, its invoices add up to it; and credits to their invoice."""

from hypothesis import given
from hypothesis import strategies as st

from services.billing.core.invoicing import (
    Charge,
    CreditableLine,
    CreditedLine,
    Line,
    Owed,
    Tax,
    cancel_units,
    credit_units,
    draft_invoice,
    reversed_entries,
    sale_entries,
)
from services.billing.core.ledger import Account

# Minor units whatever the currency: 1 is one yen, one cent, one fils.
AMOUNTS = st.one_of(st.integers(0, 10), st.integers(0, 10**12))
TAXES = st.lists(st.builds(Tax, st.just("GB"), st.just("0.2"), st.integers(0, 10**9), st.booleans()), max_size=2)
OWED = st.builds(Owed, AMOUNTS, st.integers(0, 10**6), TAXES.map(tuple))


@st.composite
def split_lines(draw: st.DrawFn) -> tuple[Line, list[int]]:
    """A line and the quantities of the shipments in which it leaves, all of it."""
    parts = draw(st.lists(st.integers(1, 50), min_size=1, max_size=8))
    return Line("1", "LAMP", sum(parts), draw(OWED)), parts


def invoiced(line: Line, parts: list[int]) -> list[Owed]:
    shares = []
    for part in parts:
        draft = draft_invoice([line], (), {"1": part})
        if draft:
            shares.append(draft.lines[0].owed)
            line = line._replace(invoiced=line.invoiced + draft.lines[0].quantity)
    return shares


@given(split_lines())
def test_invoices_of_any_split_sum_exactly_to_the_line(case: tuple[Line, list[int]]) -> None:
    line, parts = case

    shares = invoiced(line, parts)

    assert sum(share.total for share in shares) == line.owed.total
    assert sum(share.amount for share in shares) == line.owed.amount
    assert sum(share.discount for share in shares) == line.owed.discount
    assert sum(share.tax_included for share in shares) == line.owed.tax_included


@given(split_lines(), st.integers(0, 100))
def test_what_is_cancelled_and_what_is_invoiced_tie_to_the_line(case: tuple[Line, list[int]], wanted: int) -> None:
    line, parts = case

    taken, relief = cancel_units([line], {"1": wanted})
    left = line._replace(cancelled=taken.get("1", 0))

    assert sum(share.total for share in invoiced(left, parts)) + relief == line.owed.total


@given(split_lines(), st.lists(st.integers(0, 10), max_size=6))
def test_credits_in_any_split_never_exceed_their_invoice(case: tuple[Line, list[int]], lost: list[int]) -> None:
    line, parts = case
    draft = draft_invoice([line], (), {"1": parts[0]})
    assert draft
    share = draft.lines[0]
    creditable = CreditableLine("1", share.first, share.quantity, 0, line.quantity, line.owed)

    amounts = []
    for units in [*lost, share.quantity]:
        for credit in credit_units([creditable], {"1": units}):
            amounts.append(credit.owed.amount)
            creditable = creditable._replace(credited=creditable.credited + credit.quantity)

    assert sum(amounts) == share.owed.amount


@given(st.lists(OWED, max_size=4), st.lists(OWED, max_size=2))
def test_sale_entries_come_to_what_the_buyer_pays(goods: list[Owed], charges: list[Owed]) -> None:
    entries = sale_entries(goods, charges)

    assert -sum(amount for _, amount in entries) == sum(owed.total for owed in goods + charges)
    assert sum(amount for _, amount in (*entries, *reversed_entries(entries))) == 0


def test_three_units_for_ten_are_invoiced_as_three_four_three() -> None:
    line = Line("1", "LAMP", 3, Owed(10))

    assert [share.amount for share in invoiced(line, [1, 1, 1])] == [3, 4, 3]


def test_units_beyond_the_order_are_not_invoiced() -> None:
    line = Line("1", "LAMP", 3, Owed(10), cancelled=1)

    draft = draft_invoice([line], (), {"1": 9, "unknown": 2})

    assert draft
    assert draft.lines[0].quantity == 2


def test_nothing_billable_makes_no_invoice() -> None:
    line = Line("1", "LAMP", 3, Owed(10), invoiced=3)

    assert draft_invoice([line], (Charge("carriage", Owed(5)),), {"1": 1}) is None


def test_a_free_line_is_invoiced_with_its_units() -> None:
    draft = draft_invoice([Line("1", "GIFT", 2, Owed(0))], (), {"1": 2})

    assert draft
    assert (draft.lines[0].quantity, draft.total) == (2, 0)


def test_a_tax_on_top_is_paid_beside_the_amount_and_an_included_one_within() -> None:
    taxed = Owed(100, 10, (Tax("GB", "0.2", 20, is_included=False), Tax("DE", "0.05", 5, is_included=True)))

    draft = draft_invoice([Line("1", "LAMP", 1, taxed)], (Charge("carriage", Owed(50)),), {"1": 1})

    assert (taxed.tax_added, taxed.tax_included, taxed.total) == (20, 5, 110)
    assert draft
    assert (draft.total, draft.tax) == (160, 25)
    assert dict(sale_entries([taxed], [Owed(50)])) == {
        Account.REVENUE: -95, Account.CARRIAGE: -50, Account.TAX_PAYABLE: -25, Account.DISCOUNTS: 10,
    }  # fmt: skip


def test_units_cancelled_one_by_one_come_off_the_bill_from_the_last() -> None:
    line, reliefs = Line("1", "LAMP", 3, Owed(10)), []
    for _ in range(4):
        taken, relief = cancel_units([line], {"1": 1, "unknown": 1})
        line = line._replace(cancelled=line.cancelled + taken.get("1", 0))
        reliefs.append((taken, relief))

    assert reliefs == [({"1": 1}, 3), ({"1": 1}, 4), ({"1": 1}, 3), ({}, 0)]


def test_only_lines_that_lost_units_are_credited() -> None:
    lines = [CreditableLine(name, 0, 2, 0, 2, Owed(10)) for name in "12"]

    assert credit_units(lines, {"2": 1}) == (CreditedLine("2", 1, Owed(5)),)

"""What an order's own events do to its money."""

from services.billing.core.account import OrderAccount
from services.billing.core.invoicing import Charge, CreditableLine, Line, Owed
from services.billing.core.ledger import Account, post
from services.billing.core.orders import cancel, collect_on_delivery, credit_parcel, open_account
from services.billing.core.step import Applied, Asked, Credited, Due, Step
from tests.unit.billing.builders import account, invoice, payment, told

LINES = [Line("1", "LAMP", 2, Owed(60)), Line("2", "RUG", 1, Owed(30))]
CARRIAGE = [Charge("carriage", Owed(10))]


def books(step: Step) -> dict[Account, int]:
    posting = post("kind", "ref", "o", "EUR", step.entries)
    return dict(posting.entries) if posting else {}


def test_what_was_captured_is_a_deposit_and_what_is_reserved_is_awaited() -> None:
    order = account(payment("captured", 40, "c"), payment("dispatch", 50, "d"), payment("delivery", 10, "e"))

    step = open_account(order, None)

    assert [paid.captured for paid in step.account.payments] == [40, 0, 0]
    assert books(step) == {Account.CASH_IN_TRANSIT: 40, Account.CUSTOMER_DEPOSITS: -40}
    assert told(step, Due) == [Due("patience", "d")]


def relief(order: OrderAccount, lines: list[Line], **units: int) -> tuple[int, bool]:
    """By how much an order falls, and whether it is still wanted."""
    asked_for = {name.removeprefix("line"): quantity for name, quantity in units.items()}
    step, _ = cancel(order, lines, CARRIAGE, "ask", asked_for)
    return order.due - step.account.due, step.account.is_wanted


def test_charges_come_off_the_bill_with_the_last_units_of_an_order() -> None:
    rest = [LINES[0]._replace(cancelled=2), LINES[1]]

    assert relief(account(), LINES, line1=2) == (60, True)
    assert relief(account(), rest, line2=1) == (40, False)
    assert relief(account(), LINES, line1=2, line2=1) == (100, False)


def test_charges_that_were_invoiced_or_taken_off_stay_as_they_are() -> None:
    gone = [line._replace(cancelled=line.quantity) for line in LINES]

    assert relief(account(invoices=(invoice("N", 70),)), [LINES[1]], line2=1) == (30, False)
    assert relief(account(due=0, is_wanted=False), gone, line1=2) == (0, False)


def test_the_carrier_collects_what_is_open_on_the_shipments_invoice() -> None:
    payments = payment("delivery", 60, "d"), payment("delivery", 40, "e"), payment("dispatch", 50, "f")
    order = account(*reversed(payments), invoices=(invoice("N-1", 30), invoice("N-2", 70)))

    step = collect_on_delivery(order, "N-2")

    assert {paid.payment_id: paid.captured for paid in step.account.payments} == {"d": 30, "e": 40, "f": 0}
    assert [(fact.payment_id, fact.invoice_number, fact.amount) for fact in told(step, Applied)] == [
        ("e", "N-2", 40),
        ("d", "N-2", 30),
    ]
    assert books(step) == {Account.CARRIER_COLLECTIONS: 70, Account.RECEIVABLE: -70}
    assert [paid.captured for paid in collect_on_delivery(step.account, "N-1").account.payments] == [0, 40, 60]


def test_nothing_is_collected_where_nothing_was_invoiced() -> None:
    order = account(payment("delivery"))

    assert collect_on_delivery(order, "unknown").account.payments == order.payments


CREDITABLE = [CreditableLine("1", 0, 2, 0, 2, Owed(60)), CreditableLine("2", 0, 1, 0, 1, Owed(30))]


def credit(order: OrderAccount, lines: list[CreditableLine], **units: int) -> Step:
    lost = {name.removeprefix("line"): quantity for name, quantity in units.items()}
    return credit_parcel(order, lines, CARRIAGE, ("parcel", "N", "CN-1"), lost)


def test_what_never_arrives_is_credited_and_what_was_paid_for_it_goes_back() -> None:
    other = invoice("M", 0)
    paid = account(payment("captured", captured=100), invoices=(other, invoice("N", 100, paid=100)))

    step = credit(paid, CREDITABLE, line1=1)

    [note] = told(step, Credited)
    assert (note.number, note.invoice_number, note.parcel_id) == ("CN-1", "N", "parcel")
    assert (note.charges, note.total) == (0, 30)
    assert (step.account.due, step.account.invoices[1].open, step.account.invoices[1].credited) == (70, 0, 30)
    assert step.account.invoices[0] == other
    assert told(step, Applied) == []
    assert [(fact.wish, fact.amount, fact.credit_note_number) for fact in told(step, Asked)] == [("refund", 30, "CN-1")]
    assert books(step) == {Account.REVENUE: 30, Account.CUSTOMER_DEPOSITS: -30}


def test_what_was_not_paid_yet_only_lowers_the_invoice() -> None:
    owing = account(payment("account", is_granted=True), moved=80, invoices=(invoice("N", 100, paid=80),))

    step = credit(owing, CREDITABLE, line1=1)

    assert (step.account.invoices[0].paid, step.account.invoices[0].open) == (70, 0)
    assert told(step, Applied) == []
    assert books(step) == {Account.REVENUE: 30, Account.RECEIVABLE: -20, Account.CUSTOMER_CREDIT: -10}


def test_carriage_goes_back_when_no_unit_of_the_invoice_is_left() -> None:
    order = account(payment("captured", captured=100), invoices=(invoice("N", 100, paid=100),))
    rest = [CREDITABLE[0]._replace(credited=2), CREDITABLE[1]]

    assert [fact.charges for fact in told(credit(order, CREDITABLE, line1=2), Credited)] == [0]
    assert [fact.charges for fact in told(credit(order, CREDITABLE, line1=2, line2=1), Credited)] == [10]
    assert [fact.charges for fact in told(credit(order, rest, line2=1), Credited)] == [10]


def test_a_parcel_that_was_never_invoiced_is_credited_nothing() -> None:
    other = account(payment("captured", captured=100), invoices=(invoice("M", 100, paid=100),))
    invoiced = account(payment("captured", captured=100), invoices=(invoice("N", 100, paid=100),))

    assert credit(other, CREDITABLE, line1=1) == Step(other)
    assert credit(invoiced, CREDITABLE, unknown=1) == Step(invoiced)

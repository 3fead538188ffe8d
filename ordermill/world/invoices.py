"""Real invoices as orders: the Online Retail files (a British gift wholesaler, 2009 to 2011), no line dropped.

Columns InvoiceNo, StockCode, Description, Quantity, InvoiceDate, UnitPrice, CustomerID, Country; pounds, local time.
Each line meets the first rule that fits and is counted under it.
"""

import csv
import gzip
import re
import zlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

from pydantic import ValidationError

from contracts.channel import LINES_MAX, OrderPlaced, ShipGroup
from contracts.event import AMOUNT_MAX, OutsideEvent
from contracts.facts import Address, Charge, Line, Payment, Totals
from contracts.floor import StockCounted
from ordermill.errors import CommandError
from ordermill.world import catalogue
from ordermill.world.catalogue import CURRENCY, OWNER, SELLER
from ordermill.world.chance import Chance
from ordermill.world.orders import invented_contact

CHANNEL = "online-retail"
LONDON = ZoneInfo("Europe/London")
PRODUCT = re.compile(r"[0-9]{5}[A-Z]{0,2}")
CARRIAGE = frozenset({"POST", "DOT", "C2"})
CREDIT_LIMIT = 1_000_000_000  # these customers paid: ten million pounds holds nobody up
COLUMNS = ("InvoiceNo", "StockCode", "Description", "Quantity", "InvoiceDate", "UnitPrice", "CustomerID", "Country")
NUMBER = re.compile(r"-?[0-9]{1,9}")  # of units: int() takes a good deal more for one
PRICE = re.compile(r"-?[0-9]{1,9}(\.[0-9]{1,9})?")
CUSTOMER = re.compile(r"([0-9]{1,20}(\.0)?)?")
PLACE = re.compile(r"[^\x00-\x1f\x7f]{0,100}")
YEARS = range(1991, 2100)
STOCKED_SHARE = 0.9  # of what will sell, this much lies there at first; suppliers deliver the rest

# The files' names of countries; what is none of these is no country and is held.
COUNTRIES = {
    "Australia": "AU", "Austria": "AT", "Bahrain": "BH", "Belgium": "BE", "Bermuda": "BM", "Brazil": "BR",
    "Canada": "CA", "Cyprus": "CY", "Czech Republic": "CZ", "Denmark": "DK", "EIRE": "IE", "Finland": "FI",
    "France": "FR",
    "Germany": "DE", "Greece": "GR", "Hong Kong": "HK", "Iceland": "IS",
    "Israel": "IL", "Italy": "IT", "Japan": "JP",
    "Korea": "KR", "Lebanon": "LB", "Lithuania": "LT", "Malta": "MT", "Netherlands": "NL", "Nigeria": "NG",
    "Norway": "NO", "Poland": "PL", "Portugal": "PT", "RSA": "ZA", "Saudi Arabia": "SA", "Singapore": "SG",
    "Spain": "ES", "Sweden": "SE", "Switzerland": "CH", "Thailand": "TH", "USA": "US", "United Arab Emirates": "AE",
    "United Kingdom": "GB",
}  # fmt: skip


@dataclass(slots=True)
class Invoice:
    """What the lines of one invoice number add up to."""

    number: str
    at: datetime
    customer: str
    country: str
    lines: list[Line] = field(default_factory=list)
    carriage: int = 0


@dataclass
class Import:
    """The files, read: what each line was counted as, and the orders in the order of their first line."""

    rules: Counter[str] = field(default_factory=Counter)
    invoices: dict[str, Invoice] = field(default_factory=dict)
    repeated: list[Invoice] = field(default_factory=list)
    descriptions: dict[str, str] = field(default_factory=dict)
    prices: dict[str, int] = field(default_factory=dict)
    units: Counter[str] = field(default_factory=Counter)

    @property
    def orders(self) -> list[Invoice]:
        """Invoices with at least one product line."""
        return [invoice for invoice in self.invoices.values() if invoice.lines]

    @property
    def carriage_alone(self) -> list[Invoice]:
        """Invoices of nothing but carriage, which are no orders."""
        return [invoice for invoice in self.invoices.values() if not invoice.lines and invoice.carriage]

    def figures(self) -> dict[str, int]:
        """What the summary prints; money in minor units."""
        orders = self.orders
        return {
            "orders": len(orders),
            "recognised": sum(bool(invoice.lines) for invoice in self.repeated),
            "lines": sum(len(order.lines) for order in orders),
            "units": sum(self.units.values()),
            "goods": sum(line.amount for order in orders for line in order.lines),
            "carriage_on_orders": sum(order.carriage for order in orders),
            "carriage_alone_invoices": len(self.carriage_alone),
            "carriage_alone": sum(invoice.carriage for invoice in self.carriage_alone),
            "held_at_first": sum(order.country not in COUNTRIES for order in orders),
        }

    def definitions(self, chance: Chance) -> Iterator[OutsideEvent]:
        """Places, cartons, rates, every item that sells, and terms for every customer."""
        yield from catalogue.places()
        yield from catalogue.cartons()
        yield from catalogue.rate_cards()
        for sku in self.units:
            yield catalogue.item(sku, self.descriptions.get(sku) or sku, self.prices[sku], chance)
        for customer in sorted({order.customer for order in self.orders if order.customer}):
            yield catalogue.terms(customer, CREDIT_LIMIT)

    def opening_stock(self, chance: Chance, at: datetime) -> Iterator[StockCounted]:
        """A little less than what will sell."""
        for sku, units in self.units.items():
            yield from catalogue.opening_stock(sku, round(units * STOCKED_SHARE), chance, at)

    def placed(self, chance: Chance) -> Iterator[OrderPlaced]:
        """The orders as their channel places them."""
        return (_placed(invoice, chance) for invoice in [*self.orders, *self.repeated] if invoice.lines)


def read(paths: Sequence[Path]) -> Import:
    """Read the files; an invoice's lines need not stand together.

    Raises CommandError with file, line and column where a file is none of these.
    """
    found = Import()
    for path in paths:
        try:
            _add(found, _read(found, path))
        except (OSError, EOFError, zlib.error, UnicodeDecodeError, csv.Error) as error:
            raise CommandError(f"{path} cannot be read as packed CSV in UTF-8: {type(error).__name__}") from error
    return found


def _read(found: Import, path: Path) -> dict[str, Invoice]:
    within: dict[str, Invoice] = {}
    with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
        rows = csv.DictReader(file)
        if missing := [name for name in COLUMNS if name not in (rows.fieldnames or ())]:
            raise CommandError(f"{path} has no column {missing[0]}", f"its columns must be {', '.join(COLUMNS)}")
        for row in rows:
            try:
                _meet(found, within, row)
            except CellError as error:
                raise CommandError(f"{path}, line {rows.line_num}: {error}") from None
    for number, invoice in within.items():
        if len(invoice.lines) > LINES_MAX or sum(line.amount for line in invoice.lines) + invoice.carriage > AMOUNT_MAX:
            raise CommandError(f"{path}: invoice {number} is more than one order can be")
    return within


class CellError(Exception):
    """What stands in a column is nothing that can stand there."""

    def __init__(self, column: str) -> None:
        super().__init__(f"what stands in {column} cannot stand there")
        self.column = column


def _meet(found: Import, within: dict[str, Invoice], row: dict[str, str | None]) -> None:
    number, code = _cell(row, "InvoiceNo"), _cell(row, "StockCode").upper()
    quantity, price = int(_cell(row, "Quantity", NUMBER)), Decimal(_cell(row, "UnitPrice", PRICE))
    rule = _rule(number, code, quantity, price)
    found.rules[rule] += 1
    if rule not in ("product", "carriage"):
        return
    at = _moment(_cell(row, "InvoiceDate"))
    customer = _customer(_cell(row, "CustomerID", CUSTOMER))
    invoice = within.setdefault(number, Invoice(number, at, customer, _cell(row, "Country", PLACE)))
    invoice.at = min(invoice.at, at)
    amount = int((quantity * price * 100).quantize(Decimal(1), ROUND_HALF_UP))
    if rule == "carriage":
        invoice.carriage += amount
        return
    line_id = str(len(invoice.lines) + 1)
    unit_price = f"{price.normalize():f}"
    try:
        line = Line(line_id=line_id, sku=code, quantity=quantity, amount=amount, unit_price=unit_price)
    except ValidationError as error:
        raise CellError({"quantity": "Quantity"}.get(str(error.errors()[0]["loc"][0]), "UnitPrice")) from None
    found.descriptions.setdefault(code, _text(_cell(row, "Description")))
    found.prices.setdefault(code, max(1, round(amount / quantity)))
    invoice.lines.append(line)


def _cell(row: dict[str, str | None], column: str, form: re.Pattern[str] | None = None) -> str:
    """Read one cell; a row that is too short has none."""
    text = (row[column] or "").strip()
    if form and not form.fullmatch(text):
        raise CellError(column)
    return text


def _moment(text: str) -> datetime:
    """Read a local time, of years that an order can be of."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise CellError("InvoiceDate") from None
    if at.tzinfo is not None or at.year not in YEARS:
        raise CellError("InvoiceDate")
    return at.replace(tzinfo=LONDON).astimezone(UTC)


def _rule(number: str, code: str, quantity: int, price: Decimal) -> str:
    if number.upper().startswith("C"):
        return "credit"
    if not (number.isascii() and number.isdigit() and len(number) < 20):  # noqa: PLR2004 (a number, not a riddle)
        return "ledger adjustment"
    if quantity <= 0:
        return "quantity not positive"
    if price <= 0:
        return "price not positive"
    if PRODUCT.fullmatch(code):
        return "product"
    return "carriage" if code in CARRIAGE else "no product"


def _add(found: Import, within: dict[str, Invoice]) -> None:
    """Orders that two files hold are the same order: the channel says both, intake recognises the second."""
    for number, invoice in within.items():
        if number in found.invoices:
            found.repeated.append(invoice)
            continue
        found.invoices[number] = invoice
        for line in invoice.lines:
            found.units[line.sku] += line.quantity


def _customer(text: str) -> str:
    number = text.strip().removesuffix(".0")
    return f"A-{number}" if number else ""


def _text(description: str) -> str:
    return "".join(char for char in description.strip() if char.isprintable())[:200]


def _placed(invoice: Invoice, chance: Chance) -> OrderPlaced:
    goods = sum(line.amount for line in invoice.lines)
    total = goods + invoice.carriage
    country = COUNTRIES.get(invoice.country, invoice.country)
    address = Address(
        lines=(f"{invoice.customer or invoice.number} Trade Park",), city="Anytown", postcode="X1 1XX", country=country
    )
    charges = (Charge(kind="carriage", amount=invoice.carriage),) if invoice.carriage else ()
    payment = Payment(payment_id="1", method="account", amount=total, moment="account")
    if not invoice.customer:
        payment = Payment(
            payment_id="1", method="card", reference=f"UCI-{invoice.number}", amount=total, moment="captured"
        )
    return OrderPlaced(
        seller=SELLER, stock_owner=OWNER, channel=CHANNEL, channel_order_id=invoice.number, placed_at=invoice.at,
        customer_id=invoice.customer or None, zone="Europe/London",
        contact=invented_contact(f"{CHANNEL}-{invoice.number}", chance), ship_groups=(ShipGroup(address=address),),
        lines=tuple(invoice.lines), charges=charges,
        payments=(payment,), currency=CURRENCY, totals=Totals(goods=goods, charges=invoice.carriage, total=total),
    )  # fmt: skip

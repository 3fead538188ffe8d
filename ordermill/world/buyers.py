"""Buyers and their channels: some change their mind; and the desk, which corrects the addresses that it can."""

from collections.abc import Iterator

from contracts.channel import CancellationRequested, OrderPlaced
from contracts.desk import AddressCorrected
from contracts.facts import Address, LineQuantity
from contracts.intake import OrderHeld
from contracts.values import order_id_of
from ordermill.world.reply import Cause, Hears, Reply, Temper

CHANGE_OF_MIND_DAYS = 3.0  # some time within these simulated days after the order
DESK_DAYS = 0.5
# What the desk knows about names that are no country; the others it leaves held.
CORRECTIONS = {"Channel Islands": ("St Helier", "JE2 3AB", "JE")}


class Buyers:
    """Everybody who buys."""

    def __init__(self, temper: Temper) -> None:
        self._temper = temper

    @property
    def hears(self) -> Hears:
        """Their own orders."""
        return {OrderPlaced: self._change_mind}

    def _change_mind(self, cause: Cause) -> Iterator[Reply]:
        order: OrderPlaced = cause.event
        temper = self._temper
        fate = temper.chance.number("cancel", cause.subject)
        whole = fate < temper.behaviour.cancel
        if not whole and fate >= temper.behaviour.cancel + temper.behaviour.cancel_part:
            return
        line = order.lines[0]
        lines = () if whole else (LineQuantity(line_id=line.line_id, quantity=(line.quantity + 1) // 2),)
        request = CancellationRequested(
            message_id=f"{order.channel_order_id}/cancel", channel=order.channel,
            channel_order_id=order.channel_order_id, lines=lines, reason="changed my mind",
        )  # fmt: skip
        yield Reply(temper.days(temper.chance.number("when", cause.subject) * CHANGE_OF_MIND_DAYS), request)


class Desk:
    """Operators who look at held orders."""

    def __init__(self, temper: Temper) -> None:
        self._temper = temper
        self._countries: dict[str, str] = {}
        self._held: set[str] = set()

    @property
    def hears(self) -> Hears:
        """Orders, of which it remembers the strange ones, and holds, in whichever order they come."""
        return {OrderPlaced: self._remember, OrderHeld: self._correct}

    def _remember(self, cause: Cause) -> Iterator[Reply]:
        order: OrderPlaced = cause.event
        address = order.ship_groups[0].address
        if address and address.country in CORRECTIONS:
            order_id = order_id_of(order.channel, order.channel_order_id)
            self._countries[order_id] = address.country
            if order_id in self._held:
                yield self._correction(order_id)

    def _correct(self, cause: Cause) -> Iterator[Reply]:
        if cause.event.reason == "address":
            self._held.add(cause.subject)
            if cause.subject in self._countries:
                yield self._correction(cause.subject)

    def _correction(self, order_id: str) -> Reply:
        city, postcode, country = CORRECTIONS[self._countries[order_id]]
        address = Address(lines=("1 Harbour Street",), city=city, postcode=postcode, country=country)
        request = AddressCorrected(
            request_id=f"{order_id}/address", order_id=order_id, actor="desk-1", reason="known place", address=address
        )
        return Reply(self._temper.days(DESK_DAYS), request)

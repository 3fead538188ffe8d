"""The catalogue: items, locations and rate cards as operators define them."""

from collections.abc import Sequence

from chassis import Heard, Turn
from contracts.master import ItemDefined, LocationDefined, RateCardDefined
from services.inventory import store, translate
from services.inventory.handlers.declared import service


@service.hears(ItemDefined)
async def keep_items(turn: Turn, defined: Sequence[Heard[ItemDefined]]) -> None:
    """Keep what we need of items, and wake what waited for them."""
    rows = [
        store.ItemRow(event.sku, event.stock_owner, event.effective_from, event.recorded_at, translate.supply(event))
        for event in (heard.event for heard in defined)
    ]
    await store.save_items(turn, rows)
    turn.written("item", {heard.event.sku for heard in defined})


@service.hears(LocationDefined)
async def keep_locations(turn: Turn, defined: Sequence[Heard[LocationDefined]]) -> None:
    """Keep locations without their thousands of bins, and wake what waited for them."""
    rows = [
        store.NetworkRow(
            "location", event.location_id, event.effective_from, event.recorded_at, event.encode().decode()
        )
        for event in (heard.event.model_copy(update={"bins": ()}) for heard in defined)
    ]
    await store.save_network(turn, rows)
    turn.written("location", {row.id for row in rows})


@service.hears(RateCardDefined)
async def keep_rate_cards(turn: Turn, defined: Sequence[Heard[RateCardDefined]]) -> None:
    """Keep what carriers ask."""
    rows = [
        store.NetworkRow(
            "rate_card",
            f"{event.carrier}/{event.service}",
            event.effective_from,
            event.recorded_at,
            event.encode().decode(),
        )
        for event in (heard.event for heard in defined)
    ]
    await store.save_network(turn, rows)

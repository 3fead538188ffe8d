"""The service and what its events need to have been heard first.

Exclusive: its decisions share the rows of stock across orders, so that one transaction decides at a time.
"""

from typing import Any

from chassis import Heard, Need, Service
from services.inventory import store, translate

service = Service("inventory", exclusive=True)


def _skus(heard: Heard[Any]) -> list[str]:
    return [line.sku for line in translate.stocked_lines(heard.event)]


ITEMS = Need("item", key=_skus, known=store.known_items)
ITEM = Need("item", key=lambda heard: heard.event.sku, known=store.known_items)
LOCATION = Need("location", key=lambda heard: heard.event.location_id, known=store.known_locations)
PURCHASE = Need("purchase", key=lambda heard: heard.event.purchase_order_id, known=store.known_purchases)

"""What inventory does on each event: read, decide, write, announce. One function an event, by what it is about.

`orders` promises and allocates, `custody` answers recalls, `floor` follows picks to dispatch and back, `supply` takes
in goods and counts and hears suppliers, `reference` keeps the catalogue. `settling` is what several of them do.
"""

from services.inventory.handlers import custody, floor, orders, reference, supply
from services.inventory.handlers.declared import service

__all__ = ["custody", "floor", "orders", "reference", "service", "supply"]

"""The read model: one typed function for each thing that a page asks.

Pages ask through `Database`; whatever has `fetch` will do. Each room is one page's: flow, orders, story, letters,
stock, money, figures, audit. Functions that give a page of a long list take `after`, the `next` of the page before.
"""

from services.console.store import audit, figures, flow, letters, money, orders, stock, story
from services.console.store.sql import READING, Database, Source

__all__ = [
    "READING",
    "Database",
    "Source",
    "audit",
    "figures",
    "flow",
    "letters",
    "money",
    "orders",
    "stock",
    "story",
]

"""Messages read for a person: what no log can hold is asked of no broker."""

import asyncio

from services.console.core.places import Place
from services.console.gateway.reader import OFFSET_MAX, Reader

PATIENCE_S = 1.0  # connecting to nowhere would take four


async def test_an_offset_that_no_log_has_never_reaches_a_connection() -> None:
    reader = Reader("127.0.0.1:1", "test", 1)

    async with asyncio.timeout(PATIENCE_S):
        assert await reader.at([(Place("intake-orders", 3), OFFSET_MAX + 1)]) == []

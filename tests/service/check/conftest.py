"""The world that laws and digests are asked of; each test leaves it as it was."""

from collections.abc import AsyncIterator

import pytest

from chassis.postgres import Connection
from tests.service.check.world import world_of


@pytest.fixture(scope="session")
async def world(admin_url: str) -> AsyncIterator[Connection]:
    """Two orders of each kind."""
    async with world_of(admin_url, 14) as connection:
        yield connection

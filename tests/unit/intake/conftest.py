"""Fixtures of intake's unit tests."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

import contracts
from tests.unit.intake.door import Door, FakePublisher, door_of


@pytest.fixture
async def door() -> AsyncIterator[Door]:
    door = door_of(FakePublisher())
    async with door.client:
        yield door


@pytest.fixture
def placed_examples() -> list[bytes]:
    """Every order that the contracts promise to understand for ever."""
    folder = Path(contracts.__file__).parent / "examples" / "channel.order_placed.v1"
    return [path.read_bytes() for path in sorted(folder.glob("*.json"))]

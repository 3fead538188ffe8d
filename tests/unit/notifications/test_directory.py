"""Looking up whom to tell: many at once, each answered for itself."""

import asyncio
from collections.abc import Collection, Mapping

import pytest

from services.notifications import core
from services.notifications.gateway import Directory


class Book:
    """Knows everybody but "gone", and what it was asked."""

    def __init__(self) -> None:
        self.questions: list[set[str]] = []

    async def find(self, order_ids: Collection[str]) -> Mapping[str, core.Customer]:
        self.questions.append(set(order_ids))
        await asyncio.sleep(0)
        if "gone" in order_ids:
            raise ConnectionError
        return {
            each: core.Customer(number=each, name="", email=None, language="en", is_erased=False) for each in order_ids
        }


async def test_those_who_ask_together_share_one_question() -> None:
    book = Book()
    directory = Directory(book.find)

    found = await asyncio.gather(*(directory(order_id) for order_id in ("a", "b", "a")))

    assert [customer.number for customer in found] == ["a", "b", "a"]
    assert (await directory("c")).number == "c"
    assert book.questions == [{"a", "b"}, {"c"}]


async def test_who_gives_up_takes_nobody_s_answer_away() -> None:
    directory = Directory(Book().find)
    first, second = asyncio.create_task(directory("a")), asyncio.create_task(directory("b"))
    await asyncio.sleep(0)

    first.cancel()

    assert (await second).number == "b"


async def test_an_error_reaches_everybody_who_asked_and_nobody_later() -> None:
    directory = Directory(Book().find)

    failed = await asyncio.gather(directory("gone"), directory("a"), return_exceptions=True)

    assert [type(error) for error in failed] == [ConnectionError, ConnectionError]
    assert (await directory("a")).number == "a"
    with pytest.raises(ConnectionError):
        await directory("gone")

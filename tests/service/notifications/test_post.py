"""The post and a mail server that takes letters together, or one by one: what becomes of each."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import aiosmtplib
import pytest

from services.notifications.core import Customer, Notice
from services.notifications.gateway import Courier, Letter, MailAnswered, Post, SendMail
from tests.service.notifications.story import NOON, SENDER, Catcher, listening

HOST = "127.0.0.1"
TOGETHER = b"250-hello\r\n250-PIPELINING\r\n250 CHUNKING\r\n"
NAMES = ("ada", "bob", "cleo", "dan")


async def write_to(post: Post, names: Sequence[str]) -> list[MailAnswered | BaseException]:
    """Write to all of them at the same time."""
    requests = [
        SendMail(
            notice=Notice(order_id=name, milestone="order_refunded", about=name, facts={"amount": "1.00 GBP"}),
            written_at=NOON,
            give_up_at=NOON.replace(year=2100),
        )
        for name in names
    ]
    return await asyncio.gather(*[post(request, "") for request in requests], return_exceptions=True)


async def find_customer(name: str) -> Customer:
    """Find anybody at their own name."""
    return Customer(number="W-1", name=name, email=f"{name}@example.org", language="en", is_erased=False)


def told(answers: Sequence[MailAnswered | BaseException]) -> list[str]:
    """Say what became of each: sent, why not, or that nobody knows."""
    return [
        answer.outcome.reason or "sent" if isinstance(answer, MailAnswered) else type(answer).__name__
        for answer in answers
    ]


def received(catcher: Catcher) -> list[str]:
    return [str(mail["To"].addresses[0].username) for mail in catcher.mails]


@pytest.fixture(params=[True, False], ids=["together", "alone"])
def catcher(request: pytest.FixtureRequest) -> Catcher:
    """A server of either kind."""
    return Catcher(is_chunking=request.param)


async def test_each_letter_has_an_answer_of_its_own(catcher: Catcher) -> None:
    catcher.answers = {"bob@example.org": "550 no such user", "cleo@example.org": "452 mailbox full"}

    async with listening(catcher) as courier:
        answers = await write_to(Post([courier], SENDER, find_customer), NAMES)

    assert told(answers) == ["sent", "refused", "OutageError", "sent"]
    assert received(catcher) == ["ada", "dan"]
    assert catcher.connections == 1


class Broken(Courier):
    """A courier that meets what nobody foresaw with its first letter."""

    def __init__(self) -> None:
        super().__init__(aiosmtplib.SMTP())
        self.is_mended = False

    async def carry(self, letters: Sequence[Letter]) -> AsyncIterator[int]:
        if not self.is_mended:
            self.is_mended = True
            raise ValueError
        for _ in letters:
            yield 250


async def test_what_nobody_foresaw_is_told_to_whom_it_befell_and_stops_no_other() -> None:
    async with asyncio.timeout(5):
        answers = await write_to(Post([Broken()], SENDER, find_customer), NAMES)

    assert told(answers) == ["ValueError", "sent", "sent", "sent"]


async def test_what_stands_behind_a_lost_letter_goes_over_a_new_connection(catcher: Catcher) -> None:
    catcher.hangs_up_on = {"bob@example.org"}

    async with listening(catcher) as courier:
        answers = await write_to(Post([courier], SENDER, find_customer), NAMES)

    assert told(answers) == ["sent", "OutageError", "sent", "sent"]
    assert received(catcher) == ["ada", "cleo", "dan"]
    assert catcher.connections == 2


async def test_more_letters_than_go_together_all_arrive(catcher: Catcher) -> None:
    names = [f"customer-{number}" for number in range(50)]

    async with listening(catcher) as courier:
        answers = await write_to(Post([courier], SENDER, find_customer), names)

    assert told(answers) == ["sent"] * 50
    assert received(catcher) == names


class Slow(Courier):
    """A courier that goes when told."""

    def __init__(self) -> None:
        self.carried: list[str] = []
        self.may_go = asyncio.Event()

    @property
    def room(self) -> int:
        """One by one."""
        return 1

    async def carry(self, letters: Sequence[Letter]) -> AsyncIterator[int]:
        """Hand over, once told to."""
        await self.may_go.wait()
        for letter in letters:
            self.carried.append(letter.recipient)
            yield 250


async def test_a_letter_that_nobody_waits_for_is_not_carried() -> None:
    asked = asyncio.Event()

    async def find_and_tell(name: str) -> Customer:
        if name == "bob":
            asked.set()
        return await find_customer(name)

    courier = Slow()
    post = Post([courier], SENDER, find_and_tell)
    first, second = (asyncio.create_task(write_to(post, [name])) for name in ("ada", "bob"))
    await asked.wait()
    second.cancel()
    courier.may_go.set()

    assert told([*await first, *await write_to(post, ["cleo"])]) == ["sent", "sent"]
    assert courier.carried == ["ada@example.org", "cleo@example.org"]


@asynccontextmanager
async def scripted(script: Sequence[tuple[int, bytes]]) -> AsyncIterator[Courier]:
    """A courier to a server that says so much after so many lines, and then nothing."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 hello\r\n")
        for lines, reply in script:
            for _ in range(lines):
                await reader.readline()
            writer.write(reply)
        await reader.read()
        writer.close()

    server = await asyncio.start_server(answer, HOST, 0)
    courier = Courier(aiosmtplib.SMTP(hostname=HOST, port=server.sockets[0].getsockname()[1], timeout=0.2))
    yield courier
    courier.close()
    server.close()
    await server.wait_closed()


LETTERS = [Letter("us@example.org", f"{name}@example.org", b"hello\r\n") for name in NAMES[:2]]
COMMANDS = 5  # lines of a letter and its commands


async def carried(script: Sequence[tuple[int, bytes]]) -> list[int | str]:
    """Carry the letters; what became of each, and what ended that."""
    codes: list[int | str] = []
    async with scripted([(1, TOGETHER), *script]) as courier:
        try:
            codes += [code async for code in courier.carry(LETTERS[:1])]
            assert courier.room > 1
            codes += [code async for code in courier.carry(LETTERS)]
        except (aiosmtplib.SMTPException, OSError) as error:
            codes.append(type(error).__name__)
    return codes


ONE = (COMMANDS, b"250 reset\r\n250-our\r\n250 own\r\n250 theirs\r\n250 taken\r\n")


@pytest.mark.parametrize(
    ("script", "codes"),
    [
        ([ONE, (2 * COMMANDS, b"250 x\r\n" * 8)], [250, 250, 250]),  # it waits for all before it says a word
        ([ONE, (2 * COMMANDS, b"250 x\r\n" * 4 + b"250 x\r\n250 x\r\n251 x\r\n552 too long\r\n")], [250, 250, 552]),
        ([ONE, (COMMANDS, b"250 x\r\n" * 4)], [250, "TimeoutError"]),
        ([(COMMANDS, b"250 x\r\n553 not you\r\n" + b"503 x\r\n" * 2)], ["SMTPSenderRefused"]),
        ([(COMMANDS, b"250 x\r\n" * 3 + b"354 go on\r\n")], [354, "TimeoutError"]),
        ([(COMMANDS, b"250 x\r\n25\r\n250 x\r\n")], ["ConnectionResetError"]),
        ([(COMMANDS, b"250 " + b"x" * 10_000)], ["ConnectionResetError"]),
        ([(1, b"421 good night\r\n")], ["TimeoutError"]),
    ],
)
async def test_a_server_is_understood(script: Sequence[tuple[int, bytes]], codes: list[int | str]) -> None:
    assert await carried(script) == codes

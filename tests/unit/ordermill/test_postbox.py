"""The simulated mail server: what it is told it keeps, byte for byte."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiosmtplib
import pytest
import uvloop

from ordermill.stack import ports
from ordermill.world.postbox import Postbox

HOST = ports.LOOPBACK


@asynccontextmanager
async def open_box(folder: Path, mail_bytes_max: int = 1_000_000) -> AsyncIterator[int]:
    """A mail server on a free port."""
    box, port = Postbox(folder, mail_bytes_max), ports.pick()
    await box.start(HOST, port)
    yield port
    box.stop()


def kept(folder: Path) -> list[bytes]:
    """What it took, in its order."""
    return [path.read_bytes() for path in sorted((folder / "new").iterdir())]


@pytest.mark.parametrize(
    "mail",
    [b"Subject: hello\r\n\r\nDear Ada\r\n", b"\r\n.\r\n..\r\n.hidden\r\n", b"\r\n", "Überall\r\n".encode() * 50_000],
)
async def test_a_mail_is_kept_as_it_came(tmp_path: Path, mail: bytes) -> None:
    async with open_box(tmp_path) as port, aiosmtplib.SMTP(hostname=HOST, port=port) as client:
        await client.sendmail("orders@example.org", ["ada@example.org"], mail)

    assert kept(tmp_path) == [mail]


async def test_a_connection_carries_many_mails(tmp_path: Path) -> None:
    async with open_box(tmp_path) as port, aiosmtplib.SMTP(hostname=HOST, port=port) as client:
        for number in range(12):
            await client.sendmail("orders@example.org", ["ada@example.org"], b"%d\r\n" % number)

    assert sorted(kept(tmp_path), key=int) == [b"%d\r\n" % number for number in range(12)]


async def test_commands_that_come_at_once_are_answered_in_order(tmp_path: Path) -> None:
    async with open_box(tmp_path) as port:
        reader, writer = await asyncio.open_connection(HOST, port)
        writer.write(
            b"EHLO us\r\nMAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nDATA\r\nhello\r\n.\r\nSTARTTLS\r\nQUIT\r\nNOOP\r\n"
        )
        answers = (await reader.read()).splitlines()
        writer.close()

    codes = [answer[:3] for answer in answers if answer[3:4] == b" "]
    assert codes == [b"220", b"250", b"250", b"250", b"354", b"250", b"502", b"221"]
    assert kept(tmp_path) == [b"hello\r\n"]


@pytest.mark.parametrize(
    ("said", "codes", "mails"),
    [
        (
            b"BDAT 7 LAST\r\nhello\r\nBDAT 4 last\r\n.\r\n\rQUIT\r\n",
            [b"250", b"250", b"221"],
            [b"hello\r\n", b".\r\n\r"],
        ),
        (b"BDAT 3\r\nhelBDAT 0\r\nBDAT 4 LAST\r\nlo\r\nQUIT\r\n", [b"250", b"250", b"250", b"221"], [b"hello\r\n"]),
        (b"BDAT 3\r\nhelRSET\r\nBDAT 5 LAST\r\nbye\r\nQUIT\r\n", [b"250", b"250", b"250", b"221"], [b"bye\r\n"]),
        (b"BDAT LAST\r\n", [b"501"], []),
        (b"BDAT 900\r\n" + b"x" * 900 + b"BDAT 200 LAST\r\n", [b"250", b"552"], []),
        (b"BDAT 2000 LAST\r\n", [b"552"], []),
    ],
)
async def test_a_mail_comes_in_chunks(tmp_path: Path, said: bytes, codes: list[bytes], mails: list[bytes]) -> None:
    async with open_box(tmp_path, mail_bytes_max=1000) as port:
        reader, writer = await asyncio.open_connection(HOST, port)
        await reader.readline()
        for number in range(len(said)):
            writer.write(said[number : number + 1])
            await writer.drain()
        answers = (await reader.read()).splitlines()
        writer.close()

    assert [answer[:3] for answer in answers] == codes
    assert kept(tmp_path) == mails


async def test_a_mail_without_an_end_is_refused(tmp_path: Path) -> None:
    async with open_box(tmp_path, mail_bytes_max=1000) as port:
        reader, writer = await asyncio.open_connection(HOST, port)
        writer.write(b"DATA\r\n" + b"more " * 1000)
        answers = await reader.read()
        writer.close()

    assert answers.splitlines()[-1].startswith(b"552")
    assert kept(tmp_path) == []


def test_it_listens_on_the_world_s_own_kind_of_loop(tmp_path: Path) -> None:
    async def send() -> None:
        async with open_box(tmp_path) as port, aiosmtplib.SMTP(hostname=HOST, port=port) as client:
            await client.sendmail("orders@example.org", ["ada@example.org"], b"hello\r\n")

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(send())

    assert kept(tmp_path) == [b"hello\r\n"]

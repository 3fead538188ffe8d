"""Everybody outside, together: hears what concerns them, answers after a while, takes payments and mail.

It keeps nothing but how far it has answered: started again, it says again what was under way, which nobody minds.
"""

import asyncio
import heapq
import itertools
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic
from typing import Any

import uvicorn
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError
from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from chassis.errors import OutageError
from chassis.kafka import GATHER_MAX_S
from chassis.wire import UnreadableError, read_envelope
from contracts.event import Event
from contracts.topics import LANES, topic_of
from ordermill.world.bank import Bank
from ordermill.world.behaviour import Behaviour
from ordermill.world.buyers import Buyers, Desk
from ordermill.world.carriers import Carriers
from ordermill.world.chance import Chance
from ordermill.world.floor import Floor
from ordermill.world.positions import Place, Positions
from ordermill.world.postbox import Postbox
from ordermill.world.provider import application
from ordermill.world.reply import Actor, Answer, Cause, Reply, Temper
from ordermill.world.speech import Speaker
from ordermill.world.suppliers import Suppliers

POLL_MS, RECORDS, TICK_S = 50, 2_000, 0.02
GROUP, REMEMBERED_S = "world", 2.0  # under which name, and how often, it writes down how far it has answered
TYPE = "ce_type"  # the header that tells what a record is about
HELD_BACK_DAYS = 2.0  # how long a message may be held back when the world is disorderly


class Settings(BaseSettings):
    """Where the world listens, and how it behaves."""

    model_config = SettingsConfigDict(env_prefix="WORLD_")

    kafka: str = Field(validation_alias="ORDERMILL_KAFKA", description="Kafka's bootstrap servers")
    host: str = Field("127.0.0.1", description="where the payment provider and the mail server listen")
    provider_port: int = Field(description="the payment provider's port")
    smtp_port: int = Field(description="the mail server's port")
    mailbox: Path = Field(description="the Maildir into which mails are put")
    seed: int = Field(1, description="the same seed answers the same orders alike")
    behaviour: str = Field("calm", description="calm, rough, or shares of what goes wrong: short_pick=0.02,lose=0.01")


class World:
    """Everybody outside, together."""

    def __init__(self, settings: Settings, temper: Temper | None = None) -> None:
        self._temper = temper or Temper(Chance(settings.seed), Behaviour.parse(settings.behaviour))
        self._settings = settings
        self._speaker = Speaker(settings.kafka)
        self._positions = Positions()
        self._waiting: list[tuple[float, int, Reply]] = []
        self._serial = itertools.count()
        self._stop = asyncio.Event()
        actors: list[Actor] = [kind(self._temper) for kind in (Floor, Carriers, Suppliers, Bank, Buyers, Desk)]
        self._hears: dict[bytes, tuple[type[Event], list[Answer]]] = {}
        for actor in actors:
            for event, answer in actor.hears.items():
                self._hears.setdefault(event.type.encode(), (event, []))[1].append(answer)
        self._topics = sorted({topic_of(event).name for event, _ in self._hears.values()})

    def stop(self) -> None:
        """Fall silent."""
        self._stop.set()

    async def run(self) -> None:
        """Answer until told to stop."""
        settings = self._settings
        post = Postbox(settings.mailbox)
        provider = uvicorn.Server(uvicorn.Config(
            application(self._temper, self._send), host=settings.host, port=settings.provider_port, log_level="warning",
        ))  # fmt: skip
        consumer = AIOKafkaConsumer(
            bootstrap_servers=settings.kafka, group_id=GROUP, auto_offset_reset="earliest", enable_auto_commit=False
        )
        await post.start(settings.host, settings.smtp_port)
        await self._speaker.start()
        await consumer.start()
        # All of it, without joining the group: who was killed a moment ago must not keep a share of it.
        consumer.assign([TopicPartition(topic, lane) for topic in self._topics for lane in range(LANES)])
        serving = asyncio.create_task(provider._serve())  # noqa: SLF001 (serve() takes the signals, which are not its own)
        tasks = [
            asyncio.create_task(work)
            for work in (self._listen(consumer), self._speak(), self._remember(consumer), self._stop.wait())
        ]
        await asyncio.wait([*tasks, serving], return_when=asyncio.FIRST_COMPLETED)
        provider.should_exit = True
        for task in tasks:
            task.cancel()
        results = await asyncio.gather(*tasks, serving, return_exceptions=True)
        await self._write_down(consumer)
        await consumer.stop()
        await self._speaker.stop()
        post.stop()
        for result in results:
            if isinstance(result, Exception):
                raise result

    async def _listen(self, consumer: AIOKafkaConsumer) -> None:
        while True:
            if self._is_late():
                await asyncio.sleep(TICK_S)
                continue
            polled = await consumer.getmany(timeout_ms=POLL_MS, max_records=RECORDS)
            began = monotonic()
            for records in polled.values():
                for record in records:
                    self._hear(record)
                await asyncio.sleep(0)
            await _gather(began)

    async def _remember(self, consumer: AIOKafkaConsumer) -> None:
        while True:
            await asyncio.sleep(REMEMBERED_S)
            await self._write_down(consumer)

    async def _write_down(self, consumer: AIOKafkaConsumer) -> None:
        """Keep with Kafka how far everything is answered."""
        offsets = {TopicPartition(*where): offset for where, offset in self._positions.answered().items()}
        with suppress(KafkaError):  # then it says a little more again
            if offsets:
                await consumer.commit(offsets)

    def _is_late(self) -> bool:
        """Whether so much is waiting to be said that nothing more should be heard for now."""
        return len(self._waiting) > RECORDS and self._waiting[0][0] <= monotonic()

    def _hear(self, record: Any) -> None:  # noqa: ANN401 (aiokafka has no types)
        place = Place(record.topic, record.partition, record.offset)
        replies = self._replies(record)
        self._positions.heard(place, len(replies))
        for after_s, event, _ in replies:
            self._send(Reply(after_s, event, place))

    def _replies(self, record: Any) -> list[Reply]:  # noqa: ANN401 (the same)
        heard = self._hears.get(next((value for name, value in record.headers if name == TYPE), b""))
        if heard is None or record.value is None:
            return []  # what most records are
        kind, answers = heard
        try:
            at = read_envelope(record.headers, record.timestamp).at
            cause = Cause(kind.decode(record.value), record.key.decode(), at)
        except (UnreadableError, ValidationError, UnicodeDecodeError):
            return []  # somebody else's rubbish: the service that it is for sets it aside
        return [reply for answer in answers for reply in answer(cause)]

    def _send(self, reply: Reply) -> None:
        now = monotonic()
        for after_s in self._manners(reply):
            heapq.heappush(self._waiting, (now + after_s, next(self._serial), reply))
            reply = reply._replace(place=None)

    def _manners(self, reply: Reply) -> Iterator[float]:
        """When a message is really sent: late when the world is disorderly, twice when it repeats itself."""
        chance, behaviour, identity = self._temper.chance, self._temper.behaviour, reply.event.identity()
        late = chance.happens(behaviour.disorder, "late", identity)
        yield reply.after_s + (self._temper.days(HELD_BACK_DAYS) if late else 0.0)
        if chance.happens(behaviour.duplicate, "twice", identity):
            yield reply.after_s + self._temper.days(HELD_BACK_DAYS) * chance.number("again", identity)

    async def _speak(self) -> None:
        while True:
            now, at = monotonic(), datetime.now(UTC)
            due: list[Reply] = []
            while len(due) < RECORDS and self._waiting and self._waiting[0][0] <= now:
                due.append(heapq.heappop(self._waiting)[2])
            while due:
                with suppress(OutageError):  # said again it is the same
                    await self._speaker.say([(reply.event, at) for reply in due])
                    for place in [reply.place for reply in due if reply.place]:
                        self._positions.said(place)
                    due = []
            await _gather(now)


async def _gather(began: float) -> None:
    """Rest as long as the last batch took, as the services do: the busier the machine, the more messages share one."""
    await asyncio.sleep(min(max(TICK_S, monotonic() - began), GATHER_MAX_S))

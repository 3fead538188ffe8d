"""`ordermill dead-letters`: the messages that no service could handle, and what an operator decides about each.

A decision is said on a topic, with who and why; the service that owns the message carries it out, in order, and tells
about it on its topic of dead letters, where the command line waits for its answer.
"""

from __future__ import annotations

import asyncio
import getpass
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Annotated, Any
from uuid import uuid4

from aiokafka.errors import KafkaError
from cyclopts import App, Parameter
from pydantic import ValidationError

from chassis import decisions
from chassis.errors import OutageError, OversizeError
from chassis.kafka import Publisher
from chassis.wire import read_envelope
from contracts.dead_letters import MessageDeadLettered, MessageResolved
from contracts.desk import DeadLetterDecided, Verdict
from contracts.masking import masked
from contracts.topic import Service
from contracts.topics import DEAD_LETTERS, event_class
from ordermill import stack
from ordermill.access import reading
from ordermill.broker import consuming, home_of, logs_of, messages, silent
from ordermill.errors import CommandError
from ordermill.options import Json
from ordermill.order.waiting import type_of
from ordermill.render import console, print_json, print_table
from ordermill.services import service_names

if TYPE_CHECKING:
    from chassis.postgres import Connection
    from chassis.wire import Record

SELECT = """
select id, topic, key, subject, value, headers, error, tries, since, verdict,
    (select count(*) from {0}.later as other where other.queue = letter.queue and other.id > letter.id) as behind
from {0}.later as letter
where reason = 'dead'
"""
ERROR_SHOWN = 100
# Services hear within a second; what fails again does so after 3 s; a service that starts takes ten.
ANSWER_LIMIT_S = 20.0

RESOLVED = {"retried": "taken up again", "edited": "taken up with its mended body", "discarded": "given up"}
LOOK_S = 0.1
Answer = MessageDeadLettered | MessageResolved

app = App(name="dead-letters", help="See the messages that no service could handle, and decide what becomes of each.")


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """One message that rests."""

    id: str
    type: str
    topic: str
    key: str
    subject: str
    error: str
    tries: int
    since: datetime
    # Messages of the same subject that wait for it.
    behind: int
    verdict: str | None
    value: bytes | None


@app.command(name="list")
def list_(*, service: str | None = None, as_json: Json = False) -> None:
    """List the messages that rest, oldest first.

    Args:
        service: Of this service only.
        as_json: Print them as JSON.
    """
    letters = asyncio.run(_find(service))
    if as_json:
        print_json([_about(letter) for letter in letters])
        return
    if not letters:
        print("No message rests.")
        return
    rows = [
        (each.id, each.type, each.subject, f"{each.since:%Y-%m-%d %H:%M:%S}", each.behind, each.error[:ERROR_SHOWN])
        for each in letters
    ]
    print_table(["id", "type", "subject", "since", "behind", "error"], rows, right=["behind"])
    print(f"Look at one with: ordermill dead-letters show {letters[0].id}")


@app.command
def show(name: str, /, *, raw: Annotated[bool, Parameter(negative="")] = False, as_json: Json = False) -> None:
    """Show one message that rests: why, and what it says. Personal data is masked.

    Args:
        name: Its id, as `dead-letters list` tells it: service/number.
        raw: Print the body alone, unmasked and as it came, to be mended in a file.
        as_json: Print it as JSON.
    """
    letter = asyncio.run(_one(name))
    if raw:
        print((letter.value or b"").decode(errors="replace"))
    elif as_json:
        print_json({**_about(letter), "body": _body(letter)})
    else:
        _print(letter)


@app.command
def retry(
    name: str,
    /,
    *,
    why: str,
    body: Path | None = None,
    actor: str = "",
    wait_s: float = ANSWER_LIMIT_S,
    as_json: Json = False,
) -> int:
    """Have a message tried again, as it is or with a mended body; what waits behind it follows in order.

    Exit code 1 if it rests again, or its service does not answer: the decision stands until it does.

    Args:
        name: Its id: service/number.
        why: What was mended, for those who look later.
        body: A file with the mended body (begin with `dead-letters show --raw`).
        actor: Who decides; the user's name if not given.
        wait_s: How long to wait for the service's answer.
        as_json: Print the outcome as JSON.
    """
    letter = asyncio.run(_one(name))
    mended = _mended(letter, body) if body else None
    decision = _decision(letter, "retry" if mended is None else "edit", why, actor, mended)
    return _tell(letter, asyncio.run(settle(stack.current().kafka, letter, decision, wait_s)), as_json=as_json)


@app.command
def discard(name: str, /, *, why: str, actor: str = "", wait_s: float = ANSWER_LIMIT_S, as_json: Json = False) -> int:
    """Give a message up: it will never take effect. What waits behind it goes on.

    Exit code 1 if it rests again, or its service does not answer: the decision stands until it does.

    Args:
        name: Its id: service/number.
        why: Why nothing is lost, for those who look later.
        actor: Who decides; the user's name if not given.
        wait_s: How long to wait for the service's answer.
        as_json: Print the outcome as JSON.
    """
    letter = asyncio.run(_one(name))
    decision = _decision(letter, "discard", why, actor, None)
    return _tell(letter, asyncio.run(settle(stack.current().kafka, letter, decision, wait_s)), as_json=as_json)


async def _find(service: str | None) -> list[DeadLetter]:
    known = service_names()
    if service is not None and service not in known:
        raise CommandError(f"there is no service {service}", f"name one of {', '.join(known)}")
    async with reading(stack.current()) as connection:
        found = [each for name in known if service in (None, name) for each in await _of(connection, name)]
    return sorted(found, key=lambda letter: letter.since)


async def _one(name: str) -> DeadLetter:
    service, _ = _parts(name)
    for letter in await _find(service):
        if letter.id == name:
            return letter
    raise _gone(name)


async def _of(connection: Connection, service: str) -> Sequence[DeadLetter]:
    rows = await connection.fetch(SELECT.format(service))
    return [
        DeadLetter(
            id=f"{service}/{row['id']}", type=type_of(row["headers"]), topic=row["topic"], key=row["key"],
            subject=row["subject"], error=row["error"] or "", tries=row["tries"], since=row["since"],
            behind=row["behind"], verdict=row["verdict"], value=row["value"],
        )
        for row in rows
    ]  # fmt: skip


def _parts(name: str) -> tuple[str, int]:
    service, _, number = name.partition("/")
    if service not in service_names() or not number.isdigit():
        raise CommandError(
            f"{name} is no id of a dead letter", "ids are service/number: see ordermill dead-letters list"
        )
    return service, int(number)


def _gone(name: str) -> CommandError:
    return CommandError(f"no dead letter has the id {name}", "see ordermill dead-letters list")


def _mended(letter: DeadLetter, body: Path) -> str:
    """The mended body, if it can be read now."""
    try:
        content = body.read_bytes()
        text = content.decode()
        event_class(letter.type).decode(content)
    except OSError as error:
        raise CommandError(f"{body} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise CommandError(f"{body} cannot be read: it is no UTF-8 from byte {error.start} on") from error
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(map(str, first["loc"]))
        raise CommandError(f"{body} is still no {letter.type}: {place}: {first['msg']}") from error
    except KeyError:  # private to the service, or a type that nobody declared: the service itself will tell
        _check_json(body, content)
    return text


def _check_json(body: Path, content: bytes) -> None:
    try:
        json.loads(content)
    except (ValueError, RecursionError) as error:
        raise CommandError(f"{body} is no JSON: {type(error).__name__}") from error


def _decision(letter: DeadLetter, verdict: Verdict, why: str, actor: str, body: str | None) -> DeadLetterDecided:
    if letter.verdict:
        raise CommandError(f"{letter.id} is being taken up: somebody decided to {letter.verdict} it")
    try:
        return DeadLetterDecided(
            decision_id=str(uuid4()), dead_letter_id=letter.id, service=letter.id.partition("/")[0], verdict=verdict,
            body=body, actor=actor or getpass.getuser(), why=why, decided_at=datetime.now(UTC),
        )  # fmt: skip
    except ValidationError as error:
        fault = error.errors(include_url=False)[0]
        raise CommandError(f"this cannot be said: {'.'.join(map(str, fault['loc']))}: {fault['msg']}") from error


async def settle(servers: str, letter: DeadLetter, decision: DeadLetterDecided, wait_s: float) -> Answer | None:
    """Say what was decided; returns what the service said of it, or None when it said nothing in time."""
    topic = DEAD_LETTERS[Service(decision.service)]
    async with consuming(servers) as consumer:
        place = home_of(topic, letter.key)
        ends = await logs_of(consumer, [place])
        await _say(servers, decision)
        deadline = monotonic() + wait_s
        while monotonic() < deadline:
            async for record in messages(consumer, [place], ends):
                if (answer := _read(record)).dead_letter_id == letter.id:
                    return answer
            await asyncio.sleep(LOOK_S)
    return None


async def _say(servers: str, decision: DeadLetterDecided) -> None:
    publisher = Publisher(servers, "ordermill-dead-letters")
    try:
        await publisher.start()
        await decisions.publish(publisher, decision)
    except OversizeError as error:
        raise CommandError(f"the mended body is too large to be said: {error}") from error
    except (KafkaError, OutageError) as error:
        raise silent(servers) from error
    finally:
        await publisher.stop()


def _read(record: Record) -> Answer:
    kind = event_class(read_envelope(record.headers, record.timestamp).type)
    answer = kind.decode(record.value or b"")
    assert isinstance(answer, Answer)
    return answer


def _tell(letter: DeadLetter, answer: Answer | None, *, as_json: bool) -> int:
    """Print what became of it; the exit code."""
    service = letter.id.partition("/")[0]
    if answer is None:
        outcome = "unanswered"
        told = (
            f"{service} has not answered. The decision stands: it is carried out when {service} comes to it. "
            f"Look with: ordermill dead-letters show {letter.id}, ordermill lag"
        )
    elif isinstance(answer, MessageResolved):
        outcome, told = answer.resolution, f"{letter.id} is {RESOLVED[answer.resolution]}."
    else:
        outcome, told = "rests", f"{letter.id} could not be handled and rests again: {answer.error}"
    if as_json:
        print_json({"id": letter.id, "outcome": outcome, "error": getattr(answer, "error", None)})
    else:
        print(told)
    return 0 if isinstance(answer, MessageResolved) else 1


def _about(letter: DeadLetter) -> dict[str, Any]:
    about = asdict(letter)
    del about["value"]
    return about


def _body(letter: DeadLetter) -> object:
    """What it says, masked; a body that nobody can read is not shown, because nobody knows what is personal in it."""
    try:
        return masked(event_class(letter.type).decode(letter.value or b""))
    except (ValidationError, KeyError):
        return None


def _print(letter: DeadLetter) -> None:
    for label, value in _about(letter).items():
        if value is not None:
            print(f"{label:<9}{value}")
    body = _body(letter)
    if body is None:
        print("body     cannot be read as its type; see it as it came with --raw")
    else:
        console().print_json(json.dumps(body, ensure_ascii=False))
    print(f"Try it again:  ordermill dead-letters retry {letter.id} --why '…' [--body mended.json]")
    print(f"Give it up:    ordermill dead-letters discard {letter.id} --why '…'")

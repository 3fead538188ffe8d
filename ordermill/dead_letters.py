"""`ordermill dead-letters`: the messages that no service could handle, and what an operator decides about each.

A decision is written beside the message, with who and why; the service that owns it carries it out, in order, and tells
about it on its topic of dead letters.
"""

from __future__ import annotations

import asyncio
import getpass
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import App, Parameter
from pydantic import ValidationError

from contracts.topics import event_class
from ordermill import stack
from ordermill.access import deciding, reading
from ordermill.errors import CommandError
from ordermill.order.masking import masked
from ordermill.order.waiting import type_of
from ordermill.render import console, print_json, print_table
from ordermill.services import service_names
from ordermill.serving import Json

if TYPE_CHECKING:
    from chassis.postgres import Connection

SELECT = """
select id, topic, key, subject, value, headers, error, tries, since, verdict,
    (select count(*) from {0}.later as other where other.queue = letter.queue and other.id > letter.id) as behind
from {0}.later as letter
where reason = 'dead'
"""
DECIDE = """
update {0}.later
set verdict = $2, actor = $3, why = $4, due = now(), tries = 0, value = coalesce($5, value)
where id = $1 and reason = 'dead'
"""
ERROR_SHOWN = 100

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
def retry(name: str, /, *, why: str, body: Path | None = None, actor: str = "", as_json: Json = False) -> None:
    """Have a message tried again, as it is or with a mended body; what waits behind it follows in order.

    Args:
        name: Its id: service/number.
        why: What was mended, for those who look later.
        body: A file with the mended body (begin with `dead-letters show --raw`).
        actor: Who decides; the user's name if not given.
        as_json: Print the outcome as JSON.
    """
    mended = _mended(name, body) if body else None
    _decide(name, "retry", why, actor, mended)
    _tell(name, "will be tried again", as_json=as_json)


@app.command
def discard(name: str, /, *, why: str, actor: str = "", as_json: Json = False) -> None:
    """Give a message up: it will never take effect. What waits behind it goes on.

    Args:
        name: Its id: service/number.
        why: Why nothing is lost, for those who look later.
        actor: Who decides; the user's name if not given.
        as_json: Print the outcome as JSON.
    """
    _decide(name, "discard", why, actor, None)
    _tell(name, "is given up", as_json=as_json)


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


def _mended(name: str, body: Path) -> bytes:
    """The mended body, if it can be read now."""
    letter = asyncio.run(_one(name))
    try:
        content = body.read_bytes()
        event_class(letter.type).decode(content)
    except OSError as error:
        raise CommandError(f"{body} cannot be read: {error.strerror}") from error
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(map(str, first["loc"]))
        raise CommandError(f"{body} is still no {letter.type}: {place}: {first['msg']}") from error
    except KeyError:  # private to the service, or a type that nobody declared: the service itself will tell
        _check_json(body, content)
    return content


def _check_json(body: Path, content: bytes) -> None:
    try:
        json.loads(content)
    except (ValueError, RecursionError) as error:
        raise CommandError(f"{body} is no JSON: {type(error).__name__}") from error


def _decide(name: str, verdict: str, why: str, actor: str, body: bytes | None) -> None:
    service, number = _parts(name)

    async def write() -> str:
        async with deciding(stack.current()) as connection:
            who = actor or getpass.getuser()
            return await connection.execute(DECIDE.format(service), number, verdict, who, why, body)

    if asyncio.run(write()) != "UPDATE 1":
        raise _gone(name)


def _tell(name: str, what: str, *, as_json: bool) -> None:
    if as_json:
        print_json({"id": name, "outcome": what})
    else:
        print(f"{name} {what}.")


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

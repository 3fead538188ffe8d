"""Dead letters: in piles of one reason, one by one, and what is parked behind each."""

from collections.abc import Collection
from datetime import UTC, datetime
from typing import Final

from services.console.core.letters import Letter, Pile
from services.console.core.paging import Paged, cut, moment_after
from services.console.core.story import Pointer
from services.console.store.sql import SQL, Source

_BEGIN: Final = datetime(1970, 1, 1, tzinfo=UTC)


async def piles(source: Source) -> list[Pile]:
    """Give the letters that rest, by service, reason, type and error; the oldest pile first."""
    return [Pile(**row) for row in await source.fetch(SQL.piles)]


async def letters(
    source: Source, pile: Pile | None = None, *, is_resting: bool = True, after: str | None = None, limit: int = 50
) -> Paged[Letter]:
    """Give the letters of a pile, or all, oldest first: those that rest, or those that were settled."""
    after_at, after_id = moment_after(after) if after else (_BEGIN, "")
    rows = await source.fetch(
        SQL.letters,
        is_resting=is_resting,
        service=pile.service if pile else None,
        reason=pile.reason if pile else None,
        message_type=pile.message_type if pile else None,
        error=pile.error if pile else None,
        after=after_at,
        after_id=after_id,
        limit=limit + 1,
    )
    return cut([Letter(**row) for row in rows], limit, lambda letter: (letter.dead_at, letter.dead_letter_id))


async def letter(source: Source, dead_letter_id: str) -> Letter | None:
    """Give one letter, resting or settled."""
    rows = await source.fetch(SQL.letter, dead_letter_id=dead_letter_id)
    return Letter(**rows[0]) if rows else None


async def letters_about(source: Source, keys: Collection[str]) -> list[Letter]:
    """Give the letters whose message had one of these keys."""
    return [Letter(**row) for row in await source.fetch(SQL.letters_about, keys=list(keys))]


async def parked_behind(source: Source, letter: Letter, limit: int = 100) -> list[Pointer]:
    """Give the later records of a letter's topic and key: they wait for it while it rests."""
    if letter.position is None:
        return []
    rows = await source.fetch(
        SQL.parked_behind, key=letter.key, topic=letter.topic, position=letter.position, limit=limit
    )
    return [Pointer(**row) for row in rows]
